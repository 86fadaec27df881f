//! The witness of a violation as a table: who asked what, when, of which node, and what came back.

use crate::lab::run::Ran;
use avouch_check::picture::{Page, escaped};
use avouch_check::report::Story;

/// An action and its answer.
pub(super) fn said(action: &str, answer: &str) -> String {
    format!("{} -> {}", action.trim(), answer.trim())
}

pub(super) fn witness(page: &mut Page, ran: &Ran, story: &Story) {
    page.line(format_args!(
        "<section><h2>The witness</h2><p>{}:</p>",
        escaped(&capital(&story.title))
    ));
    page.line("<table><thead><tr><th></th><th class=\"number\">asked</th><th class=\"number\">answered</th><th>client</th><th>node</th><th>guarantee</th><th>call</th></tr></thead><tbody>");
    for (line, number) in story.lines.iter().zip(1..) {
        let at = |record: Option<avouch_check::history::Record>| {
            record
                .and_then(|record| record.time)
                .map_or("never".to_owned(), |time| time.to_string())
        };
        let node =
            ran.findings.told.get(&line.call).map_or("-".to_owned(), |by| by.node.to_string());
        page.line(format_args!(
            "<tr><th>{number}</th><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td><td>{node}</td><td>{}</td>\
             <td><code>{}</code></td></tr>",
            at(Some(line.began)),
            at(line.ended),
            line.process.map_or("-".to_owned(), |process| process.to_string()),
            escaped(&line.guarantee),
            escaped(&said(&line.action, &line.answer))
        ));
    }
    page.line("</tbody></table><ul>");
    for conclusion in &story.conclusion {
        page.line(format_args!("<li>{}</li>", escaped(conclusion.trim())));
    }
    page.line("</ul></section>");
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

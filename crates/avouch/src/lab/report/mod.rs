//! One self-contained report of a run, as a person wants to read it: the verdict first, then what
//! shows it. No script, no font, no picture from elsewhere; light or dark as the reader's screen.
//!
//! ```text
//!   verdict, in a sentence       every judge's word        repro, shrunk
//!   map: where nodes and clients are, what the links take
//!   timeline: what each call took, over the faults and what the nodes went through
//!   witness (where refuted)      messages around it
//!   tables: guarantees, nodes
//! ```

mod chart;
mod diagram;
mod map;
mod style;
mod tables;
mod timeline;

pub use diagram::{diagram, standalone};

use super::page::Page;
use super::plot::escaped;
use super::run::Ran;
use super::scenario::Scenario;
use avouch_promise::Nanos;
use avouch_promise::evidence::Verdict;

/// What a report says besides the run.
pub struct Beside<'a> {
    /// The command that does the same.
    pub repro: &'a str,
    /// What was made of a failing run, in a sentence.
    pub shrunk: Option<String>,
    /// The stretch that the diagram shows.
    pub stretch: (Nanos, Nanos),
}

/// The report.
pub fn report(scenario: &Scenario, ran: &Ran, beside: &Beside<'_>) -> String {
    let mut page = Page::new();
    let (name, verdict) = (escaped(&scenario.name), ran.verdict());
    page.line("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    page.line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    page.line(format_args!("<title>{verdict}: {name}, seed {}</title>", ran.seed));
    page.line(format_args!("<style>{}</style></head><body><main>", style::STYLE));
    head(&mut page, scenario, ran, beside);
    section(&mut page, "Where", &map::map(scenario, ran), map::CAPTION);
    section(
        &mut page,
        "What each call took",
        &timeline::timeline(scenario, ran),
        timeline::CAPTION,
    );
    if let Some(story) = &ran.story {
        witness(&mut page, &story.to_string());
    }
    let (from, until) = beside.stretch;
    let caption = format!("Messages between nodes from {from} to {until}. {}", diagram::CAPTION);
    section(&mut page, "Who told whom", &diagram(scenario, ran, beside.stretch), &caption);
    tables::tables(&mut page, ran);
    faults(&mut page, ran);
    page.line("</main></body></html>");
    page.into_string()
}

fn section(page: &mut Page, title: &str, figure: &str, caption: &str) {
    page.line(format_args!("<section><h2>{title}</h2><figure>{figure}"));
    page.line(format_args!("<figcaption>{}</figcaption></figure></section>", escaped(caption)));
}

/// The verdict in a sentence.
fn sentence(scenario: &Scenario, ran: &Ran) -> String {
    let all = ran.measured.all();
    match (ran.first_against(), ran.verdict()) {
        (None, _) if scenario.expect.verdict == Verdict::Refuted => {
            "every promise was kept: the planted bug was not caught with this seed".to_owned()
        }
        (None, _) => format!(
            "every promise was kept through {} faults; {} of {} calls were answered",
            ran.script.len(),
            all.took.len(),
            all.asked
        ),
        (Some(against), verdict) => {
            let planted = match scenario.cluster.plant.filter(|_| verdict == Verdict::Refuted) {
                Some(plant) => format!("the planted {} was caught: ", plant.name()),
                None => String::new(),
            };
            let word = if verdict == Verdict::Refuted { "refuted" } else { "undecided" };
            format!("{planted}{word} by {}: {}", against.judge, against.text)
        }
    }
}

fn head(page: &mut Page, scenario: &Scenario, ran: &Ran, beside: &Beside<'_>) {
    let verdict = ran.verdict();
    page.line(format_args!("<header class=\"{verdict}\"><p class=\"word\">{verdict}</p>"));
    page.line(format_args!("<h1>{}</h1>", escaped(&scenario.name)));
    page.line(format_args!("<p class=\"summary\">{}</p>", escaped(&scenario.summary)));
    page.line(format_args!(
        "<p class=\"sentence\">{}.</p></header>",
        escaped(&sentence(scenario, ran))
    ));
    page.line("<section class=\"judges\"><table><tbody>");
    for judged in &ran.judged {
        let (word, judge) = (judged.verdict, judged.judge);
        page.line(format_args!(
            "<tr><td><span class=\"pill {word}\">{word}</span></td><th>{judge}</th><td>{}</td></tr>",
            escaped(&judged.text)
        ));
    }
    page.line("</tbody></table>");
    page.line(format_args!("<p>repro: <code>{}</code></p>", escaped(beside.repro)));
    if let Some(shrunk) = &beside.shrunk {
        page.line(format_args!("<p>{}</p>", escaped(shrunk)));
    }
    page.line(format_args!(
        "<p class=\"faint\">seed {}, {} of virtual time, {} events, trace hash <code>{}</code>; beside this file: \
         run.history (<code>avouch check</code>), run.evidence with trust.json (<code>avouch verify</code>), \
         metrics.json, metrics.prom, scenario.toml</p></section>",
        ran.seed,
        ran.ended,
        ran.counters.of(avouch_world::Count::Events),
        ran.hash
    ));
}

fn witness(page: &mut Page, story: &str) {
    page.line("<section><h2>The witness</h2><p>No order of these calls keeps the promise:</p>");
    page.line(format_args!("<pre>{}</pre></section>", escaped(story)));
}

/// More faults than this are left to the scenario's file.
const FAULTS_MAX: usize = 60;

fn faults(page: &mut Page, ran: &Ran) {
    page.line(format_args!("<section><h2>{} faults</h2>", ran.script.len()));
    page.line("<table><thead><tr><th>at</th><th>fault</th><th></th></tr></thead><tbody>");
    for (at, fault) in ran.script.iter().take(FAULTS_MAX) {
        let (word, members) = super::scenario::words::speak(fault);
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| format!("{key} {}", value.replace('"', "")))
            .collect();
        page.line(format_args!(
            "<tr><td class=\"number\">{at}</td><th>{word}</th><td>{}</td></tr>",
            escaped(&members.join(", "))
        ));
    }
    page.line("</tbody></table>");
    if ran.script.len() > FAULTS_MAX {
        page.line("<p class=\"faint\">and more, in scenario.toml</p>");
    }
    page.line("</section>");
}

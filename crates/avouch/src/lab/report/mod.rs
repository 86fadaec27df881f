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
mod globe;
mod land;
mod map;
mod spell;
mod tables;
#[cfg(test)]
mod tests;
mod timeline;
mod witness;

pub use diagram::{diagram, standalone};

use self::spell::spells;
use super::run::Ran;
use super::scenario::Scenario;
use crate::quantity::counted;
use avouch_check::picture::{Page, escaped};
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
    page.line(format_args!("<style>{}</style></head><body><main>", avouch_check::picture::STYLE));
    head(&mut page, scenario, ran, beside);
    let (map, caption) = map::map(scenario, ran);
    section(&mut page, "Where", &map, &caption);
    section(
        &mut page,
        "What each call took",
        &timeline::timeline(scenario, ran),
        timeline::CAPTION,
    );
    if let Some(story) = &ran.story {
        witness::witness(&mut page, ran, story);
    }
    let (from, until) = beside.stretch;
    let caption = format!("Messages between nodes from {from} to {until}. {}", diagram::CAPTION);
    section(&mut page, "Who told whom", &diagram(scenario, ran, beside.stretch), &caption);
    tables::tables(&mut page, ran);
    faults(&mut page, scenario, ran);
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
            "every promise was kept through {}; {} of {} calls were answered",
            counted(spells(scenario, ran).len(), "fault"),
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
    figures(page, scenario, ran);
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

/// More faults than this are left to the scenario's file.
const FAULTS_MAX: usize = 60;

fn faults(page: &mut Page, scenario: &Scenario, ran: &Ran) {
    let spells = spells(scenario, ran);
    page.line(format_args!("<section><h2>{}</h2>", counted(spells.len(), "fault")));
    if !spells.is_empty() {
        page.line("<table><thead><tr><th class=\"number\">from</th><th class=\"number\">until</th><th>fault</th><th>whom</th><th>how</th></tr></thead><tbody>");
        for spell in spells.iter().take(FAULTS_MAX) {
            let until = spell.until.map_or("a moment".to_owned(), |until| until.to_string());
            page.line(format_args!(
                "<tr><td class=\"number\">{}</td><td class=\"number\">{until}</td><th>{}</th><td>{}</td><td>{}</td></tr>",
                spell.from,
                spell.word,
                escaped(&spell.whom),
                escaped(&spell.how)
            ));
        }
        page.line("</tbody></table>");
    }
    if spells.len() > FAULTS_MAX {
        let more = spells.len() - FAULTS_MAX;
        page.line(format_args!("<p class=\"faint\">and {more} more, in scenario.toml</p>"));
    }
    page.line("</section>");
}

/// The run in a few figures.
fn figures(page: &mut Page, scenario: &Scenario, ran: &Ran) {
    let all = ran.measured.all();
    let [p50, _, p99, _] = all.quantiles().map(tables::span);
    page.line("<dl class=\"figures\">");
    for (name, value) in [
        ("answered", format!("{:.1} %", all.answered() * 100.0)),
        ("calls", all.asked.to_string()),
        ("p50", p50),
        ("p99", p99),
        ("faults", spells(scenario, ran).len().to_string()),
        ("virtual time", tables::span(Some(ran.ended))),
    ] {
        page.line(format_args!("<div><dt>{name}</dt><dd>{value}</dd></div>"));
    }
    page.line("</dl>");
}

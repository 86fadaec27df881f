//! The figures of a run, by guarantee and by node.

use crate::lab::measure::seconds;
use crate::lab::run::Ran;
use crate::quantile::nearest_rank;
use avouch_check::picture::{Page, escaped};
use avouch_promise::Nanos;

/// A span for the eye; a dash where there is none.
pub(super) fn span(span: Option<Nanos>) -> String {
    match span {
        None => "-".to_owned(),
        Some(Nanos::ZERO) => "0 ms".to_owned(),
        Some(span) if span < Nanos::from_micros(50) => "< 0.1 ms".to_owned(),
        Some(span) if span >= Nanos::from_secs(1) => format!("{:.2} s", seconds(span)),
        Some(span) => format!("{:.1} ms", seconds(span) * 1e3),
    }
}

fn row(page: &mut Page, name: &str, cells: &[String]) {
    page.add(format_args!("<tr><th>{}</th>", escaped(name)));
    for cell in cells {
        page.add(format_args!("<td class=\"number\">{}</td>", escaped(cell)));
    }
    page.line("</tr>");
}

fn heads(page: &mut Page, names: &[&str]) {
    page.add("<table><thead><tr>");
    for (place, name) in names.iter().enumerate() {
        let class = if place == 0 { "" } else { " class=\"number\"" };
        page.add(format_args!("<th{class}>{name}</th>"));
    }
    page.line("</tr></thead><tbody>");
}

pub(super) fn tables(page: &mut Page, ran: &Ran) {
    let measured = &ran.measured;
    page.line("<section><h2>By guarantee</h2>");
    heads(page, &["guarantee", "asked", "answered", "p50", "p95", "p99", "p999"]);
    for ((guarantee, write), requests) in &measured.requests {
        let kind = if *write { "writes" } else { "reads" };
        let [p50, p95, p99, p999] = requests.quantiles().map(span);
        let answered = format!("{:.1} %", requests.answered() * 100.0);
        let asked = requests.asked.to_string();
        row(page, &format!("{guarantee} {kind}"), &[asked, answered, p50, p95, p99, p999]);
    }
    page.line("</tbody></table>");
    let (met, asked) = measured.conflicts;
    page.line(format_args!(
        "<p class=\"faint\">{met} of {asked} compare-and-swaps met another value. Closed-timestamp age: not served in this version.</p></section>"
    ));
    page.line("<section><h2>By node</h2>");
    heads(
        page,
        &[
            "node",
            "disk (rho)",
            "uplink",
            "processor",
            "lag p50",
            "lag p99",
            "lag p999",
            "entries p99",
        ],
    );
    for (node, rho) in &measured.utilisation {
        let lag = measured.lag.get(node).map_or(&[][..], Vec::as_slice);
        let entries = measured.lag_entries.get(node).map_or(&[][..], Vec::as_slice);
        let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|share| span(nearest_rank(lag, share)));
        let entries = nearest_rank(entries, 0.99).unwrap_or(0).to_string();
        let [disk, uplink, processor] = rho.map(|rho| format!("{:.1} %", rho * 100.0));
        row(page, node, &[disk, uplink, processor, p50, p99, p999, entries]);
    }
    page.line("</tbody></table>");
    page.line(format_args!(
        "<p class=\"faint\">{} entries were decided. Rho: the share of time in which it was busy; an uplink is where bandwidth is limited, a processor where steps cost time. Lag: for how long the first entry that a node has not applied had been decided elsewhere.</p></section>",
        measured.decided
    ));
}

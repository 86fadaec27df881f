//! The comparison as people and programs read it.

use super::heartbeats::heartbeat_bytes;
use super::options::Options;
use super::{Findings, bounds, compared, dial, heartbeats};
use crate::lab::plot::{Axis, Line, Plot};
use avouch_check::picture::escaped;
use avouch_promise::Nanos;
use avouch_store::campaign::Plan;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// The comparison for people.
pub(super) fn text(options: &Options, findings: &[Findings], dial: &[dial::Row]) -> String {
    let each: Vec<_> = findings.iter().map(|one| series(options, one)).collect();
    format!("{}\n{}", each.join("\n"), promises(dial))
}

/// The shipped log under each promise.
fn promises(dial: &[dial::Row]) -> String {
    let period = Plan::election();
    let mut out = format!(
        "the shipped log, election period {period}, on a simulated network that promises\n  {:54} \
         {:>6} {:>14} {:>12} {:>12} {:>6}\n",
        "a bound of", "seeds", "decided before", "goes on in", "at most", "stuck"
    );
    for dial::Row { name, seeds, before: (fewest, most), resumed, stuck } in dial {
        let (before, median) = (format!("{fewest} to {most}"), resumed.0.to_string());
        let longest = resumed.1.to_string();
        let _ = writeln!(
            out,
            "  {name:54} {seeds:>6} {before:>14} {median:>12} {longest:>12} {stuck:>6}"
        );
    }
    out.push_str("A bound that no period was set for can leave it stuck; one after GST cannot.\n");
    out
}

fn series(options: &Options, one: &Findings) -> String {
    let mut out = format!("{}\n{}\n\n", one.trips.name, one.trips.source);
    let _ = writeln!(
        out,
        "assumed bound on a round trip   {:>10} {:>10} {:>10} {:>12} {:>6}",
        "bound", "broken", "of", "by at most", "lost"
    );
    for row in &one.bounds {
        let bounds::Row { name, bound, judged, broken, worst, lost } = row;
        let (bound, worst) = (bound.to_string(), worst.to_string());
        let _ = writeln!(
            out,
            "  {name:29} {bound:>10} {broken:>10} {judged:>10} {worst:>12} {lost:>6}"
        );
    }
    let _ = writeln!(
        out,
        "\nheartbeat rate, Chen's detector with margin {0}, and with one lost heartbeat forgiven; \
         {1} nodes, all to all, {2} bytes each\n  {3:>8} {4:>12} {5:>12} {6:>11} {4:>14} {6:>11} \
         {7:>11} {8:>12}",
        heartbeats::margin(&one.trips),
        options.nodes,
        heartbeat_bytes(),
        "every",
        "found in",
        "at most",
        "mistakes/h",
        "messages/s",
        "bytes/s"
    );
    for row in &one.heartbeats {
        let _ = writeln!(
            out,
            "  {:>8} {:>12} {:>12} {:>11.2} {:>14} {:>11.2} {:>11.0} {:>12.0}",
            row.interval.to_string(),
            row.strict.detection.0.to_string(),
            row.strict.detection.1.to_string(),
            row.strict.mistakes_an_hour,
            row.forgiving.detection.0.to_string(),
            row.forgiving.mistakes_an_hour,
            row.messages_hz,
            row.bytes_hz
        );
    }
    detectors(options, one, &mut out);
    out
}

fn detectors(options: &Options, one: &Findings, out: &mut String) {
    let _ = writeln!(
        out,
        "\ndetectors on the same {} heartbeats, one every {}\n  {:28} {:>12} {:>12} {:>9} {:>12} \
         {:>12} {:>10}",
        options.heartbeats,
        options.interval(),
        "",
        "found in",
        "at most",
        "mistakes",
        "apart",
        "lasting",
        "accuracy"
    );
    for compared::Row { name, detection, quality } in &one.detectors {
        let span = |span: Option<Nanos>| span.map_or("-".to_owned(), |span| span.to_string());
        let _ = writeln!(
            out,
            "  {name:28} {:>12} {:>12} {:>9} {:>12} {:>12} {:>9.4}%",
            detection.0.to_string(),
            detection.1.to_string(),
            quality.mistakes,
            span(quality.mistake_recurrence()),
            span(quality.mistake_duration()),
            quality.query_accuracy() * 100.0
        );
    }
}

/// The comparison for programs.
pub(super) fn json(options: &Options, findings: &[Findings], dial: &[dial::Row]) -> Value {
    let promises: Vec<_> = dial
        .iter()
        .map(|row| {
            json!({
                "bound": row.name, "seeds": row.seeds, "decided_before_min": row.before.0,
                "decided_before_max": row.before.1, "resumed_median_ns": row.resumed.0.0,
                "resumed_max_ns": row.resumed.1.0, "stuck": row.stuck,
            })
        })
        .collect();
    let each: Vec<_> = findings.iter().map(one_json).collect();
    json!({
        "seed": options.seed(),
        "interval_ns": options.interval().0,
        "heartbeats": options.heartbeats,
        "heartbeat_bytes": heartbeat_bytes(),
        "nodes": options.nodes,
        "series": each,
        "log_under_promises": promises,
    })
}

fn one_json(one: &Findings) -> Value {
    let bounds: Vec<_> = one
        .bounds
        .iter()
        .map(|row| {
            json!({
                "name": row.name, "bound_ns": row.bound.0, "judged": row.judged,
                "broken": row.broken, "worst_ns": row.worst.0, "lost": row.lost,
            })
        })
        .collect();
    let rates: Vec<_> = one
        .heartbeats
        .iter()
        .map(|row| {
            let worth = |worth: &heartbeats::Worth| {
                json!({
                    "detection_mean_ns": worth.detection.0.0,
                    "detection_max_ns": worth.detection.1.0, "mistakes": worth.mistakes,
                    "mistakes_an_hour": worth.mistakes_an_hour,
                })
            };
            json!({
                "interval_ns": row.interval.0, "strict": worth(&row.strict),
                "forgiving": worth(&row.forgiving), "messages_hz": row.messages_hz,
                "bytes_hz": row.bytes_hz,
            })
        })
        .collect();
    let detectors: Vec<_> = one
        .detectors
        .iter()
        .map(|row| {
            json!({
                "name": row.name, "detection_mean_ns": row.detection.0.0,
                "detection_max_ns": row.detection.1.0, "mistakes": row.quality.mistakes,
                "mistake_recurrence_ns": row.quality.mistake_recurrence().map(|span| span.0),
                "mistake_duration_ns": row.quality.mistake_duration().map(|span| span.0),
                "query_accuracy": row.quality.query_accuracy(),
            })
        })
        .collect();
    json!({
        "name": one.trips.name, "source": one.trips.source, "bounds": bounds,
        "heartbeat_rates": rates, "detectors": detectors,
    })
}

/// The comparison as one page.
pub(super) fn html(options: &Options, findings: &[Findings], dial: &[dial::Row]) -> String {
    let mut out = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>What may be assumed of time</title><style>body{font-family:sans-serif;max-width:64em;\
         margin:2em auto;padding:0 1em}pre{overflow-x:auto}svg{max-width:48em;display:block}</style>\
         <h1>What may be assumed of time</h1>\n",
    );
    for one in findings {
        let _ = writeln!(
            out,
            "<h2>{}</h2>\n{}\n<pre>{}</pre>",
            escaped(&one.trips.name),
            plot(one).svg(),
            escaped(&series(options, one))
        );
    }
    let _ = writeln!(out, "<h2>The log</h2>\n<pre>{}</pre>", escaped(&promises(dial)));
    out.push_str("</html>\n");
    out
}

/// Mistakes against detection time: further down and further left is better.
fn plot(one: &Findings) -> Plot {
    let line = |curve: &compared::Curve| Line {
        name: curve.name.clone(),
        points: curve.points.clone(),
        steps: false,
    };
    Plot {
        title: "Mistakes against detection time; none at all is not drawn".to_owned(),
        x: Axis::logarithmic("mean detection time, s"),
        y: Axis::logarithmic("mistakes an hour"),
        lines: one.curves.iter().map(line).collect(),
        marks: Vec::new(),
    }
}

//! `plan rtt --all`: what the whole table of measured round trips shows.

use super::thousands;
use crate::screen::{Format, Screen};
use avouch_promise::Nanos;
use avouch_world::geography::summary::{ClassCount, Detour};
use avouch_world::geography::{Region, RoundTrip, Summary};
use serde_json::{Value, json};

pub(super) fn show(summary: &Summary, screen: &mut Screen) {
    match screen.format {
        Format::Json => screen.line(&to_json(summary).to_string()),
        Format::Text => text(summary, screen),
    }
}

fn text(summary: &Summary, screen: &mut Screen) {
    let [least, median, most] = summary.stretch;
    screen.line(&format!(
        "median path stretch {median:.2} times the fibre floor, over {} ordered pairs of {} AWS regions",
        thousands(summary.pairs as u64),
        Region::COUNT
    ));
    let mut line = |name: &str, text: String| screen.line(&format!("  {name:20} {text}"));
    line("stretch", format!("from {least:.2} to {most:.2}"));
    let faster = summary.detours.len();
    let best = match summary.detours.first() {
        Some(Detour { from, to, via, gain }) => {
            format!(", up to {gain:.2} times: {from} to {to} through {via}")
        }
        None => String::new(),
    };
    line(
        "triangle violations",
        format!("{faster} ordered pairs are at least 5 % faster through a third region{best}"),
    );
    let (one, other, apart) = summary.drift;
    line(
        "measurement drift",
        format!(
            "the two entries of a pair differ by up to {apart} ({one}, {other}): a ping takes both ways, so the measurements differ, not the ways"
        ),
    );
    let (zone, zones) = (RoundTrip::SAME_ZONE, RoundTrip::BETWEEN_ZONES);
    line(
        "diagonal replaced",
        format!("same zone about {}, between zones {} to {}", zone.p50, zones.p50, zones.p90),
    );
    screen.line(&format!(
        "  {:17} {:>5}  {:>10}  {:>5} {:>6} {:>5}  shortest and longest median",
        "class", "pairs", "commonly", "below", "within", "above"
    ));
    for class in &summary.classes {
        screen.line(&class_line(class));
    }
}

fn ends((one, other, trip): (Region, Region, Nanos)) -> String {
    if one == other { format!("{trip}") } else { format!("{trip} ({one}, {other})") }
}

fn class_line(count: &ClassCount) -> String {
    let ms = |span: Nanos| span.0 / 1_000_000;
    let band = count.class.band();
    let band_text =
        band.map_or("-".to_owned(), |(low, high)| format!("{}-{} ms", ms(low), ms(high)));
    let judged = |number: usize| if band.is_some() { number.to_string() } else { "-".to_owned() };
    format!(
        "  {:17} {:>5}  {band_text:>10}  {:>5} {:>6} {:>5}  {}; {}",
        count.class.name(),
        count.pairs,
        judged(count.below),
        judged(count.within),
        judged(count.above),
        ends(count.shortest),
        ends(count.longest)
    )
}

fn to_json(summary: &Summary) -> Value {
    let [least, median, most] = summary.stretch;
    let detours: Vec<Value> = summary
        .detours
        .iter()
        .map(|detour| {
            json!({ "from": detour.from.name(), "to": detour.to.name(),
                    "via": detour.via.name(), "gain": detour.gain })
        })
        .collect();
    let trip = |(one, other, trip): (Region, Region, Nanos)| json!({ "regions": [one.name(), other.name()], "p50_ns": trip.0 });
    let classes: Vec<Value> = summary
        .classes
        .iter()
        .map(|count| {
            json!({ "class": count.class.name(), "pairs": count.pairs,
                    "band_ns": count.class.band().map(|(low, high)| [low.0, high.0]),
                    "below": count.below, "within": count.within, "above": count.above,
                    "shortest": trip(count.shortest), "longest": trip(count.longest) })
        })
        .collect();
    let (one, other, apart) = summary.drift;
    json!({
        "pairs": summary.pairs,
        "stretch": { "least": least, "median": median, "most": most },
        "triangle_violations": detours,
        "measurement_drift": { "regions": [one.name(), other.name()], "most_ns": apart.0 },
        "diagonal": { "same_zone_ns": RoundTrip::SAME_ZONE.p50.0,
                      "between_zones_ns": [RoundTrip::BETWEEN_ZONES.p50.0,
                                           RoundTrip::BETWEEN_ZONES.p90.0] },
        "classes": classes,
    })
}

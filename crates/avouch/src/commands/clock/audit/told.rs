//! How the finding is told: the verdict first, then what it rests on, then every source.

use super::Wish;
use super::claims::Claim;
use super::finding::{Ahead, Finding, Judged, SourceFinding};
use crate::screen::{Format, Screen};
use avouch_promise::Nanos;
use avouch_promise::evidence::Verdict as Word;
use avouch_store::clock::address::Place;
use avouch_time::calendar;
use avouch_time::detect::host::Told;
use avouch_time::interval::{Class, Reason};
use serde_json::{Value, json};

/// What is said beside chrony's claim.
const WARNING: &str = "likely and no bound: chronyd takes a step of the oscillator's rate for noise (docs/interval-clock.md)";

/// In the shape that is wished for.
pub(super) fn tell(wish: &Wish, finding: &Finding, screen: &mut Screen) {
    match screen.format {
        Format::Json => screen.line(&json(wish, finding).to_string()),
        Format::Text => {
            for line in text(wish, finding, screen) {
                screen.line(&line);
            }
        }
    }
}

/// For people, line by line.
pub(super) fn text(wish: &Wish, finding: &Finding, screen: &Screen) -> Vec<String> {
    let mut lines = vec![head(wish, finding, screen)];
    if let Some(within) = wish.within {
        lines.push(format!("  asked     within {within}"));
    }
    if !wish.sources.is_empty() {
        lines.push(format!("  because   {}", finding.reading.reason));
    }
    if finding.is_known() {
        lines.push(format!("  rests on  {}", rests_on(wish, finding)));
        let interval = finding.reading.interval;
        let middle = i64::midpoint(interval.earliest.0, interval.latest.0);
        let epsilon = finding.reading.epsilon().unwrap_or_default();
        let time = calendar::text(avouch_promise::WallTime(middle));
        lines.push(format!("  time      {time} +- {epsilon}"));
    }
    if let (Some(holdover), Some(within)) = (finding.holdover, wish.within) {
        lines.push(format!("  holdover  {holdover} until epsilon is {within}, if nobody answers"));
    }
    if let Some((offset, jitter)) = finding.estimate {
        let (offset, jitter) = (signed(-(offset as i64)), signed(jitter as i64));
        lines.push(format!(
            "  estimate  ahead by {offset}, jitter {jitter} (RFC 5905; statistical)"
        ));
    }
    lines.extend(finding.claims.iter().flat_map(|claim| of_claim(claim, finding)));
    lines.extend(changes(finding).iter().map(|change| format!("  meanwhile {change}")));
    lines.extend(finding.alarms.iter().map(|told| format!("  alarm     {}", alarm(wish, told))));
    let width = wish.sources.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for ((name, _), source) in wish.sources.iter().zip(&finding.sources) {
        let judged = source.judged.to_string();
        lines.push(format!("{name:<width$}  {judged:<14} {}", of_source(source)));
    }
    lines
}

/// An alarm, with its source before it.
fn alarm(wish: &Wish, (source, alarm): &Told) -> String {
    let named = source.and_then(|source| wish.sources.get(source));
    named.map_or_else(|| alarm.to_string(), |(name, _)| format!("{name} {alarm}"))
}

/// The verdict, in one line.
pub(super) fn head(wish: &Wish, finding: &Finding, screen: &Screen) -> String {
    let word = screen.paint(finding.verdict, word(finding.verdict));
    let class = finding.reading.class;
    let refuted = finding.claims.iter().find(|claim| claim.is_refuted(finding.ahead));
    match (finding.ahead, refuted) {
        (Some(ahead), Some(claim)) => {
            let by = claim.by;
            format!("{word}: this host's clock is {}, which {by} excludes", own(ahead))
        }
        (Some(ahead), None) => format!("{word}: this host's clock is {}, {class}", own(ahead)),
        (None, _) if wish.sources.is_empty() => {
            format!("{word}: nothing was measured; this is what others claim")
        }
        (None, _) => format!("{word}: nothing is known of the true time"),
    }
}

fn of_claim(claim: &Claim, finding: &Finding) -> Vec<String> {
    let Claim { by, at, bound, says } = claim;
    let mut lines = match bound {
        Ok(bound) if claim.is_refuted(finding.ahead) => {
            vec![format!("  {by:<9} claims +- {bound} at {at}, and is refuted")]
        }
        Ok(bound) => vec![format!("  {by:<9} claims +- {bound} at {at}")],
        Err(why) => vec![format!("  {by:<9} claims nothing at {at}: {why}")],
    };
    lines.extend((!says.is_empty()).then(|| format!("            {says}")));
    lines.extend((*by == "chrony" && bound.is_ok()).then(|| format!("            {WARNING}")));
    lines
}

/// What is known of a source, in a line.
fn of_source(source: &SourceFinding) -> String {
    let mut parts = match source.judged {
        Judged::Unresolved => vec!["not asked".to_owned()],
        _ => vec![format!("{}/{} answered", source.answered, source.asked)],
    };
    if let Some(found) = source.contradiction {
        parts.push(format!("STEPPED by {} at least", found.gap));
    }
    if let Some(ahead) = source.ahead {
        let (middle, half) = ahead.middle();
        parts.push(format!("offset {} +- {}", signed(middle), Nanos(half)));
    }
    if let (Some(delay), Some(jitter)) = (source.delay_ns, source.jitter_ns) {
        parts.push(format!("delay {}, jitter {}", signed(delay), signed(jitter as i64)));
    }
    if let Some(answer) = &source.answer {
        let packet = &answer.packet;
        let (delay, dispersion) = (packet.root_delay.span(), packet.root_dispersion.span());
        parts.push(format!("stratum {}, leap {}", packet.stratum, packet.leap));
        parts.push(format!("root delay {delay}, root dispersion {dispersion}"));
    }
    parts.extend(source.why.clone());
    parts.join(", ")
}

pub(super) fn word(verdict: Word) -> &'static str {
    match verdict {
        Word::Holds => "holds",
        Word::Refuted => "refuted",
        Word::Unknown => "unknown",
    }
}

fn own(ahead: Ahead) -> String {
    let (middle, half) = ahead.middle();
    let side = if middle < 0 { "behind" } else { "ahead" };
    format!("{side} by {} +- {}", Nanos(middle.unsigned_abs()), Nanos(half))
}

fn signed(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    format!("{sign}{}", Nanos(nanos.unsigned_abs()))
}

fn rests_on(wish: &Wish, finding: &Finding) -> String {
    let lying = match finding.reading.reason {
        Reason::Agreed { sources, lying_most, .. } => {
            format!("at most {lying_most} of {sources} sources lie")
        }
        _ => "the source does not lie".to_owned(),
    };
    format!("a drift of at most {}; {lying}; servers are off by no more than they say", wish.rho)
}

fn changes(finding: &Finding) -> Vec<String> {
    let changes = &finding.changes;
    let step = changes.step_ns.map(|step| {
        format!("the wall clock was set by {} +- {}", signed(step), Nanos(changes.apart_ns))
    });
    let suspended = changes.suspended.map(|span| format!("the host was suspended for {span}"));
    let slew = changes.slew_ppb.map(|ppb| {
        #[expect(clippy::cast_precision_loss, reason = "for the eye only")]
        let ppm = ppb as f64 / 1e3;
        format!("clocks were slewed by {ppm:.3} ppm")
    });
    [step, suspended, slew].into_iter().flatten().collect()
}

/// For programs.
pub(super) fn json(wish: &Wish, finding: &Finding) -> Value {
    let all = wish.sources.iter().zip(&finding.sources);
    let sources: Vec<Value> = all
        .map(|((name, place), source)| {
            let place = place.as_ref().ok();
            let mut told = json!({
                "source": name,
                "address": place.map(|place| place.address.to_string()),
                "authentication": place.map_or("none", Place::authentication),
                "verdict": source.judged.to_string(),
                "asked": source.asked,
                "answered": source.answered,
                "reach": source.reach,
            });
            measured(&mut told, source);
            if let Some(answer) = &source.answer {
                let packet = &answer.packet;
                told["stratum"] = packet.stratum.into();
                told["leap"] = packet.leap.to_string().into();
                told["reference_id"] =
                    format!("{:08x}", u32::from_be_bytes(packet.reference_id)).into();
                told["root_delay_ns"] = packet.root_delay.span().0.into();
                told["root_dispersion_ns"] = packet.root_dispersion.span().0.into();
                told["precision_log2_s"] = packet.precision.into();
                told["server_error_ns"] = answer.error.0.into();
            }
            if let Some(why) = &source.why {
                told["why"] = why.as_str().into();
            }
            told
        })
        .collect();
    let reading = &finding.reading;
    let mut clock = json!({
        "class": reading.class.to_string(),
        "reason": reading.reason.to_string(),
        "drift_bound_ppb": wish.rho.parts(),
        "wall_ns": finding.now.wall.0,
    });
    if let Some(ahead) = finding.ahead {
        clock["earliest_ns"] = reading.interval.earliest.0.into();
        clock["latest_ns"] = reading.interval.latest.0.into();
        clock["epsilon_ns"] = reading.epsilon().map(|epsilon| epsilon.0).into();
        clock["ahead_least_ns"] = ahead.least.into();
        clock["ahead_most_ns"] = ahead.most.into();
    }
    clock["within_ns"] = wish.within.map(|within| within.0).into();
    clock["holdover_ns"] = finding.holdover.map(|holdover| holdover.0).into();
    let changes = &finding.changes;
    json!({
        "verdict": word(finding.verdict),
        "poll": finding.poll,
        "clock": clock,
        "claims": finding.claims.iter().map(|claim| of_claim_json(claim, finding)).collect::<Vec<_>>(),
        "estimate": finding.estimate.map(|(offset, jitter)| json!({
            "ahead_ns": -offset,
            "jitter_ns": jitter,
            "class": Class::Statistical.to_string(),
        })),
        "meanwhile": {
            "step_ns": changes.step_ns,
            "suspended_ns": changes.suspended.map(|span| span.0),
            "slew_ppb": changes.slew_ppb,
            "apart_ns": changes.apart_ns,
        },
        "alarms": finding.alarms.iter().map(|told| of_alarm_json(wish, told)).collect::<Vec<_>>(),
        "sources": sources,
    })
}

fn of_alarm_json(wish: &Wish, (source, alarm): &Told) -> Value {
    json!({
        "alarm": alarm.name(),
        "source": source.and_then(|source| wish.sources.get(source)).map(|(name, _)| name),
        "says": alarm.to_string(),
    })
}

fn of_claim_json(claim: &Claim, finding: &Finding) -> Value {
    let mut told = json!({ "by": claim.by, "at": claim.at });
    match &claim.bound {
        Ok(bound) => {
            told["bound_ns"] = bound.0.into();
            told["refuted"] = claim.is_refuted(finding.ahead).into();
        }
        Err(why) => told["why"] = why.as_str().into(),
    }
    if !claim.says.is_empty() {
        told["says"] = claim.says.as_str().into();
    }
    if claim.by == "chrony" {
        told["class"] = Class::Statistical.to_string().into();
    }
    told
}

fn measured(told: &mut Value, source: &SourceFinding) {
    if let Some(ahead) = source.ahead {
        let (middle, half) = ahead.middle();
        told["offset_ns"] = middle.into();
        told["error_ns"] = half.into();
    }
    told["last_offset_ns"] = source.last_offset_ns.into();
    told["step_least_ns"] = source.contradiction.map(|found| found.gap.0).into();
    told["contradictions"] = source.contradictions.into();
    told["delay_ns"] = source.delay_ns.into();
    told["jitter_ns"] = source.jitter_ns.into();
}

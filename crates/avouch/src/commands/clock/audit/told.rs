//! How the finding is told: the verdict first, then what it rests on, then every source.

use super::asking::Asked;
use super::finding::{Ahead, Finding, SourceFinding};
use super::{Sources, Wish};
use crate::screen::Screen;
use avouch_promise::Nanos;
use avouch_promise::evidence::Verdict as Word;
use avouch_time::calendar;
use avouch_time::interval::{Class, Reason};
use serde_json::{Value, json};

/// For people.
pub(super) fn text(wish: &Wish, asked: &Sources, finding: &Finding, screen: &mut Screen) {
    let word = screen.paint(finding.verdict, word(finding.verdict));
    let class = finding.reading.class;
    let head = match finding.ahead {
        Some(ahead) => format!("{word}: this host's clock is {}, {class}", own(ahead)),
        None => format!("{word}: nothing is known of the true time"),
    };
    screen.line(&head);
    if let Some(within) = wish.within {
        screen.line(&format!("  asked     within {within}"));
    }
    screen.line(&format!("  because   {}", finding.reading.reason));
    if finding.is_known() {
        screen.line(&format!("  rests on  {}", rests_on(wish, finding)));
        let interval = finding.reading.interval;
        let middle = i64::midpoint(interval.earliest.0, interval.latest.0);
        let epsilon = finding.reading.epsilon().unwrap_or_default();
        let time = calendar::text(avouch_promise::WallTime(middle));
        screen.line(&format!("  time      {time} +- {epsilon}"));
    }
    if let (Some(holdover), Some(within)) = (finding.holdover, wish.within) {
        screen
            .line(&format!("  holdover  {holdover} until epsilon is {within}, if nobody answers"));
    }
    if let Some((offset, jitter)) = finding.estimate {
        let (offset, jitter) = (signed(-(offset as i64)), signed(jitter as i64));
        screen.line(&format!(
            "  estimate  ahead by {offset}, jitter {jitter} (RFC 5905; statistical)"
        ));
    }
    for change in changes(finding) {
        screen.line(&format!("  meanwhile {change}"));
    }
    let width = wish.sources.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (((name, _), asked), source) in wish.sources.iter().zip(asked).zip(&finding.sources) {
        let judged = source.judged.to_string();
        screen.line(&format!("{name:<width$}  {judged:<14} {}", of_source(asked, source)));
    }
}

/// What is known of a source, in a line.
fn of_source(asked: &Asked, source: &SourceFinding) -> String {
    let mut parts = match asked.unresolved {
        Some(_) => vec!["not asked".to_owned()],
        None => {
            vec![format!("{}/{} answered", asked.answers().count(), asked.exchanges.len())]
        }
    };
    if let Some(ahead) = source.ahead {
        let (middle, half) = ahead.middle();
        parts.push(format!("offset {} +- {}", signed(middle), Nanos(half)));
    }
    if let (Some(delay), Some(jitter)) = (source.delay_ns, source.jitter_ns) {
        parts.push(format!("delay {}, jitter {}", signed(delay), signed(jitter as i64)));
    }
    if let Some((_, answer)) = asked.answers().last() {
        let packet = &answer.packet;
        let (delay, dispersion) = (packet.root_delay.span(), packet.root_dispersion.span());
        parts.push(format!("stratum {}, leap {}", packet.stratum, packet.leap));
        parts.push(format!("root delay {delay}, root dispersion {dispersion}"));
    }
    parts.extend(source.why.clone());
    parts.join(", ")
}

fn word(verdict: Word) -> &'static str {
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
pub(super) fn json(wish: &Wish, asked: &Sources, finding: &Finding) -> Value {
    let all = wish.sources.iter().zip(asked).zip(&finding.sources);
    let sources: Vec<Value> = all
        .map(|(((name, address), asked), source)| {
            let mut told = json!({
                "source": name,
                "address": address.as_ref().ok().map(ToString::to_string),
                "verdict": source.judged.to_string(),
                "asked": asked.exchanges.len(),
                "answered": asked.answers().count(),
                "reach": source.reach,
            });
            measured(&mut told, source);
            if let Some((_, answer)) = asked.answers().last() {
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
        "clock": clock,
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
        "sources": sources,
    })
}

fn measured(told: &mut Value, source: &SourceFinding) {
    if let Some(ahead) = source.ahead {
        let (middle, half) = ahead.middle();
        told["offset_ns"] = middle.into();
        told["error_ns"] = half.into();
    }
    told["delay_ns"] = source.delay_ns.into();
    told["jitter_ns"] = source.jitter_ns.into();
}

//! `clock simulate`: a fault of clocks in the simulated world, and what the shipped clock makes of
//! it.

//= §3.1.1 gnss

use super::arguments::Simulate;
use super::audit::drift_bound;
use crate::exit::Exit;
use crate::quantity::{counted, span_text};
use crate::screen::{Format, Screen};
use avouch_promise::evidence::Verdict as Holds;
use avouch_promise::{Blame, Error, Nanos, Random};
use avouch_time::detect::holdover::Oscillator as Class;
use avouch_time::interval::Drift;
use avouch_world::timekeeping::diary::{Diary, Ended, Event};
use avouch_world::timekeeping::named::{self, Named};
use avouch_world::timekeeping::watch::Place;
use serde_json::{Value, json};
use std::time::Duration;

/// Changes that a text tells at most.
const TOLD: usize = 24;
/// The most points of a series.
const POINTS: usize = 1_440;

/// What is played.
struct Asked {
    named: &'static Named,
    class: Class,
    rho: Drift,
    seconds: u64,
    seed: u64,
}

pub(super) fn run(wanted: &Simulate, screen: &mut Screen) -> Result<Exit, Error> {
    let Some(name) = &wanted.fault else {
        list(screen);
        return Ok(Exit::DONE);
    };
    let named = named::find(name).ok_or_else(|| {
        Error::new(Blame::Caller, "the name of a fault of clocks", format!("`{name}`"))
            .hint("`avouch clock simulate` lists them")
    })?;
    let class = Class::ALL.into_iter().find(|class| class.name() == wanted.oscillator);
    let class = class.ok_or_else(|| {
        let expected = "quartz, tcxo, ocxo, good-ocxo or rubidium as --oscillator";
        Error::new(Blame::Caller, expected, format!("`{}`", wanted.oscillator))
    })?;
    let asked = Asked {
        named,
        class,
        rho: drift_bound(wanted.drift_bound)?,
        seconds: wanted.hours * 3_600,
        seed: Random::seed_from_environment(),
    };
    let scenario = named.scenario(class, asked.rho, asked.seconds);
    let diary = Diary::write(&scenario, Random::new(asked.seed).fork(64), |second| {
        if screen.talks_to_terminal() && second.is_multiple_of(43_200) && second > 0 {
            screen.overwrite(&format!("{} of {} h", second / 3_600, wanted.hours));
        }
        true
    });
    if screen.talks_to_terminal() {
        screen.overwrite("");
    }
    let verdict = if diary.wrong == 0 { Holds::Holds } else { Holds::Refuted };
    match screen.format {
        Format::Json => screen.line(&to_json(&asked, &diary).to_string()),
        Format::Text => tell(&asked, &diary, verdict, screen),
    }
    Ok(Exit::Verdict(verdict))
}

fn list(screen: &mut Screen) {
    if screen.format == Format::Json {
        let told = |named: &Named| {
            let Named { name, about, is_assumed, .. } = named;
            json!({ "fault": name, "about": about, "within_assumptions": is_assumed })
        };
        screen.line(&named::ALL.iter().map(told).collect::<Value>().to_string());
        return;
    }
    for (is_assumed, title) in [
        (true, "within what a hard bound assumes: the true time is in every reading"),
        (false, "beyond it: a reading is wrong until that is found out, if it can be"),
    ] {
        screen.line(title);
        for named in named::ALL.iter().filter(|named| named.is_assumed == is_assumed) {
            screen.line(&format!("  {:<18} {}", named.name, named.about));
        }
    }
}

fn span(nanos: Nanos) -> String {
    span_text(Duration::from_nanos(nanos.0))
}

fn clock_time(second: u64) -> String {
    format!("{:02}:{:02}:{:02}", second / 3_600, second / 60 % 60, second % 60)
}

fn text(event: &Event) -> String {
    match event {
        Event::Claims(half, reason) => format!("the time is known, +- {}: {reason}", span(*half)),
        Event::Withdrawn(reason) => format!("nothing is claimed: {reason}"),
        Event::Judged(source, verdict) => format!("source {source} is {verdict}"),
        Event::Wrong(off) => format!("WRONG: the true time is outside, by {} at first", span(*off)),
        Event::Right => "the true time is inside again".to_owned(),
        Event::Alarm(place, alarm) => format!("ALARM {}: {alarm}", named_place(*place)),
        Event::Ended(place, name) => {
            format!("{}: no alarm of `{name}` any more", named_place(*place))
        }
    }
}

fn named_place(place: Place) -> String {
    match place {
        Place::Host => "host".to_owned(),
        Place::Source(at) => format!("source {at}"),
        Place::Grandmaster(at) => format!("master {at}"),
    }
}

fn ended(ended: &Ended, class: Class) -> String {
    let sign = if ended.error_ns < 0 { "-" } else { "+" };
    let off = span(Nanos(ended.error_ns.unsigned_abs()));
    let state = match ended.holdover_s {
        0 => "locked".to_owned(),
        holdover => format!("in holdover for {}", clock_time(holdover)),
    };
    format!("{}, {state}: off by {sign}{off}, claims +- {}", class.name(), span(ended.claims))
}

fn tell(asked: &Asked, diary: &Diary, verdict: Holds, screen: &mut Screen) {
    let (looks, wrong) = (diary.looks, diary.wrong);
    let said = match verdict {
        Holds::Holds => format!("holds: the true time was in each of {looks} readings"),
        _ if asked.named.is_assumed => format!(
            "refuted: the true time was not in {wrong} of {looks} readings; repro: AVOUCH_SEED={}",
            asked.seed
        ),
        _ => format!(
            "refuted: the true time was not in {wrong} of {looks} readings, and the fault is beyond \
             what they rest on"
        ),
    };
    screen.line(&screen.paint(verdict, &said));
    screen.line(&format!("  fault     {}: {}", asked.named.name, asked.named.about));
    screen.line(&format!(
        "  rests on  a drift of at most {}; at most (n-1)/2 of n sources lie; others are off by no \
         more than they say",
        asked.rho
    ));
    if let Some((middle, most)) = diary.half_widths() {
        screen.line(&format!(
            "  bound     +- {} in the middle, at most +- {}; nothing was claimed in {}",
            span(middle),
            span(most),
            counted(usize::try_from(diary.silent).unwrap_or(usize::MAX), "reading")
        ));
    }
    for (at, one) in diary.ended.iter().enumerate() {
        screen.line(&format!("  master {at}  {}", ended(one, asked.class)));
    }
    let mut told = 0;
    for (second, event) in diary.events.iter().take(TOLD) {
        screen.line(&format!("  {}  {}", clock_time(*second), text(event)));
        told += 1;
    }
    let more = diary.events.len() as u64 - told + diary.more;
    if more > 0 {
        screen.line(&format!("  and {more} changes more: --format json has them"));
    }
}

fn to_json(asked: &Asked, diary: &Diary) -> Value {
    let step = diary.halves.len().div_ceil(POINTS).max(1);
    let points = diary.halves.chunks(step).map(|chunk| {
        // The widest of each: what a plot must not hide.
        chunk.iter().flatten().max().map(|half| half.0)
    });
    let widths = diary.half_widths();
    let events = diary.events.iter();
    let events = events.map(|(second, event)| json!({ "second": second, "what": text(event) }));
    let masters = diary.ended.iter().map(|one| {
        json!({
            "oscillator": asked.class.name(),
            "error_ns": one.error_ns,
            "claims_ns": one.claims.0,
            "holdover_s": one.holdover_s,
        })
    });
    json!({
        "verdict": if diary.wrong == 0 { "holds" } else { "refuted" },
        "fault": asked.named.name,
        "within_assumptions": asked.named.is_assumed,
        "seed": asked.seed,
        "drift_bound_ppb": asked.rho.parts(),
        "readings": diary.looks,
        "wrong": diary.wrong,
        "nothing_claimed": diary.silent,
        "half_width_ns": { "median": widths.map(|both| both.0.0), "most": widths.map(|both| both.1.0) },
        "series": { "step_s": step, "widest_half_width_ns": points.collect::<Value>() },
        "grandmasters": masters.collect::<Value>(),
        "events": events.collect::<Value>(),
        "events_left_off": diary.more,
    })
}

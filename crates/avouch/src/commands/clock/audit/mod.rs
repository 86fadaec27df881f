//! `clock audit`: how far off this host's clock is, by what servers say, and what that rests on.
//!
//! ```text
//!   Wish --> asking (a thread and a socket a source) --> Auditor --> Finding --> told
//!            this host's clocks -----------------------/           /   (text, JSON, metrics)
//!            chronyd, another's segment --> Claim ----------------/--> our own segment
//! ```

//= §3.1.2 skew
//= §3.1.2 sync-health

mod asking;
mod auditor;
mod chronyd;
mod claims;
mod finding;
mod live;
mod metrics;
mod segment;
mod told;
mod wish;

use super::arguments::Audit;
use crate::arguments::Shape;
use crate::commands::running::Stop;
use crate::exit::Exit;
use crate::screen::Screen;
use asking::Heard;
use auditor::Auditor;
use avouch_promise::{Blame, Error};
use avouch_store::clock::chronyd as daemon;
use finding::Finding;
use live::Live;
use segment::Publisher;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use wish::Wish;

pub(super) use wish::drift_bound;

/// How often a terminal is told how far the asking is.
const PROGRESS: Duration = Duration::from_millis(100);

pub(super) fn run(audit: &Audit, shape: Shape, screen: &mut Screen) -> Result<Exit, Error> {
    let wish = Wish::of(audit)?;
    if wish.watch && shape == Shape::Prometheus {
        let expected = "one report where it is of metrics";
        return Err(Error::new(Blame::Caller, expected, "--watch --format prometheus")
            .hint("let what gathers metrics run the command, or watch with --format json"));
    }
    let mut publisher = wish.publish.as_deref().map(Publisher::open).transpose()?;
    let runtime = crate::commands::runtime()?;
    let finding = asking::asking(&wish, |heard| {
        runtime.block_on(async {
            if wish.watch {
                watch(&wish, heard, &mut publisher, screen).await
            } else {
                once(&wish, heard, &mut publisher, screen).await
            }
        })
    })?;
    if let Some(publisher) = publisher.filter(|_| !wish.watch) {
        screen.say(&publisher.told());
    }
    if shape == Shape::Prometheus {
        screen.data(metrics::text(&wish, &finding).as_bytes());
    } else if !wish.watch {
        told::tell(&wish, &finding, screen);
    }
    Ok(Exit::Verdict(finding.verdict))
}

type Hears = UnboundedReceiver<Result<Heard, Error>>;

/// Takes in all there is, and reports once.
async fn once(
    wish: &Wish,
    heard: &mut Hears,
    publisher: &mut Option<Publisher>,
    screen: &mut Screen,
) -> Result<Finding, Error> {
    let mut auditor = Auditor::new(wish);
    let all = u64::from(wish.samples.unwrap_or(0)) * wish.sources.len() as u64;
    loop {
        tokio::select! {
            next = heard.recv() => match next {
                Some(heard) => auditor.take(heard?),
                None => break,
            },
            () = tokio::time::sleep(PROGRESS), if screen.talks_to_terminal() => {
                screen.overwrite(&format!("asked {} of {all}", auditor.asked()));
            }
        }
    }
    if screen.talks_to_terminal() {
        screen.overwrite("");
    }
    report(wish, &mut auditor, publisher)
}

/// Reports after each poll, until it is told to stop or all was asked.
async fn watch(
    wish: &Wish,
    heard: &mut Hears,
    publisher: &mut Option<Publisher>,
    screen: &mut Screen,
) -> Result<Finding, Error> {
    let mut stop = Stop::catch()?;
    let mut auditor = Auditor::new(wish);
    let mut live = Live::default();
    // A source that is silent does not hold up the report of the others.
    let silent = if wish.sources.is_empty() { 1 } else { 2 };
    let late = wish.interval.max(Duration::from_millis(10)).saturating_mul(silent);
    let mut due = tokio::time::Instant::now() + late;
    let mut polls = 0_u32;
    loop {
        let ended = tokio::select! {
            next = heard.recv(), if !wish.sources.is_empty() => match next {
                Some(heard) => {
                    auditor.take(heard?);
                    false
                }
                None => true,
            },
            () = tokio::time::sleep_until(due) => false,
            () = stop.asked() => true,
        };
        let over = tokio::time::Instant::now() >= due;
        let is_new = auditor.has_news() || wish.sources.is_empty();
        let complete = auditor.has_news() && auditor.poll_is_complete();
        if !ended && !complete && !over {
            continue;
        }
        due = tokio::time::Instant::now() + late;
        if !ended && !is_new {
            continue;
        }
        let finding = report(wish, &mut auditor, publisher)?;
        polls = polls.saturating_add(1);
        let all = wish.sources.is_empty() && wish.samples.is_some_and(|most| polls >= most);
        live.show(wish, &finding, ended || all, screen);
        if ended || all {
            return Ok(finding);
        }
    }
}

/// What is known now, with what others claim; our own segment says the same.
fn report(
    wish: &Wish,
    auditor: &mut Auditor<'_>,
    publisher: &mut Option<Publisher>,
) -> Result<Finding, Error> {
    let mut finding = auditor.report();
    if let Some(door) = &wish.chronyd {
        let said = daemon::ask(door);
        finding.claims.push(chronyd::claim(door, &said));
        finding.chronyd = Some(said);
    }
    finding.claims.extend(wish.segment.as_deref().map(segment::claim));
    let measured = (!wish.sources.is_empty()).then_some((finding.verdict, finding.ahead));
    finding.verdict = claims::verdict(measured, &finding.claims, wish.within);
    if let Some(publisher) = publisher {
        publisher.publish(wish, &finding)?;
    }
    Ok(finding)
}

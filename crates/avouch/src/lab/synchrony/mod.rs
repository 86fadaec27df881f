//! `avouch lab synchrony`: what may be assumed of time on a network, and what suspicion costs.
//!
//! ```text
//!   recorded round trips (--trace, AVOUCH_DATA) --+--> bounds      how often each is broken
//!   simulated from measured p50 and p90 ----------+--> heartbeats  rate, detection time, cost
//!                                                 '--> detectors   the same trace for all of them
//! the world under each promise -----------------------> the log     decided before and after it holds
//! ```
//!
//! A fixed bound is a guess that some message breaks; no bound at all lets no protocol end
//! (Fischer, Lynch, Paterson). Between them stand detectors that follow what they see: they err,
//! and what they are worth is how fast they find a crash and how often and how long they are wrong.

mod bounds;
mod compared;
mod dial;
mod heartbeats;
mod options;
mod table;
mod trips;

pub use options::{EXAMPLES, Options};

use crate::exit::Exit;
use crate::lab::bar::Bar;
use crate::screen::{Format, Screen};
use avouch_promise::{Blame, Error, Random};
use trips::Trips;

/// What was found on one series of round trips.
pub struct Findings {
    trips: Trips,
    bounds: Vec<bounds::Row>,
    heartbeats: Vec<heartbeats::Row>,
    detectors: Vec<compared::Row>,
    curves: Vec<compared::Curve>,
}

/// Runs the comparison and shows it.
pub fn run(options: &Options, screen: &mut Screen) -> Result<Exit, Error> {
    let random = Random::new(options.seed());
    let all = trips::of(options, &random)?;
    let mut bar = Bar::start(screen);
    let count = all.len() as u64;
    let mut findings = Vec::new();
    for (number, trips) in all.into_iter().enumerate() {
        let mut random = random.fork(1_000 + number as u64);
        let crashes = compared::Crashes::draw(&mut random);
        let (detectors, curves) = compared::compare(&trips, options, &crashes);
        findings.push(Findings {
            bounds: bounds::rows(&trips),
            heartbeats: heartbeats::rows(&trips, options, &crashes),
            detectors,
            curves,
            trips,
        });
        bar.tell(screen, number as u64 + 1, count, " series");
    }
    bar.end(screen);
    let dial = dial::rows(options, screen);
    if let Some(path) = &options.html {
        std::fs::write(path, table::html(options, &findings, &dial)).map_err(|error| {
            let expected = format!("to write {}", path.display());
            Error::new(Blame::Environment, expected, error.to_string())
        })?;
        screen.say(&format!("report in {}", path.display()));
    }
    match screen.format {
        Format::Text => screen.data(table::text(options, &findings, &dial).as_bytes()),
        Format::Json => screen.line(&table::json(options, &findings, &dial).to_string()),
    }
    Ok(Exit::DONE)
}

//! The shipped log under each promise of partial synchrony: what it decides while nothing is
//! promised, and whether it goes on once something is.

//= §1.2.3 timing assumptions: a dial of partial synchrony, GST and delta

use super::options::Options;
use crate::lab::bar::Bar;
use crate::screen::Screen;
use avouch_promise::Nanos;
use avouch_store::campaign::Plan;
use avouch_store::campaign::synchrony::{self, progress, unknown_bound};
use avouch_world::Adversary;

/// The global stabilisation time.
pub(super) const GST: Nanos = Nanos::from_secs(2);
/// The bound that holds from then on: twice of it fits into the log's election period.
pub(super) const DELTA: Nanos = Nanos::from_millis(25);
/// Until when clients ask.
const UNTIL: Nanos = Nanos::from_secs(5);

/// One promise.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What is promised.
    pub(super) name: String,
    /// How many seeds.
    pub(super) seeds: u64,
    /// Entries decided before the bound held: fewest and most.
    pub(super) before: (u64, u64),
    /// From when the bound held to the next decision: median and longest.
    pub(super) resumed: (Nanos, Nanos),
    /// Seeds in which some call never had an answer although the bound held.
    pub(super) stuck: u64,
}

/// Every promise over the seeds.
pub(super) fn rows(options: &Options, screen: &mut Screen) -> Vec<Row> {
    let plan = Plan { nodes: 3, faults_for: UNTIL, story_lines: 0, ..Plan::default() };
    let after_gst = |before| move |plan: &Plan, seed| progress(plan, GST, DELTA, before, seed);
    let below = |at_most| move |plan: &Plan, seed| unknown_bound(plan, DELTA, at_most, seed);
    let (near, far) = (Nanos::from_millis(29), Nanos::from_secs(2));
    let mut bar = Bar::start(screen);
    let mut done = 0;
    let mut row = |name: String, run: &dyn Fn(&Plan, u64) -> synchrony::Progress| {
        let runs: Vec<_> = (0..options.seeds)
            .map(|place| {
                let run = run(&plan, options.seed().wrapping_add(place));
                done += 1;
                bar.tell(screen, done, 4 * options.seeds, " runs");
                run
            })
            .collect();
        summed(name, &runs)
    };
    let rows = vec![
        row(
            format!("{DELTA} after GST at {GST}, before it nothing arrives"),
            &after_gst(Adversary::WHOLE),
        ),
        row(
            format!("{DELTA} after GST at {GST}, before it an adversary"),
            &after_gst(Adversary::default()),
        ),
        row(format!("unknown, {DELTA} to {near}"), &below(near)),
        row(format!("unknown, {DELTA} to {far}"), &below(far)),
    ];
    bar.end(screen);
    rows
}

fn summed(name: String, runs: &[synchrony::Progress]) -> Row {
    let before = || runs.iter().map(|run| run.before.0);
    let mut resumed: Vec<_> = runs.iter().filter_map(|run| run.resumed).collect();
    resumed.sort_unstable();
    let at = |place: usize| resumed.get(place).copied().unwrap_or_default();
    Row {
        name,
        seeds: runs.len() as u64,
        before: (before().min().unwrap_or(0), before().max().unwrap_or(0)),
        resumed: (at(resumed.len() / 2), at(resumed.len().saturating_sub(1))),
        stuck: runs.iter().filter(|run| run.wrong.is_some()).count() as u64,
    }
}

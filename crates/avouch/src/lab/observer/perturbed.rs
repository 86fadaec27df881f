//! The measured cost in the simulator: how many runs it changes.

use super::options::Options;
use crate::lab::bar::Bar;
use crate::screen::Screen;
use avouch_promise::Nanos;
use avouch_store::campaign::Plan;
use avouch_store::campaign::perturbation::{Changed, Schedule};

/// What the cost changed, over all seeds.
#[derive(Clone, Debug, Default)]
pub(super) struct Perturbed {
    /// How long a step takes, as recorded while monitoring samples.
    pub(super) base: Nanos,
    /// How much longer with full monitoring.
    pub(super) extra: Nanos,
    /// How many seeds.
    pub(super) seeds: u64,
    /// Of these, how many took their steps in another order.
    pub(super) order: u64,
    /// How many had other leaders.
    pub(super) leaders: u64,
    /// How many decided another history.
    pub(super) history: u64,
    /// How many changed at all when the cost was none: a simulator that repeats itself has none.
    pub(super) control: u64,
    /// The median time of the first changed step.
    pub(super) first: Option<Nanos>,
}

/// Virtual time in which the faults happen, and of calm behind them.
const FAULTS: Nanos = Nanos::from_secs(3);
const CALM: Nanos = Nanos::from_secs(1);

/// Runs every seed three times: bare, bare again, and with the cost.
pub(super) fn run(options: &Options, base: Nanos, extra: Nanos, screen: &mut Screen) -> Perturbed {
    let plan = Plan { faults_for: FAULTS, calm_for: CALM, story_lines: 0, ..Plan::default() };
    let mut found =
        Perturbed { base, extra, seeds: u64::from(options.seeds), ..Perturbed::default() };
    let mut bar = Bar::start(screen);
    let mut firsts = Vec::new();
    for place in 0..found.seeds {
        let seed = options.seed().wrapping_add(place);
        let free = Schedule::of(&plan, seed, base);
        let again = free.compare(&Schedule::of(&plan, seed, base));
        found.control += u64::from(again != Changed::default());
        let changed = free.compare(&Schedule::of(&plan, seed, base.plus(extra)));
        found.order += u64::from(changed.step.is_some());
        found.leaders += u64::from(changed.leaders);
        found.history += u64::from(changed.history);
        firsts.extend(changed.step.map(|(_, at)| at));
        bar.tell(screen, place + 1, found.seeds, " simulated runs");
    }
    bar.end(screen);
    firsts.sort_unstable();
    found.first = firsts.get(firsts.len() / 2).copied();
    found
}

//! The shipped log under the dial of partial synchrony: what it decides before GST, and whether it
//! always goes on after it.
//!
//! ```text
//!   0 ---- an adversary has the messages ---- GST ---- every message within delta ----> end
//!          decided here: nothing is promised        '- settled: every call answers
//! ```
//!
//! That it may decide nothing before GST is no flaw but the theorem of Fischer, Lynch and Paterson;
//! that it decides always after GST is what its election is for, as soon as its period is longer
//! than a round trip of twice delta. Where nobody knows delta, nobody can set that period: it grows
//! until it is.

use super::scenario::Plan;
use crate::node::Node;
use avouch_promise::{LogIndex, Nanos};
use avouch_world::{Adversary, Delay, Synchrony, World};

/// How long after GST everything must go on: periods without a leader, and what is sent again.
const SETTLE_PERIODS: u64 = 20;
/// How exactly the first decision after GST is seen.
const LOOK: Nanos = Nanos::from_millis(5);
/// Delays without a mean, which only a bound ends.
const UNBOUNDED: Delay = Delay::Pareto { minimum: Nanos::from_millis(10), alpha: 0.25 };

/// What a run under the dial did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The bound of this run.
    pub delta: Nanos,
    /// How far the log was decided at GST, by any node.
    pub before: LogIndex,
    /// How long after GST the first entry was decided; none when none was.
    pub resumed: Option<Nanos>,
    /// How far at the end.
    pub after: LogIndex,
    /// What was wrong: an answer that broke a promise, or a call in calm that had none.
    pub wrong: Option<String>,
}

/// Runs one seed of a plan, whose own faults are off; its clients go on until some time after GST.
pub fn progress(plan: &Plan, gst: Nanos, delta: Nanos, before: Adversary, seed: u64) -> Progress {
    let synchrony = Synchrony::AfterGst { gst, delta, before };
    run(&Plan { faults: false, synchrony, ..plan.clone() }, seed)
}

/// Runs one seed of a plan, without faults, on links whose delays have no bound but the one that
/// the seed draws between two.
pub fn unknown_bound(plan: &Plan, at_least: Nanos, at_most: Nanos, seed: u64) -> Progress {
    let synchrony = Synchrony::UnknownBound { at_least, at_most };
    run(&Plan { faults: false, synchrony, delay: Some(UNBOUNDED), ..plan.clone() }, seed)
}

fn run(plan: &Plan, seed: u64) -> Progress {
    let (mut world, mut workload) = plan.begin(seed);
    let promise = world.dial().map(|dial| (dial.gst(), dial.delta()));
    let (gst, delta) = promise.unwrap_or_default();
    world.run_until(&mut workload, gst);
    let before = decided(&world);
    let settled = gst.plus(Plan::election().times(SETTLE_PERIODS));
    let stop_at = settled.max(plan.faults_for);
    let mut resumed = None;
    while resumed.is_none() && world.now() < stop_at && world.violation().is_none() {
        world.run_until(&mut workload, world.now().plus(LOOK));
        resumed = (decided(&world) > before).then(|| world.now().minus(gst));
    }
    world.run_until(&mut workload, stop_at);
    if world.violation().is_none() {
        workload.final_reads(&mut world);
        world.run_until(&mut workload, stop_at.plus(plan.calm_for));
    }
    let wrong = world.violation().map(str::to_owned).or(workload.all_answered(settled).err());
    Progress { delta, before, resumed, after: decided(&world), wrong }
}

fn decided(world: &World<Node>) -> LogIndex {
    world.states().map(|(_, state)| state.log().decided()).max().unwrap_or(LogIndex(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_agreement::Mutant;
    use avouch_world::{Campaign, Mutants, Outcome};

    const GST: Nanos = Nanos::from_secs(2);
    const DELTA: Nanos = Nanos::from_millis(25);

    fn plan() -> Plan {
        Plan { nodes: 3, faults_for: Nanos::from_secs(5), ..Plan::default() }
    }

    //= §1.2.3 why pure asynchrony is unrealistic: bounds and how often traces violate them test
    #[test]
    fn the_log_is_promised_nothing_before_gst_and_goes_on_after_it_always() {
        let judge = |seed| {
            let whole = progress(&plan(), GST, DELTA, Adversary::WHOLE, seed);
            let some = progress(&plan(), GST, DELTA, Adversary::default(), seed);
            let mut outcome = Outcome::default();
            if whole.before > LogIndex(0) {
                outcome.violation = Some(format!("nothing arrived before GST: {whole:?}"));
            }
            outcome.counters.note("idle_before_gst", u64::from(some.before == LogIndex(0)));
            for run in [whole, some] {
                let soon = run.resumed.is_some_and(|took| took < Plan::election().times(10));
                if run.wrong.is_some() || !soon || run.after.0 < run.before.0 + 20 {
                    outcome.violation = Some(format!("no progress after GST: {run:?}"));
                }
            }
            outcome
        };
        let campaign = Campaign::new("avouch-store", "the_log_is_promised_nothing", 12);
        let report = campaign.twice_every(0).at_least("idle_before_gst", 1).run(judge);
        assert_eq!(report.verdict(), Ok(()));
    }

    #[test]
    fn an_unknown_bound_within_the_first_period_lets_the_log_go_on() {
        let plan = Plan { faults_for: Nanos::from_secs(4), ..plan() };
        for seed in 1..=4 {
            let run = unknown_bound(&plan, Nanos::from_millis(5), Nanos::from_millis(25), seed);
            assert!(run.delta <= Nanos::from_millis(25));
            assert_eq!(run.wrong, None, "seed {seed}: {run:?}");
        }
    }

    /// No round trip is shorter than 13 and 50 first periods; the longest take a third longer.
    /// Clients give up before that; what was decided tells.
    //= §1.2.3 timing assumptions: a dial of partial synchrony test
    #[test]
    fn an_unknown_bound_far_beyond_the_first_period_lets_the_log_go_on() {
        for (delta, lasting) in [(500, 20), (2_000, 60)] {
            let (delta, faults_for) = (Nanos::from_millis(delta), Nanos::from_secs(lasting));
            let delay = Some(Delay::Pareto { minimum: Nanos(delta.0 / 4 * 3), alpha: 0.25 });
            let synchrony = Synchrony::UnknownBound { at_least: delta, at_most: delta };
            let plan = Plan { faults: false, synchrony, delay, faults_for, ..plan() };
            let fixed = Plan { log_mutant: Some(Mutant::FixedPeriod), ..plan.clone() };
            for seed in 1..=3 {
                let grown = run(&plan, seed);
                assert!(grown.resumed.is_some() && grown.after >= LogIndex(5), "{grown:?}");
                let stuck = run(&fixed, seed);
                assert_eq!(
                    stuck.after,
                    LogIndex(0),
                    "seed {seed}: nobody hears in time: {stuck:?}"
                );
            }
        }
    }

    #[test]
    fn an_adversary_that_never_ends_is_seen() {
        let host_mutants = Mutants { ignore_gst: true, ..Mutants::default() };
        let run = progress(&Plan { host_mutants, ..plan() }, GST, DELTA, Adversary::WHOLE, 1);
        assert!(run.wrong.is_some_and(|wrong| wrong.contains("never answered")));
        assert_eq!(run.after, LogIndex(0));
    }
}

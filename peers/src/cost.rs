//! What a commit costs: every log in the same loop, in commits per CPU-second.
//!
//! Three nodes on links that lose 1 %; every virtual millisecond the leader gets 64 proposals.
//! Each log is measured in turn, several times over, and the best of its rounds counts, so that
//! what else the machine does weighs on none of them more than on another.

use crate::cpu::Stopwatch;
use crate::omni::Omni;
use crate::rafts::Raft;
use avouch_promise::Nanos;
use avouch_store::campaign::partial::{Bare, Pump, Pumped, Subject};
use avouch_world::{Family, Nemesis};

/// Rounds of each loop.
const ROUNDS: u64 = 5;
/// Virtual time of one.
const FOR: Nanos = Nanos::from_secs(10);

struct Loop {
    name: &'static str,
    faults: bool,
}

/// The best round so far.
#[derive(Clone, Copy, Default)]
struct Best {
    commits_per_second: f64,
    pumped: Option<Pumped>,
}

impl Loop {
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    fn round<S: Subject>(&self, best: &mut Best, seed: u64) -> Result<(), String> {
        let watch = Stopwatch::start();
        let nemesis = Nemesis::new(3, FOR)
            .rate(Family::Crash, 0.3)
            .rate(Family::Partition, 0.3)
            .rate(Family::OneWay, 0.3)
            .rate(Family::Pause, 0.3)
            .down_at_most(1)
            .damaged_at_most(0);
        let pump = Pump::new(64, Nanos::from_millis(1), 0.01);
        let pumped = pump.run::<S>(seed, FOR, self.faults.then_some(&nemesis))?;
        let seconds = watch.seconds();
        let rate = pumped.decided as f64 / seconds;
        if rate > best.commits_per_second {
            *best = Best { commits_per_second: rate, pumped: Some(pumped) };
        }
        Ok(())
    }

    fn compare(&self, seed: u64) -> [f64; 3] {
        let mut best = [Best::default(); 3];
        for round in 0..ROUNDS {
            let seed = seed + round;
            let [ours, omni, raft] = &mut best;
            let outcomes = [
                ("avouch", self.round::<Bare>(ours, seed)),
                ("omnipaxos 0.2.4", self.round::<Omni>(omni, seed)),
                ("raft-rs 0.7, pre-vote, quorum check", self.round::<Raft<true>>(raft, seed)),
            ];
            for (name, outcome) in outcomes {
                if let Err(what) = outcome {
                    println!("  {name}, {}, seed {seed}: {what}", self.name);
                }
            }
        }
        let names = ["avouch", "omnipaxos 0.2.4", "raft-rs 0.7, pre-vote, quorum check"];
        for (name, best) in names.iter().zip(best) {
            let Some(Pumped { proposed, decided, events }) = best.pumped else { continue };
            println!(
                "| {name} | {} | {:.0} | {decided} of {proposed} | {events} |",
                self.name, best.commits_per_second
            );
        }
        best.map(|best| best.commits_per_second)
    }
}

/// Measures, and prints a table and the goals.
pub(crate) fn compare(seed: u64) {
    println!();
    println!("| system | loop | commits per CPU-second | decided | events |");
    println!("|---|---|---|---|---|");
    let loops = [Loop { name: "1 % loss", faults: false }, Loop { name: "crashes, cuts", faults: true }];
    for (one, goal) in loops.iter().zip(["commit_cost", "commit_cost_under_faults"]) {
        let [ours, _, raft] = one.compare(seed);
        let times = ours / raft;
        let word = if times >= 1.0 { "met" } else { "short" };
        println!("goal {goal} {times:.2} x raft-rs target 1 {word}");
    }
}

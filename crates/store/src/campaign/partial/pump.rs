//! A steady load on a log, for its cost: how many proposals are decided, whatever fails.
//!
//! Every period a batch of proposals goes to whoever leads. Counted is what was decided, once
//! each; every node must say the same of every place.

use super::{Decided, Setup, Subject, TIMEOUT, options};
use avouch_machine::CommandId;
use avouch_promise::{Nanos, NodeId};
use avouch_world::{Count, Driver, Nemesis, World};
use std::collections::BTreeMap;

/// What a pumped log did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pumped {
    /// Proposals made.
    pub proposed: u64,
    /// Proposals decided, each once.
    pub decided: u64,
    /// Events of the world.
    pub events: u64,
}

/// The load.
#[derive(Clone, Debug)]
pub struct Pump {
    /// Proposals at a time.
    pub batch: u64,
    /// Every so often.
    pub period: Nanos,
    /// Every link loses so many.
    pub loss: f64,
    proposed: u64,
    decided: Vec<bool>,
    count: u64,
    log: BTreeMap<u64, u64>,
}

impl Pump {
    /// So many proposals every period over links that lose some messages.
    pub fn new(batch: u64, period: Nanos, loss: f64) -> Self {
        Self {
            batch,
            period,
            loss,
            proposed: 0,
            decided: Vec::new(),
            count: 0,
            log: BTreeMap::new(),
        }
    }

    /// Three nodes for so long; with `nemesis`, its faults happen as well.
    pub fn run<S: Subject>(
        mut self,
        seed: u64,
        until: Nanos,
        nemesis: Option<&Nemesis>,
    ) -> Result<Pumped, String> {
        let mut options = options(0);
        options.link.loss = self.loss;
        let setup = Setup { nodes: 3, timeout: TIMEOUT, seed };
        let mut world: World<S> = World::new(seed, options, S::configs(&setup));
        if let Some(nemesis) = nemesis {
            world.play(&nemesis.script(seed));
        }
        world.run_until(&mut self, until);
        match world.violation() {
            Some(wrong) => Err(wrong.to_owned()),
            None => Ok(Pumped {
                proposed: self.proposed,
                decided: self.count,
                events: world.counters().of(Count::Events),
            }),
        }
    }
}

impl<S: Subject> Driver<S> for Pump {
    fn on_begin(&mut self, world: &mut World<S>) {
        world.wake(self.period, 0);
    }

    fn on_wakeup(&mut self, world: &mut World<S>, _: u64) {
        let leading = world.states().filter_map(|(id, state)| Some((S::leads(state)?, id)));
        if let Some((_, leader)) = leading.max() {
            let numbers = self.proposed..self.proposed + self.batch;
            self.proposed = numbers.end;
            self.decided.resize(numbers.end as usize, false);
            world.command(leader, CommandId(numbers.start), S::propose(numbers));
        }
        world.wake(world.now().plus(self.period), 0);
    }

    fn on_output(&mut self, world: &mut World<S>, node: NodeId, output: S::Output) {
        for Decided { place, number } in S::decided(&output) {
            // Every place is compared in a sample; all of them would cost more than the logs do.
            if place % 64 == 0 && *self.log.entry(place).or_insert(number) != number {
                return world.fail(format!("{node} decided {number} at {place}, others did not"));
            }
            if let Some(decided) = self.decided.get_mut(number as usize)
                && !*decided
            {
                *decided = true;
                self.count += 1;
            }
        }
    }
}

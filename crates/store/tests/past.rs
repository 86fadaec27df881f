//! A read with evidence is answered as of the entry that its evidence is about, also when a
//! compaction has forgotten that state since: held against a machine that is cloned behind every
//! entry.

mod asking;

use avouch_agreement::{Membership, log};
use avouch_machine::CommandId;
use avouch_promise::trust::Trust;
use avouch_promise::{GroupId, KeyspaceId, LogIndex, LogPoint, Nanos, NodeId, Scope};
use avouch_state::{
    CompactionRequest, Machine, Operation, PutRequest, RangeRequest, outcome_bytes,
};
use avouch_store::node::{Config, Node, NodeMutant, Output, State};
use avouch_world::{Delay, Driver, Link, Options, World};
use bytes::Bytes;
use std::collections::BTreeMap;

/// Between two operations.
const PACE: Nanos = Nanos::from_millis(2);
const KEYS: u64 = 8;
/// Writes, compacts and reads at the first node, which keeps its own log of what was decided.
struct Work {
    asked: u64,
    reads: BTreeMap<u64, Operation>,
    machine: Machine,
    /// The machine behind each entry.
    behind: BTreeMap<LogIndex, Machine>,
    /// Answers that were compared.
    compared: u64,
    /// Those of them whose state was forgotten by then.
    forgotten: u64,
}

impl Work {
    fn new() -> Self {
        let machine = Machine::default();
        let behind = BTreeMap::from([(LogIndex(0), machine.clone())]);
        Self { asked: 0, reads: BTreeMap::new(), machine, behind, compared: 0, forgotten: 0 }
    }

    fn operation(&self) -> Operation {
        let key = Bytes::from(format!("k{}", self.asked % KEYS));
        match self.asked % 10 {
            0 => Operation::Compact(CompactionRequest {
                revision: self.machine.store().revision(),
                physical: false,
            }),
            1..6 => {
                let value = self.asked.to_string().into();
                Operation::Put(PutRequest { key, value, ..PutRequest::default() })
            }
            _ => Operation::Range(RangeRequest { key, ..RangeRequest::default() }),
        }
    }
}

impl Driver<Node> for Work {
    fn on_begin(&mut self, world: &mut World<Node>) {
        world.wake(Nanos::from_millis(500), 0);
    }

    fn on_wakeup(&mut self, world: &mut World<Node>, _: u64) {
        self.asked += 1;
        let operation = self.operation();
        let evidence = operation.is_read_only();
        let guarantee = if self.asked % 10 < 8 { "linearizable" } else { "consistent-prefix" };
        let ask = asking::ask(self.asked, guarantee, &operation, evidence);
        if evidence {
            self.reads.insert(self.asked, operation);
        }
        world.command(NodeId(1), CommandId(self.asked), ask);
        world.wake(world.now().plus(PACE), 0);
    }

    fn on_output(&mut self, world: &mut World<Node>, _: NodeId, output: Output) {
        let Some(operation) = self.reads.remove(&output.id.0) else { return };
        let Ok(replied) = output.reply else { return world.fail("a read was refused") };
        self.follow(world);
        let Some(machine) = self.behind.get(&replied.point.index) else {
            return world.fail(format!("nothing is known of {}", replied.point));
        };
        let expected = outcome_bytes(&machine.read(&operation));
        if replied.evidence.is_none() || replied.outcome != expected {
            world.fail(format!("{operation:?} at {} is not what it was", replied.point));
        }
        self.compared += 1;
        self.forgotten += u64::from(machine.store().compacted() < self.machine.store().compacted());
    }

    fn on_step(&mut self, world: &mut World<Node>, _: NodeId) {
        self.follow(world);
    }
}

impl Work {
    /// Applies what the first node has decided, entry by entry.
    fn follow(&mut self, world: &World<Node>) {
        let Some(log) = world.state(NodeId(1)).map(State::log) else { return };
        while let Some((last, _)) = self.behind.last_key_value()
            && last.next() <= log.decided()
            && let Some(entry) = log.tail().entry(last.next())
        {
            let index = entry.index();
            for (position, payload) in (1..).zip(entry.requests()) {
                self.machine.apply(LogPoint { index, position }, payload.bytes());
            }
            self.behind.insert(index, self.machine.clone());
        }
    }
}

fn run(mutant: Option<NodeMutant>) -> (Work, World<Node>) {
    let trust = Trust::symbolic(3, 3);
    let voters = Membership::founding((1..=3).map(NodeId).collect());
    let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
    let config = |number| {
        let election = Nanos::from_millis(120);
        let log = log::Config::new(NodeId(number), scope, voters.clone(), election);
        Config { mutant, ..Config::new(log) }
    };
    let options = Options {
        link: Link::with(Delay::log_normal(Nanos::from_millis(3), Nanos::from_millis(8))),
        ..Options::default()
    };
    let seed = avouch_promise::Random::seed_from_environment();
    let mut world = World::new(seed, options, (1..=3).map(config).collect());
    let mut work = Work::new();
    world.run_until(&mut work, Nanos::from_secs(4));
    (work, world)
}

#[test]
fn reads_with_evidence_see_what_a_compaction_has_forgotten() {
    let (work, world) = run(None);
    assert_eq!(world.violation(), None);
    println!("{} answers compared, {} of them forgotten", work.compared, work.forgotten);
    assert!(work.compared > 300 && work.forgotten > 50);
}

#[test]
fn a_past_that_is_not_kept_is_noticed() {
    let run = || run(Some(NodeMutant::ForgetPast)).1.violation().map(str::to_owned);
    let panic = std::panic::catch_unwind(run).expect_err("the past was not needed");
    let found = panic.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(found.contains("invariant I1 broken") && found.contains("compacted at"), "{found}");
}

//! A node that was away comes back by checkpoint while writes go on and new checkpoints are taken
//! all the time, many of them during one transfer.

mod asking;

use avouch_agreement::log::{self, Observation};
use avouch_agreement::{Membership, Mutant};
use avouch_machine::CommandId;
use avouch_promise::trust::Trust;
use avouch_promise::{GroupId, KeyspaceId, Nanos, NodeId, Scope};
use avouch_state::{Operation, PutRequest};
use avouch_store::node::{Config, Node};
use avouch_world::{Delay, DiskModel, Driver, Fault, Link, Mutants, Options, World};

/// One way between any two nodes.
const DISTANCE: Nanos = Nanos::from_millis(25);
/// Between two writes.
const PACE: Nanos = Nanos::from_millis(2);
/// The laggard is away until then.
const AWAY: Nanos = Nanos::from_secs(3);
/// And has so long to be back: 40 round trips.
const BACK: Nanos = Nanos::from_secs(2);
const KEYS: u64 = 64;
const LAGGARD: NodeId = NodeId(3);

/// Writes on and on at the first node, or until enough is written.
struct Writes {
    written: u64,
    enough: u64,
    installed: u32,
}

impl Default for Writes {
    fn default() -> Self {
        Self { written: 0, enough: u64::MAX, installed: 0 }
    }
}

impl Driver<Node> for Writes {
    fn on_begin(&mut self, world: &mut World<Node>) {
        world.wake(Nanos::from_millis(500), 0);
    }
    fn on_wakeup(&mut self, world: &mut World<Node>, _: u64) {
        if self.written == self.enough {
            return;
        }
        self.written += 1;
        let (key, value) = (format!("k{}", self.written % KEYS), vec![b'v'; 8]);
        let put = PutRequest { key: key.into(), value: value.into(), ..PutRequest::default() };
        let ask = asking::ask(self.written, "linearizable", &Operation::Put(put), false);
        world.command(NodeId(1), CommandId(self.written), ask);
        world.wake(world.now().plus(PACE), 0);
    }
    fn on_observation(&mut self, _: &mut World<Node>, node: NodeId, observation: Observation) {
        if node == LAGGARD && matches!(observation, Observation::Installed(_)) {
            self.installed += 1;
        }
    }
}

/// How it went.
#[derive(Debug)]
struct Ended {
    /// Entries that the laggard lacks of what the others have decided.
    lacks: u64,
    /// Checkpoints that it took from others.
    installed: u32,
    /// How often others took one of their own meanwhile, in entries between two.
    checkpoints: u64,
}

fn cluster(chunks: usize, mutant: Option<Mutant>, mutants: Mutants) -> World<Node> {
    let trust = Trust::symbolic(3, 3);
    let voters = Membership::founding((1..=3).map(NodeId).collect());
    let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
    let config = |number| {
        let election = Nanos::from_millis(120);
        let mut log = log::Config::new(NodeId(number), scope, voters.clone(), election);
        log.bounds.memory = 16;
        log.bounds.chunk = 400;
        log.bounds.chunks = chunks;
        log.mutant = mutant;
        let mut config = Config::new(log);
        config.checkpoint_entries = 40;
        config
    };
    let options = Options {
        link: Link::with(Delay::Constant(DISTANCE)).in_order(),
        disk: DiskModel { load_records_max: 1_000, ..DiskModel::default() },
        mutants,
        ..Options::default()
    };
    World::new(1, options, (1..=3).map(config).collect())
}

fn comes_back(chunks: usize, mutant: Option<Mutant>, mutants: Mutants) -> Ended {
    let mut world = cluster(chunks, mutant, mutants);
    let mut writes = Writes::default();
    world.run_until(&mut writes, Nanos::from_millis(600));
    world.inject(Fault::Crash { node: LAGGARD });
    world.run_until(&mut writes, AWAY);
    world.inject(Fault::Restart { node: LAGGARD });
    let before = decided(&world, NodeId(1));
    world.run_until(&mut writes, AWAY.plus(BACK));
    assert_eq!(world.violation(), None);
    let after = (1..=2).map(|node| decided(&world, NodeId(node))).max().unwrap_or_default();
    Ended {
        lacks: after - decided(&world, LAGGARD),
        installed: writes.installed,
        checkpoints: (after - before) / 40,
    }
}

fn decided(world: &World<Node>, node: NodeId) -> u64 {
    world.state(node).map_or(0, |state| state.log().decided().0)
}

/// What a node that follows may lack: what is on its way.
const FOLLOWS: u64 = 64;

#[test]
//= §4.1.1 recovery test
fn a_laggard_is_back_after_one_checkpoint_while_others_are_taken() {
    let ended = comes_back(16, None, Mutants::default());
    println!("{ended:?}");
    assert!(ended.checkpoints >= 8, "too few checkpoints to starve anybody: {ended:?}");
    assert!(ended.lacks <= FOLLOWS, "{ended:?}");
    assert_eq!(ended.installed, 1, "{ended:?}");
}

#[test]
fn without_what_makes_it_so_it_stays_away() {
    let none_lent = Mutants { keep_none_lent: true, ..Mutants::default() };
    let ended = comes_back(16, None, none_lent);
    println!("no checkpoint outlives its place: {ended:?}");
    assert!(ended.lacks > FOLLOWS, "{ended:?}");
    let ended = comes_back(16, Some(Mutant::ReleaseWhatIsLent), Mutants::default());
    println!("the log after it is released: {ended:?}");
    assert!(ended.lacks > FOLLOWS, "{ended:?}");
    let ended = comes_back(1, None, Mutants::default());
    println!("one chunk at a time: {ended:?}");
    assert!(ended.lacks > FOLLOWS, "{ended:?}");
}

/// Nobody writes any more, and the newest checkpoints of both who could lend one are rotten. What
/// they stand for is in memory, so another one can be taken of the same point.
fn rotten_lenders(enough: u64, mutant: Option<Mutant>) -> Option<Ended> {
    let mut world = cluster(16, mutant, Mutants::default());
    let mut writes = Writes { enough, ..Writes::default() };
    world.run_until(&mut writes, Nanos::from_millis(600));
    world.inject(Fault::Crash { node: LAGGARD });
    world.run_until(&mut writes, AWAY);
    let base = |node| world.state(NodeId(node)).map(|state| state.log().tail().base().index.0);
    let at_the_end = |node| base(node) == Some(decided(&world, NodeId(node)));
    if !(at_the_end(1) && at_the_end(2)) {
        return None;
    }
    for node in [1, 2].map(NodeId) {
        world.inject(Fault::RotCheckpoint { node });
    }
    world.inject(Fault::Restart { node: LAGGARD });
    world.run_until(&mut writes, AWAY.plus(BACK).plus(BACK));
    assert_eq!(world.violation(), None);
    let after = (1..=2).map(|node| decided(&world, NodeId(node))).max().unwrap_or_default();
    let lacks = after - decided(&world, LAGGARD);
    Some(Ended { lacks, installed: writes.installed, checkpoints: 0 })
}

#[test]
fn a_rotten_checkpoint_is_taken_again_though_nobody_writes() {
    let ended: Vec<_> = (300..360).filter_map(|enough| rotten_lenders(enough, None)).collect();
    println!("{} ends at a checkpoint: {ended:?}", ended.len());
    assert!(!ended.is_empty());
    for one in &ended {
        assert_eq!((one.lacks, one.installed), (0, 1), "{one:?}");
    }
    let left = Some(Mutant::LeaveRottenCheckpoint);
    let away =
        (300..360).filter_map(|enough| rotten_lenders(enough, left)).all(|one| one.lacks > 0);
    assert!(away, "it cannot be back while what it needs is rotten");
}

//! Reads with evidence at a node that has nothing but a checkpoint, in a cluster in which nobody
//! writes any more: the checkpoint must tell enough of its last entry to prove what is read there.

mod asking;

use avouch_agreement::{Membership, log};
use avouch_machine::CommandId;
use avouch_promise::trust::Trust;
use avouch_promise::{GroupId, KeyspaceId, Nanos, NodeId, Random, Scope};
use avouch_state::{Operation, PutRequest, RangeRequest};
use avouch_store::node::{Config, Node, NodeMutant, Output};
use avouch_world::{Delay, Driver, Fault, Link, Options, World};
use bytes::Bytes;

const ASKED: NodeId = NodeId(2);
/// Entries between two checkpoints.
const EVERY: u64 = 10;

/// Asks when it is told to, and keeps the answers.
#[derive(Default)]
struct Client {
    asked: u64,
    answers: Vec<Output>,
}

impl Driver<Node> for Client {
    fn on_output(&mut self, _: &mut World<Node>, _: NodeId, output: Output) {
        self.answers.push(output);
    }
}

impl Client {
    fn ask(&mut self, world: &mut World<Node>, node: NodeId, guarantee: &str, what: &Operation) {
        self.asked += 1;
        let ask = asking::ask(self.asked, guarantee, what, true);
        assert!(world.command(node, CommandId(self.asked), ask), "{node} is up");
    }

    fn lets(&mut self, world: &mut World<Node>, run: Nanos) {
        world.run_until(self, world.now().plus(run));
    }

    /// Writes, one entry at a time, until these nodes' checkpoints hold all of the log.
    fn write_up_to_a_checkpoint(&mut self, world: &mut World<Node>, at_least: u64, of: &[NodeId]) {
        let key = Bytes::from_static(b"k");
        let put = PutRequest { key, value: "v".into(), ..PutRequest::default() };
        let whole = |world: &World<Node>, node: &NodeId| {
            world.state(*node).is_some_and(|state| {
                state.log().tail().base().index == state.log().decided()
                    && state.applied() == state.log().decided()
            })
        };
        for count in 1..200 {
            self.ask(world, NodeId(1), "linearizable", &Operation::Put(put.clone()));
            self.lets(world, Nanos::from_millis(300));
            if count >= at_least && of.iter().all(|node| whole(world, node)) {
                return;
            }
        }
        panic!("no checkpoint at the end of the log");
    }
}

/// How many of two reads the node answers with evidence; it was down for as many writes.
fn answered(missed: u64, mutant: Option<NodeMutant>) -> usize {
    let trust = Trust::symbolic(3, 3);
    let voters = Membership::founding((1..=3).map(NodeId).collect());
    let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
    let config = |number| {
        let mut log =
            log::Config::new(NodeId(number), scope, voters.clone(), Nanos::from_millis(120));
        log.bounds.memory = 4;
        Config { mutant, checkpoint_entries: EVERY, ..Config::new(log) }
    };
    let link = Link::with(Delay::log_normal(Nanos::from_millis(3), Nanos::from_millis(8)));
    let options = Options { link, ..Options::default() };
    let seed = Random::seed_from_environment();
    let mut world = World::new(seed, options, (1..=3).map(config).collect());
    let mut client = Client::default();
    client.lets(&mut world, Nanos::from_secs(1));
    if missed > 0 {
        world.inject(Fault::Crash { node: ASKED });
        client.write_up_to_a_checkpoint(&mut world, missed, &[NodeId(1), NodeId(3)]);
    } else {
        client.write_up_to_a_checkpoint(&mut world, 0, &[ASKED]);
        world.inject(Fault::Crash { node: ASKED });
    }
    world.inject(Fault::Restart { node: ASKED });
    client.lets(&mut world, Nanos::from_secs(2));
    let state = world.state(ASKED).map(|state| (state.log().decided(), state.log().tail().base()));
    assert!(state.is_some_and(|(decided, base)| decided == base.index), "{state:?}");
    client.answers.clear();
    let get = Operation::Range(RangeRequest { key: "k".into(), ..RangeRequest::default() });
    for guarantee in ["linearizable", "consistent-prefix"] {
        client.ask(&mut world, ASKED, guarantee, &get);
    }
    client.lets(&mut world, Nanos::from_secs(4));
    assert_eq!(world.violation(), None, "repro: AVOUCH_SEED={seed}");
    let proved =
        |answer: &&Output| answer.reply.as_ref().is_ok_and(|replied| replied.evidence.is_some());
    client.answers.iter().filter(proved).count()
}

#[test]
fn a_node_restarted_right_at_a_checkpoint_proves_its_reads() {
    assert_eq!(answered(0, None), 2);
    assert_eq!(answered(0, Some(NodeMutant::ForgetLastEntry)), 0, "the planted bug passes");
}

#[test]
fn a_node_that_took_over_a_peers_checkpoint_proves_its_reads() {
    assert_eq!(answered(5 * EVERY, None), 2);
    assert_eq!(answered(5 * EVERY, Some(NodeMutant::ForgetLastEntry)), 0, "the planted bug passes");
}

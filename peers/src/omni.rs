//! `omnipaxos` as a subject of the scripts.
//!
//! The crate writes to its storage in the middle of a step and counts what it wrote as durable.
//! Here a write is durable later, so whatever leaves the node waits for everything written
//! before it: to the others that is the same as a storage that returns when it has synced.

use crate::TICKS;
use crate::carried::{Carried, Stamp};
use crate::journal::{Journal, Number, Write};
use avouch_machine::{Effect, Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::{Nanos, NodeId};
use avouch_store::campaign::partial::{Decided, Setup, Subject};
use avouch_world::Simulated;
use bytes::Bytes;
use omnipaxos::messages::Message;
use omnipaxos::util::LogEntry;
use omnipaxos::{ClusterConfig, OmniPaxos, OmniPaxosConfig, ServerConfig};
use std::fmt;
use std::ops::Range;

/// `omnipaxos` 0.2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Omni;

/// One node's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    me: u32,
    nodes: u32,
    tick: Nanos,
}

/// One node.
pub struct State {
    me: u32,
    stamp: Stamp,
    journal: Journal,
    paxos: OmniPaxos<Number, Journal>,
    next: Seq,
    durable: Seq,
    /// How many decided entries the client was told of.
    told: usize,
    outgoing: Vec<Message<Number>>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let promise = self.paxos.get_promise();
        write!(f, "n{} {promise:?} decided {}", self.me, self.paxos.get_decided_idx())
    }
}

impl State {
    /// Persists what was written, then lets out what was said.
    fn finish(&mut self, effects: &mut Effects<Omni>) {
        let writes = self.journal.take();
        if !writes.is_empty() {
            effects.persist(self.next, self.stamp.next(writes));
            self.next = self.next.next();
        }
        let written = Seq(self.next.0 - 1);
        let after = (written > self.durable).then_some(written);
        self.paxos.take_outgoing_messages(&mut self.outgoing);
        for message in self.outgoing.drain(..) {
            let to = NodeId(message.get_receiver() as u32);
            let message = self.stamp.next(message);
            effects.push(Effect::Send { to, message, after });
        }
        let decided = self.paxos.get_decided_idx();
        if decided > self.told {
            let entries = self.paxos.read_decided_suffix(self.told).unwrap_or_default();
            let numbered = (self.told as u64 + 1..).zip(entries);
            let value = numbered.filter_map(|(place, entry)| match entry {
                LogEntry::Decided(Number(number)) => Some(Decided { place, number }),
                _ => None,
            });
            effects.push(Effect::Output { value: value.collect(), after });
            self.told = decided;
        }
    }
}

impl Protocol for Omni {
    type Config = Config;
    type State = State;
    type Message = Carried<Message<Number>>;
    type Command = Batch;
    type Record = Carried<Vec<Write>>;
    type Image = ();
    type Output = Vec<Decided>;
    type Observation = ();
    type Timer = ();

    fn recover(config: &Config, recovered: Recovered<Self>) -> State {
        let journal = Journal::default();
        for (_, record) in recovered.records {
            journal.replay(record.value);
        }
        let whole = OmniPaxosConfig {
            cluster_config: ClusterConfig {
                configuration_id: 1,
                nodes: (1..=u64::from(config.nodes)).collect(),
                flexible_quorum: None,
            },
            server_config: ServerConfig {
                pid: u64::from(config.me),
                election_tick_timeout: TICKS,
                resend_message_tick_timeout: TICKS,
                ..ServerConfig::default()
            },
        };
        let paxos = whole.build(journal.clone());
        State {
            me: config.me,
            stamp: Stamp { node: config.me, ..Stamp::default() },
            journal,
            paxos: paxos.expect("a fixed configuration is valid"),
            next: recovered.next_seq,
            durable: Seq(recovered.next_seq.0 - 1),
            told: 0,
            outgoing: Vec::new(),
        }
    }

    fn step(
        config: &Config,
        state: &mut State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { incarnation } => {
                state.stamp.life = incarnation.0;
                effects.set_timer((), env.monotonic().plus(config.tick));
            }
            Event::Timer(()) => {
                effects.set_timer((), env.monotonic().plus(config.tick));
                state.paxos.tick();
            }
            Event::Message { message, .. } => state.paxos.handle_incoming(message.value),
            Event::Command { command: Batch(numbers), .. } => {
                for number in numbers[0]..numbers[1] {
                    // Refused only while reconfiguring, which never happens here.
                    let _ = state.paxos.append(Number(number));
                }
            }
            Event::Persisted(seq) => state.durable = state.durable.max(seq),
            Event::Loaded { .. } | Event::Checkpointed(_) => {}
        }
        state.finish(effects);
    }
}

/// The first proposal of a command, and the one after its last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Batch(pub [u64; 2]);

impl Simulated for Omni {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}

impl Subject for Omni {
    fn configs(setup: &Setup) -> Vec<Config> {
        let tick = Nanos(setup.timeout.0 / TICKS);
        (1..=setup.nodes).map(|me| Config { me, nodes: setup.nodes, tick }).collect()
    }

    fn propose(numbers: Range<u64>) -> Batch {
        Batch([numbers.start, numbers.end])
    }

    fn decided(output: &Vec<Decided>) -> Vec<Decided> {
        output.clone()
    }

    fn leads(state: &State) -> Option<u64> {
        let (leader, accepting) = state.paxos.get_current_leader()?;
        let leads = accepting && leader == u64::from(state.me);
        leads.then(|| u64::from(state.paxos.get_promise().n))
    }

    fn length(state: &State) -> u64 {
        state.paxos.get_accepted_idx() as u64
    }
}

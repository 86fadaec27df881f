//! `raft` (raft-rs, as `TiKV` runs it) as a subject of the scripts, in two settings.
//!
//! Persistence is the crate's own asynchronous way: what `Ready` wants durable becomes a record,
//! its `persisted_messages` wait for that record, and `on_persist_ready` follows it.
//!
//! The crate draws election timeouts from the thread's randomness. After every call the timeout
//! is set again, to one drawn from seed, node, term and count of attempts in the same range, so
//! that a run is determined by its seed.

use crate::TICKS;
use crate::carried::{Carried, Stamp};
use crate::omni::Batch;
use avouch_machine::{Effect, Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::{Nanos, NodeId, Random};
use avouch_store::campaign::partial::{Decided, Setup, Subject};
use avouch_world::Simulated;
use bytes::Bytes;
use raft::eraftpb::{Entry, HardState, Message};
use raft::storage::MemStorage;
use raft::{RawNode, StateRole};
use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

/// raft-rs 0.7; with `CAREFUL`, pre-vote and quorum check are on, as in `TiKV`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Raft<const CAREFUL: bool>;

/// One node's configuration.
#[derive(Clone, Debug)]
pub struct Config {
    me: u32,
    nodes: u32,
    tick: Nanos,
    seed: u64,
}

/// What `Ready` wants durable.
#[derive(Clone, Debug)]
pub struct Durable {
    entries: Vec<Entry>,
    hard_state: Option<HardState>,
}

/// One node.
pub struct State {
    me: u32,
    seed: u64,
    stamp: Stamp,
    node: RawNode<MemStorage>,
    /// Elections that this node's timer began: each draws a new timeout.
    attempts: u64,
    next: Seq,
    durable: Seq,
    /// Which `Ready` each record under way belongs to.
    under_way: VecDeque<(Seq, u64)>,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raft = &self.node.raft;
        write!(f, "n{} {:?} term {} commit {}", self.me, raft.state, raft.term, raft.raft_log.committed)
    }
}

impl State {
    fn draw_timeout(&mut self) {
        let root = Random::new(self.seed).fork(u64::from(self.me));
        let mut random = root.fork(self.node.raft.term).fork(self.attempts);
        let timeout = random.between(TICKS, 2 * TICKS - 1);
        self.node.raft.set_randomized_election_timeout(timeout as usize);
    }

    fn tick(&mut self) {
        let before = self.node.raft.election_elapsed;
        self.node.tick();
        let raft = &self.node.raft;
        if raft.state != StateRole::Leader && raft.election_elapsed < before {
            self.attempts += 1;
        }
    }

    fn send<const CAREFUL: bool>(
        &mut self,
        messages: Vec<Message>,
        after: Option<Seq>,
        effects: &mut Effects<Raft<CAREFUL>>,
    ) {
        for message in messages {
            let to = NodeId(message.to as u32);
            let message = self.stamp.next(message);
            effects.push(Effect::Send { to, message, after });
        }
    }

    /// Handles everything that is ready.
    fn finish<const CAREFUL: bool>(&mut self, effects: &mut Effects<Raft<CAREFUL>>) {
        self.draw_timeout();
        while self.node.has_ready() {
            let mut ready = self.node.ready();
            self.send(ready.take_messages(), None, effects);
            let (entries, hard_state) = (ready.take_entries(), ready.hs().cloned());
            if !entries.is_empty() || hard_state.is_some() {
                let mut store = self.node.mut_store().wl();
                store.append(&entries).expect("entries continue the log");
                if let Some(hard_state) = &hard_state {
                    store.set_hardstate(hard_state.clone());
                }
                drop(store);
                let record = self.stamp.next(Durable { entries, hard_state });
                effects.persist(self.next, record);
                self.next = self.next.next();
            }
            let written = Seq(self.next.0 - 1);
            let after = (written > self.durable).then_some(written);
            self.send(ready.take_persisted_messages(), after, effects);
            let committed = ready.take_committed_entries();
            let number = ready.number();
            self.node.advance_append_async(ready);
            match after {
                Some(seq) => self.under_way.push_back((seq, number)),
                None => self.node.on_persist_ready(number),
            }
            self.apply(&committed, effects);
        }
    }

    fn apply<const CAREFUL: bool>(
        &mut self,
        committed: &[Entry],
        effects: &mut Effects<Raft<CAREFUL>>,
    ) {
        let Some(last) = committed.last() else { return };
        self.node.advance_apply_to(last.index);
        let decided = committed.iter().filter_map(|entry| {
            let number = u64::from_le_bytes(entry.data.as_ref().try_into().ok()?);
            Some(Decided { place: entry.index, number })
        });
        let decided: Vec<_> = decided.collect();
        if !decided.is_empty() {
            effects.output(decided);
        }
    }

    fn persisted(&mut self, seq: Seq) {
        self.durable = self.durable.max(seq);
        let mut reached = None;
        while let Some((at, number)) = self.under_way.front().copied() {
            if at > seq {
                break;
            }
            reached = Some(number);
            self.under_way.pop_front();
        }
        if let Some(number) = reached {
            self.node.on_persist_ready(number);
        }
    }
}

impl<const CAREFUL: bool> Protocol for Raft<CAREFUL> {
    type Config = Config;
    type State = State;
    type Message = Carried<Message>;
    type Command = Batch;
    type Record = Carried<Durable>;
    type Image = ();
    type Output = Vec<Decided>;
    type Observation = ();
    type Timer = ();

    fn recover(config: &Config, recovered: Recovered<Self>) -> State {
        let voters: Vec<u64> = (1..=u64::from(config.nodes)).collect();
        let store = MemStorage::new_with_conf_state((voters, Vec::new()));
        for (_, record) in recovered.records {
            let Durable { entries, hard_state } = record.value;
            let mut core = store.wl();
            core.append(&entries).expect("entries continue the log");
            if let Some(hard_state) = hard_state {
                core.set_hardstate(hard_state);
            }
        }
        let settings = raft::Config {
            id: u64::from(config.me),
            election_tick: TICKS as usize,
            heartbeat_tick: 1,
            max_size_per_msg: 1 << 20,
            max_inflight_msgs: 256,
            check_quorum: CAREFUL,
            pre_vote: CAREFUL,
            ..raft::Config::default()
        };
        let logger = slog::Logger::root(slog::Discard, slog::o!());
        let node = RawNode::new(&settings, store, &logger);
        let mut state = State {
            me: config.me,
            seed: config.seed,
            stamp: Stamp { node: config.me, ..Stamp::default() },
            node: node.expect("a fixed configuration is valid"),
            attempts: 0,
            next: recovered.next_seq,
            durable: Seq(recovered.next_seq.0 - 1),
            under_way: VecDeque::new(),
        };
        state.draw_timeout();
        state
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
                state.tick();
            }
            // An error means that the message is stale, or that there is no leader to forward to.
            Event::Message { message, .. } => drop(state.node.step(message.value)),
            Event::Command { command: Batch([first, end]), .. } => {
                for number in first..end {
                    drop(state.node.propose(Vec::new(), number.to_le_bytes().to_vec()));
                }
            }
            Event::Persisted(seq) => state.persisted(seq),
            Event::Loaded { .. } | Event::Checkpointed(_) => {}
        }
        state.finish(effects);
    }
}

impl<const CAREFUL: bool> Simulated for Raft<CAREFUL> {
    fn image_bytes((): &()) -> Bytes {
        Bytes::new()
    }
}

impl<const CAREFUL: bool> Subject for Raft<CAREFUL> {
    fn configs(setup: &Setup) -> Vec<Config> {
        let (nodes, seed) = (setup.nodes, setup.seed);
        let tick = Nanos(setup.timeout.0 / TICKS);
        (1..=nodes).map(|me| Config { me, nodes, tick, seed }).collect()
    }

    fn propose(numbers: Range<u64>) -> Batch {
        Batch([numbers.start, numbers.end])
    }

    fn decided(output: &Vec<Decided>) -> Vec<Decided> {
        output.clone()
    }

    fn leads(state: &State) -> Option<u64> {
        let raft = &state.node.raft;
        (raft.state == StateRole::Leader).then_some(raft.term)
    }

    fn length(state: &State) -> u64 {
        state.node.raft.raft_log.last_index()
    }
}

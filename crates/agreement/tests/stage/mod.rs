//! A stage: nodes of one log, and messages that stay where they are until a test delivers them.
#![allow(dead_code, reason = "each test uses a part of it")]

use avouch_agreement::explore::Explored;
use avouch_agreement::log::{
    Command, Config, Message, Observation, Output, Payload, Place, Proposal, Record, SharedEntry,
    Timer,
};
use avouch_machine::{CommandId, Effect, Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::signature::Symbolic;
use avouch_promise::{
    Ballot, Digest, Incarnation, Interval, LogIndex, Nanos, NodeId, Signature, Signer,
};
use bytes::Bytes;
use std::collections::BTreeMap;

fn bytes(entries: &[SharedEntry]) -> usize {
    entries.iter().map(|entry| entry.size()).sum()
}
fn carried(message: &Message) -> usize {
    match message {
        Message::Promise { vote, .. } | Message::Rejoined { vote, .. } => bytes(&vote.suffix),
        Message::Append { entries, .. } | Message::Fetched { entries, .. } => bytes(entries),
        Message::Forward { requests, .. } => requests.iter().map(|r| r.bytes().len()).sum(),
        _ => 0,
    }
}

/// Nothing moves here: no time passes, the first choice is taken, every signature holds.
pub(crate) struct Still(pub(crate) NodeId);

impl Env for Still {
    fn monotonic(&self) -> Nanos {
        Nanos::ZERO
    }
    fn wall(&self) -> Interval {
        Interval::UNKNOWN
    }
    fn choose(&mut self, _: u32) -> u32 {
        0
    }
    fn sign(&mut self, message: &[u8]) -> Signature {
        Symbolic(self.0).sign(message)
    }
    fn verify(&self, _: NodeId, _: &[u8], _: &Signature) -> bool {
        true
    }
}

/// One node, with its disk.
struct Node {
    config: Config,
    state: <Explored as Protocol>::State,
    /// The disk; everything on it is durable.
    records: Vec<(Seq, Record)>,
    incarnation: Incarnation,
}

/// A few nodes, and messages that stay where they are until they are delivered or lost.
pub(crate) struct Stage {
    nodes: BTreeMap<NodeId, Node>,
    pub(crate) under_way: Vec<(NodeId, NodeId, Message)>,
    /// Where each position was decided, and as what.
    decided: BTreeMap<LogIndex, (NodeId, Digest)>,
    pub(crate) contradiction: bool,
    pub(crate) rejoined: bool,
    /// The most bytes of entries in one message or record.
    pub(crate) largest: usize,
}

impl Stage {
    /// Nodes of these configurations, started on empty disks.
    pub(crate) fn new(configs: Vec<Config>) -> Self {
        let node = |config: Config| {
            let state = Explored::recover(&config, Recovered::fresh());
            let node = Node { state, records: Vec::new(), incarnation: Incarnation(0), config };
            (node.config.me, node)
        };
        let nodes = configs.into_iter().map(node).collect();
        let (under_way, decided) = (Vec::new(), BTreeMap::new());
        let (contradiction, rejoined, largest) = (false, false, 0);
        let mut stage = Self { nodes, under_way, decided, contradiction, rejoined, largest };
        let all: Vec<_> = stage.nodes.keys().copied().collect();
        for node in all {
            stage.start(node);
        }
        stage
    }

    fn start(&mut self, node: NodeId) {
        let one = self.nodes.get_mut(&node).unwrap();
        one.incarnation = Incarnation(one.incarnation.0 + 1);
        let incarnation = one.incarnation;
        self.step(node, Event::Started { incarnation });
    }

    /// One event, and what its records' becoming durable brings.
    pub(crate) fn step(&mut self, node: NodeId, event: Event<Explored>) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let one = self.nodes.get_mut(&node).unwrap();
            let mut effects = Effects::new();
            Explored::step(&one.config, &mut one.state, event, &mut Still(node), &mut effects);
            let mut durable = None;
            for effect in effects.drain() {
                match effect {
                    Effect::Persist { seq, record } => {
                        if let Record::Append { entries, .. } = &record {
                            self.largest = self.largest.max(bytes(entries));
                        }
                        one.records.push((seq, record));
                        durable = Some(seq);
                    }
                    // Everything is durable before the next step, so nothing waits for it.
                    Effect::Send { to, message, after: _ } => {
                        self.largest = self.largest.max(carried(&message));
                        self.under_way.push((node, to, message));
                    }
                    Effect::Output { value: Output::Decided(entries), .. } => {
                        for entry in entries {
                            let said = (node, entry.chain());
                            let first = self.decided.entry(entry.index()).or_insert(said);
                            self.contradiction |= first.1 != entry.chain();
                        }
                    }
                    Effect::Observe(Observation::Rejoined) => self.rejoined = true,
                    _ => {}
                }
            }
            next = durable.map(Event::Persisted);
        }
    }

    /// Tries to lead.
    pub(crate) fn campaign(&mut self, node: NodeId) {
        self.step(node, Event::Timer(Timer::Election));
    }

    /// Asks a node to have a request decided.
    pub(crate) fn propose(&mut self, node: NodeId, request: &[u8]) {
        let payload = Payload::new(Bytes::copy_from_slice(request));
        let command = Command::Propose(vec![Proposal { payload, attest: false }]);
        self.step(node, Event::Command { id: CommandId(0), command });
    }

    /// Delivers what is under way between these nodes, and what follows from it.
    pub(crate) fn deliver(&mut self, among: &[NodeId]) {
        while let Some(at) = self
            .under_way
            .iter()
            .position(|(from, to, _)| among.contains(from) && among.contains(to))
        {
            let (from, to, message) = self.under_way.remove(at);
            self.step(to, Event::Message { from, message });
        }
    }

    /// Delivers what is under way between one node and these others, and what follows from it.
    pub(crate) fn converse(&mut self, node: NodeId, others: &[NodeId]) {
        for _ in others {
            for other in others {
                self.deliver(&[node, *other]);
            }
        }
    }

    /// Takes everything that a node has sent out of the way.
    pub(crate) fn hold(&mut self, from: NodeId) -> Vec<(NodeId, NodeId, Message)> {
        self.under_way.extract_if(.., |(sender, ..)| *sender == from).collect()
    }

    /// Delivers what is under way from one node to another, and not what follows.
    pub(crate) fn carry(&mut self, from: NodeId, to: NodeId) {
        let here = |(a, b, _): &(NodeId, NodeId, Message)| *a == from && *b == to;
        let all: Vec<_> = self.under_way.extract_if(.., |message| here(message)).collect();
        for (_, _, message) in all {
            self.step(to, Event::Message { from, message });
        }
    }

    /// A node comes back without the records after the first `kept`.
    pub(crate) fn lose_tail(&mut self, node: NodeId, kept: usize) {
        let one = self.nodes.get_mut(&node).unwrap();
        let next_seq = Seq(one.records.len() as u64 + 1);
        one.records.truncate(kept);
        self.come_back(node, next_seq);
    }

    /// A node comes back on a disk that lied: the records after the first `kept` are gone, and
    /// nothing shows it.
    pub(crate) fn forget_tail(&mut self, node: NodeId, kept: usize) {
        self.nodes.get_mut(&node).unwrap().records.truncate(kept);
        let records = self.nodes[&node].records.clone();
        self.come_back_with(node, records, false);
    }

    /// A node comes back without this one of its records.
    pub(crate) fn rot(&mut self, node: NodeId, record: usize) {
        let one = self.nodes.get_mut(&node).unwrap();
        let next_seq = one.records.last().unwrap().0.next();
        one.records.remove(record);
        self.come_back(node, next_seq);
    }

    /// A node comes back and cannot read this one of its records, which stays where it is.
    pub(crate) fn misread(&mut self, node: NodeId, record: usize) {
        let mut records = self.nodes[&node].records.clone();
        records.remove(record);
        self.come_back_with(node, records, true);
    }

    /// A node comes back and reads everything.
    pub(crate) fn restart(&mut self, node: NodeId) {
        let records = self.nodes[&node].records.clone();
        self.come_back_with(node, records, false);
    }

    fn come_back_with(&mut self, node: NodeId, records: Vec<(Seq, Record)>, doubtful: bool) {
        let one = self.nodes.get_mut(&node).unwrap();
        let next_seq = one.records.last().unwrap().0.next();
        let recovered = Recovered { checkpoint: None, records, next_seq, doubtful };
        one.state = Explored::recover(&one.config, recovered);
        self.start(node);
    }

    /// A node starts on what is left of its disk.
    fn come_back(&mut self, node: NodeId, next_seq: Seq) {
        let one = self.nodes.get_mut(&node).unwrap();
        let records = one.records.clone();
        let recovered = Recovered { checkpoint: None, records, next_seq, doubtful: true };
        one.state = Explored::recover(&one.config, recovered);
        self.start(node);
    }

    /// How many records a node has.
    pub(crate) fn length(&self, node: NodeId) -> usize {
        self.nodes[&node].records.len()
    }
    /// How far a node knows the log to be decided.
    pub(crate) fn decided(&self, node: NodeId) -> LogIndex {
        self.nodes[&node].state.decided()
    }
    /// Whether a node leads.
    pub(crate) fn leads(&self, node: NodeId) -> bool {
        self.nodes[&node].state.leads().is_some()
    }
    /// Whether a node doubts its disk.
    pub(crate) fn doubts(&self, node: NodeId) -> bool {
        self.nodes[&node].state.in_doubt()
    }
    /// What a node has promised.
    pub(crate) fn promised(&self, node: NodeId) -> Ballot {
        self.nodes[&node].state.promised()
    }
    /// Where a node's log ends.
    pub(crate) fn end(&self, node: NodeId) -> Place {
        self.nodes[&node].state.end()
    }
}

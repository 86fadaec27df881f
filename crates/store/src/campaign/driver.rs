//! Drives the clients, keeps the history and the evidence, and holds the states to invariants.

use super::client::{Client, Wish, outcome};
use super::findings::{Findings, Told};
use super::habit::Habit;
use crate::node::{Command, Node, Output, Replied};
use avouch_agreement::log::Observation;
use avouch_check::history::{Call, Record};
use avouch_machine::{CommandId, Seq};
use avouch_promise::evidence::{Evidence, Item, Verdict, verify};
use avouch_promise::trust::Trust;
use avouch_promise::{Answer, Decode, Digest, LogIndex, LogPoint, Nanos, NodeId, Random};
use avouch_state::Projected;
use avouch_world::clock::true_time;
use avouch_world::{Count, Driver, World};
use bytes::Bytes;
use std::collections::BTreeMap;

use avouch_check::operation::Moment;

/// How long a client waits for its node before it gives up on it.
const GIVE_UP: Nanos = Nanos::from_millis(2_500);
/// How often a client sends a request again, at another node, before it calls it unknown.
const RETRIES: u32 = 2;

/// A request under way.
struct Flight {
    wish: Wish,
    client: usize,
    node: NodeId,
    /// Whose call of the history it is.
    call: usize,
    /// How often it was sent again.
    retries: u32,
    /// How long this node may take.
    patience: Nanos,
}

/// What was compared of a node.
#[derive(Default)]
struct Compared {
    decided: Option<(LogIndex, Digest)>,
    applied: Option<(LogIndex, Projected)>,
}

/// The clients of a run.
pub struct Workload {
    trust: Trust,
    clients: Vec<Client>,
    keys: u64,
    evidence_share: f64,
    stop_at: Nanos,
    flights: BTreeMap<u64, Flight>,
    /// Answers on their way back to clients that are not beside their node.
    replies: BTreeMap<u64, Output>,
    next_command: u64,
    moment: u64,
    process: u64,
    /// The chain seen at each decided position, by any node.
    chains: BTreeMap<LogIndex, Digest>,
    /// What the machine showed at each applied position.
    shown: BTreeMap<LogIndex, (NodeId, Projected)>,
    /// What of each node was compared last: as long as it is the same, there is nothing to compare.
    compared: BTreeMap<NodeId, Compared>,
    final_reads: u64,
    /// Whether every clock keeps its stated bound in this run, so that answers can be held to it.
    honest_clocks: bool,
    /// Whether two states at one point are held to be equal.
    comparing: bool,
    /// The time from one operation of a client to its next, where clients keep a pace.
    period: Option<Nanos>,
    /// When each client's next operation is due, where clients keep a pace.
    due: Vec<Nanos>,
    /// What was found.
    pub findings: Findings,
}

/// Wakeups below this are clients' next wishes; from here on, give-ups of commands.
const GIVE_UPS: u64 = 1 << 32;
/// From here on, commands that reach their node.
const SENDS: u64 = 1 << 48;
/// From here on, answers that reach their client.
const ANSWERS: u64 = 1 << 49;
/// Wakeups from here on are left to whoever watches the workload.
pub const WATCH: u64 = 1 << 50;
/// How soon a client knows that a node takes no connection.
const REFUSED: Nanos = Nanos::from_millis(1);

impl Workload {
    /// `clients` clients on `keys` keys until `stop_at`; `evidence_share` of them ask for evidence.
    pub fn new(
        trust: Trust,
        seed: u64,
        clients: u64,
        keys: u64,
        evidence_share: f64,
        stop_at: Nanos,
    ) -> Self {
        let root = Random::new(seed).fork(0x636c_6965_6e74);
        let client = |id: u64| Client::new(id, root.fork(id));
        Self {
            trust,
            clients: (1..=clients).map(client).collect(),
            keys,
            evidence_share,
            stop_at,
            flights: BTreeMap::new(),
            replies: BTreeMap::new(),
            next_command: 1,
            moment: 0,
            process: clients,
            chains: BTreeMap::new(),
            shown: BTreeMap::new(),
            compared: BTreeMap::new(),
            final_reads: 0,
            honest_clocks: false,
            comparing: true,
            period: None,
            due: Vec::new(),
            findings: Findings::default(),
        }
    }

    /// A client for each habit, until `stop_at`.
    pub fn of_habits(trust: Trust, seed: u64, habits: Vec<Habit>, stop_at: Nanos) -> Self {
        let keys = habits.iter().map(|habit| habit.keys).max().unwrap_or(1);
        let mut workload = Self::new(trust, seed, habits.len() as u64, keys, 0.0, stop_at);
        for (client, habit) in workload.clients.iter_mut().zip(habits) {
            client.habit = Some(habit);
        }
        workload
    }

    /// Makes this share of the values large.
    #[must_use]
    pub fn with_large_values(mut self, share: f64) -> Self {
        self.clients.iter_mut().for_each(|client| client.large = share);
        self
    }

    /// Each client begins an operation each `period`, or as soon as it has its answer; without,
    /// it pauses at random in between.
    #[must_use]
    pub fn with_period(mut self, period: Nanos) -> Self {
        let clients = self.clients.len() as u64;
        let first = |client| Nanos(period.0 * client / clients.max(1));
        (self.period, self.due) = (Some(period), (0..clients).map(first).collect());
        self
    }

    /// Makes room for a history of so many calls, which then never moves while it grows.
    #[must_use]
    pub fn with_room(mut self, calls: u64) -> Self {
        let history = &mut self.findings.history;
        history.calls.reserve(calls as usize);
        history.times.reserve(2 * calls as usize);
        self
    }

    /// Also holds the clocks of answers to their bound.
    #[must_use]
    pub fn with_honest_clocks(self, honest_clocks: bool) -> Self {
        Self { honest_clocks, ..self }
    }

    /// Leaves states that differ at one point to whoever meters them.
    #[must_use]
    pub fn comparing_nothing(self) -> Self {
        Self { comparing: false, ..self }
    }

    fn record(&mut self, now: Nanos) -> Record {
        // Odd, so that a bound in time falls between two (as readers of histories number them).
        let moment = Moment(2 * self.moment + 1);
        self.moment += 1;
        self.findings.history.times.push(now);
        Record { line: 0, time: Some(now), moment }
    }

    /// The client's next operation, at a random node.
    fn begin(&mut self, world: &mut World<Node>, client: usize) {
        let (cluster, keys, share) = (self.trust.cluster(), self.keys, self.evidence_share);
        let Some(one) = self.clients.get_mut(client) else { return };
        let nodes: Vec<_> = world.nodes().collect();
        let node = match &one.habit {
            Some(habit) => {
                let near = habit.nodes.iter().map(|reach| reach.node);
                let up = near.clone().find(|node| world.is_up(*node));
                up.or_else(|| near.clone().next()).unwrap_or_default()
            }
            None => one.random().pick(&nodes).copied().unwrap_or_default(),
        };
        let wish = one.wish(cluster, keys, share);
        let patience = self.habit(client).map_or(GIVE_UP, |habit| habit.patience);
        self.invoke(world, (client, wish), node, patience, 0);
    }

    fn invoke(
        &mut self,
        world: &mut World<Node>,
        (client, wish): (usize, Wish),
        node: NodeId,
        patience: Nanos,
        retries: u32,
    ) {
        let began = self.record(world.now());
        let call = self.findings.history.calls.len();
        self.findings.history.calls.push(Call {
            process: client as u64,
            action: wish.action.clone(),
            answer: None,
            guarantee: wish.guarantee,
            point: None,
            began,
            ended: None,
        });
        self.send(world, Flight { wish, client, node, call, retries, patience });
    }

    fn send(&mut self, world: &mut World<Node>, flight: Flight) {
        let id = self.next_command;
        self.next_command += 1;
        world.wake(world.now().plus(flight.patience), GIVE_UPS + id);
        let way = self.distance(flight.client, flight.node);
        self.flights.insert(id, flight);
        match way {
            Nanos::ZERO => self.reach(world, id),
            way => world.wake(world.now().plus(way), SENDS + id),
        }
    }

    /// A command reaches its node; one that is down takes no connection, and a client knows.
    fn reach(&mut self, world: &mut World<Node>, id: u64) {
        let Some(flight) = self.flights.get(&id) else { return };
        let taken =
            world.command(flight.node, CommandId(id), Command::Ask(flight.wish.ask.clone()));
        let (client, node) = (flight.client, flight.node);
        if !taken && self.habit(client).is_some() {
            let way = self.distance(client, node);
            world.wake(world.now().plus(way).plus(REFUSED), GIVE_UPS + id);
        }
    }

    fn habit(&self, client: usize) -> Option<&Habit> {
        self.clients.get(client).and_then(|client| client.habit.as_ref())
    }

    /// How long a message between a client and a node takes now.
    fn distance(&mut self, client: usize, node: NodeId) -> Nanos {
        let Some(one) = self.clients.get_mut(client) else { return Nanos::ZERO };
        let Some(habit) = one.habit.take() else { return Nanos::ZERO };
        let way = habit.distance(node, one.random());
        one.habit = Some(habit);
        way
    }

    /// An answer, or a refusal, reaches its client.
    fn hear(&mut self, world: &mut World<Node>, output: &Output) {
        let Some(flight) = self.flights.remove(&output.id.0) else { return };
        match &output.reply {
            Ok(replied) => {
                self.answered(world, &flight, replied);
                self.next_wish(world, flight.client);
            }
            Err(_) => self.unanswered(world, flight),
        }
    }

    /// No answer, or an error: a write is sent again elsewhere, the very same bytes.
    fn unanswered(&mut self, world: &mut World<Node>, mut flight: Flight) {
        let is_write = self.findings.history.calls[flight.call].is_write();
        let habit = self.habit(flight.client);
        if (is_write || habit.is_some()) && flight.retries < RETRIES {
            flight.retries += 1;
            world.note("retries", 1);
            if let Some(habit) = habit {
                flight.node = habit.after(flight.node);
                return self.send(world, flight);
            }
            let others: Vec<_> = world.nodes().filter(|node| *node != flight.node).collect();
            let one = &mut self.clients[flight.client];
            flight.node = one.random().pick(&others).copied().unwrap_or(flight.node);
            return self.send(world, flight);
        }
        world.note(if is_write { "unknown_writes" } else { "unanswered_reads" }, 1);
        // A process whose call never returned calls no more: the client goes on as another.
        self.next_wish(world, flight.client);
    }

    fn next_wish(&mut self, world: &mut World<Node>, client: usize) {
        if world.now() >= self.stop_at {
            return;
        }
        let one = &mut self.clients[client];
        let at = if let Some(habit) = one.habit.take() {
            let pause = habit.pause(one.random());
            one.habit = Some(habit);
            world.now().plus(pause)
        } else if let (Some(period), Some(due)) = (self.period, self.due.get_mut(client)) {
            let at = world.now().max(*due);
            *due = due.plus(period);
            at
        } else {
            let pause = self.clients[client].random().between(200, 20_000);
            world.now().plus(Nanos::from_micros(pause))
        };
        world.wake(at, client as u64);
    }

    fn answered(&mut self, world: &mut World<Node>, flight: &Flight, replied: &Replied) {
        let Some(answer) = outcome(&flight.wish.action, &replied.outcome) else {
            world.fail(format!("{:?} was answered by an error", flight.wish.action));
            return;
        };
        let ended = self.record(world.now());
        let call = &mut self.findings.history.calls[flight.call];
        call.answer = Some(answer);
        call.ended = Some(ended);
        call.point = Some(replied.point);
        let told = Told { node: flight.node, item: None };
        self.findings.told.insert(flight.call, told);
        world.note("answered", 1);
        if flight.wish.ask.evidence
            && let Some(proved) = self.judge_evidence(world, flight, replied)
        {
            if proved != replied.point {
                let (node, said) = (flight.node, replied.point);
                self.refuse(world, format!("{node} says {said}, its evidence proves {proved}"));
            }
            self.findings.history.calls[flight.call].point = Some(proved);
            self.findings.proved.insert(flight.call, proved);
        }
    }

    /// An answer's evidence ends the run, unless something else has.
    fn refuse(&mut self, world: &mut World<Node>, what: String) {
        if world.violation().is_none() {
            self.findings.against_evidence = Some(what.clone());
        }
        world.fail(what);
    }

    /// Every piece of evidence must hold, as the client's own verifier sees it; the point that it
    /// proves.
    fn judge_evidence(
        &mut self,
        world: &mut World<Node>,
        flight: &Flight,
        replied: &Replied,
    ) -> Option<LogPoint> {
        let Some(evidence) = &replied.evidence else {
            world.note("evidence_lost", 1);
            return None;
        };
        let Wish { ask, nonce, .. } = &flight.wish;
        let judgement = verify(&self.trust, &ask.request, &replied.outcome, evidence, Some(*nonce));
        world.note("evidence", 1);
        if judgement.verdict != Verdict::Holds {
            self.refuse(world, format!("evidence from {} does not hold: {judgement}", flight.node));
        }
        if self.honest_clocks
            && let Some(wrong) = self.judge_clock(world, flight, evidence)
        {
            self.refuse(world, wrong);
        }
        if let Some(told) = self.findings.told.get_mut(&flight.call) {
            told.item = Some(self.findings.evidence.items.len());
        }
        self.findings.evidence.items.push(Item {
            request: ask.request.clone(),
            response: replied.outcome.clone(),
            evidence: evidence.clone(),
            nonce: Some(*nonce),
        });
        judgement.point.filter(|_| judgement.holds())
    }

    /// The answer's clock was read between call and answer: its interval meets that span.
    fn judge_clock(&self, world: &World<Node>, flight: &Flight, evidence: &[u8]) -> Option<String> {
        let evidence = Evidence::from_bytes(evidence).ok()?;
        let wall = Answer::from_bytes(&evidence.answer.bytes).ok()?.wall.interval;
        let began = self.findings.history.calls.get(flight.call)?.began.time?;
        let call = true_time(began.0);
        let late = wall.earliest > world.true_time();
        (wall.latest < call || late).then(|| {
            format!("{} says it answered at {wall:?}, before it was asked at {call:?}", flight.node)
        })
    }

    /// Linearizable reads of every key, once everything is calm, at every node that is not gone for
    /// good: all must answer.
    pub fn final_reads(&mut self, world: &mut World<Node>) {
        let cluster = self.trust.cluster();
        let nodes: Vec<_> = world.nodes().filter(|node| !world.is_gone(*node)).collect();
        for node in nodes {
            for key in 0..self.keys {
                let wish = self.clients[0].final_read(cluster, Bytes::from(format!("k{key}")));
                self.final_reads += 1;
                self.process += 1;
                // Of this node and no other: nobody answers for one that is stuck.
                self.invoke(world, (0, wish), node, GIVE_UP, RETRIES);
            }
        }
    }

    /// Whether every call that was begun after calm has its answer.
    pub fn all_answered(&self, since: Nanos) -> Result<(), String> {
        let calls = &self.findings.history.calls;
        let open = calls.iter().filter(|call| {
            call.ended.is_none() && call.began.time.is_some_and(|time| time >= since)
        });
        match open.count() {
            0 => Ok(()),
            count => Err(format!("{count} calls begun in calm were never answered")),
        }
    }

    /// Evidence of the whole run against itself.
    pub fn forks(&self) -> Vec<String> {
        self.findings.forks(&self.trust)
    }

    /// Two nodes' states at one point must be equal, and decided logs prefixes of one log.
    fn compare(&mut self, world: &mut World<Node>, id: NodeId) {
        let Some(state) = world.state(id) else { return };
        let last = self.compared.entry(id).or_default();
        let decided = state.log().decided();
        let place = state.log().tail().at(decided).map(|place| (decided, place.chain));
        let place = place.filter(|place| last.decided.replace(*place) != Some(*place));
        let wrong = place.and_then(|(decided, here)| {
            let chain = *self.chains.entry(decided).or_insert(here);
            (chain != here).then(|| format!("{id} decided another log up to {decided}"))
        });
        let applied = state.applied();
        let comparable = applied.0 % 16 == 0 && applied > LogIndex(0);
        let shown = comparable.then(|| (applied, state.machine().store().projected()));
        let shown = shown.filter(|shown| last.applied.replace(*shown) != Some(*shown));
        let differs = shown.and_then(|(applied, here)| {
            let (other, known) = *self.shown.entry(applied).or_insert((id, here));
            (known != here).then(|| format!("{id} and {other} differ in state at {applied}"))
        });
        if let Some(wrong) = wrong.or(differs) {
            world.fail(wrong);
        }
    }
}

impl Driver<Node> for Workload {
    fn on_begin(&mut self, world: &mut World<Node>) {
        for client in 0..self.clients.len() {
            self.next_wish(world, client);
        }
    }

    fn on_wakeup(&mut self, world: &mut World<Node>, key: u64) {
        if key < GIVE_UPS {
            self.begin(world, key as usize);
        } else if key >= WATCH {
        } else if key >= ANSWERS {
            if let Some(output) = self.replies.remove(&(key - ANSWERS)) {
                self.hear(world, &output);
            }
        } else if key >= SENDS {
            self.reach(world, key - SENDS);
        } else if let Some(flight) = self.flights.remove(&(key - GIVE_UPS)) {
            self.unanswered(world, flight);
        }
    }

    fn on_output(&mut self, world: &mut World<Node>, node: NodeId, output: Output) {
        let id = output.id.0;
        let Some(client) = self.flights.get(&id).map(|flight| flight.client) else { return };
        match self.distance(client, node) {
            Nanos::ZERO => self.hear(world, &output),
            way => {
                self.replies.insert(id, output);
                world.wake(world.now().plus(way), ANSWERS + id);
            }
        }
    }

    fn on_observation(&mut self, world: &mut World<Node>, _: NodeId, observation: Observation) {
        match observation {
            Observation::Leading(_) => world.note("elections", 1),
            Observation::Installed(_) => world.note("checkpoint_transfers", 1),
            Observation::ServedFromDisk(_) => world.note("served_from_disk", 1),
            Observation::Rejoined => world.note("rejoined", 1),
            _ => {}
        }
    }

    fn on_start(&mut self, world: &mut World<Node>, node: NodeId) {
        let Some(disk) = world.disk(node) else { return };
        let covered = disk.checkpoint().unwrap_or(Seq(1));
        let first = disk.first();
        // Whose disk lied about a checkpoint had released what it stands for.
        if first > covered && world.counters().of(Count::LiedCheckpoints) == 0 {
            world.fail(format!("{node} released {covered:?} to {first:?} without a checkpoint"));
        }
    }

    fn on_step(&mut self, world: &mut World<Node>, node: NodeId) {
        if self.comparing {
            self.compare(world, node);
        }
    }
}

//! A wall clock that is set back, and one that nobody vouches for, under the node as it is hosted.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use avouch_agreement::{Membership, log};
use avouch_machine::{CommandId, Effect, Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::evidence::{Item, Verdict};
use avouch_promise::signature::Symbolic;
use avouch_promise::trust::Trust;
use avouch_promise::{
    Encode, GroupId, Incarnation, Interval, KeyspaceId, Nanos, NodeId, Nonce, Random, Request,
    RequestId, Scope, Signature, Signer, Verifier, WallTime,
};
use avouch_state::{Operation, PutRequest, RangeRequest};
use avouch_store::node::{Ask, Command, Config, Node, Output, State};
use bytes::Bytes;

/// An environment whose wall clock a test sets as it likes.
struct Set {
    trust: Trust,
    monotonic: Nanos,
    wall: Interval,
}

impl Env for Set {
    fn monotonic(&self) -> Nanos {
        self.monotonic
    }
    fn wall(&self) -> Interval {
        self.wall
    }
    fn choose(&mut self, _: u32) -> u32 {
        0
    }
    fn sign(&mut self, message: &[u8]) -> Signature {
        Symbolic(NodeId(1)).sign(message)
    }
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        self.trust.verify(signer, message, signature)
    }
}

struct Alone {
    config: Config,
    state: State,
    env: Set,
    outputs: Vec<Output>,
}

impl Alone {
    fn new() -> Self {
        let trust = Trust::symbolic(1, 1);
        let scope = Scope { cluster: trust.cluster(), keyspace: KeyspaceId(0), group: GroupId(0) };
        let founding = Membership::founding(vec![NodeId(1)]);
        let mut config = Config::new(log::Config::new(NodeId(1), scope, founding, Nanos(1_000)));
        config.log.gather = false; // nobody looks at timers here
        let state = Node::recover(&config, Recovered::fresh());
        let env = Set { trust, monotonic: Nanos::ZERO, wall: Interval::UNKNOWN };
        let mut alone = Self { config, state, env, outputs: Vec::new() };
        alone.step(Event::Started { incarnation: Incarnation(1) });
        for _ in 0..4 {
            alone.env.monotonic = alone.env.monotonic.plus(Nanos(1_000));
            alone.step(Event::Timer(avouch_store::node::Timer::Log(log::Timer::Election)));
        }
        alone
    }

    /// Steps, with a disk that is durable at once.
    fn step(&mut self, event: Event<Node>) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let mut effects = Effects::new();
            Node::step(&self.config, &mut self.state, event, &mut self.env, &mut effects);
            let mut last = None;
            for effect in effects.drain() {
                match effect {
                    Effect::Persist { seq, .. } => last = Some(seq),
                    Effect::Output { value, .. } => self.outputs.push(value),
                    _ => {}
                }
            }
            next = last.map(|seq: Seq| Event::Persisted(seq));
        }
    }

    fn ask(&mut self, number: u64, operation: &Operation, guarantee: &str) -> (Bytes, Output) {
        let request = Request {
            intent: operation.intent(),
            cluster: self.env.trust.cluster(),
            keyspace: KeyspaceId(0),
            id: RequestId { client: 1, sequence: number },
            settled: number,
            nonce: Nonce([number as u8; 16]),
            guarantee: guarantee.into(),
            token: Bytes::new(),
            body: operation.to_bytes(),
        };
        let request = request.to_bytes();
        let ask = Ask { request: request.clone(), evidence: true, deadline: None };
        self.step(Event::Command { id: CommandId(number), command: Command::Ask(ask) });
        let output = self.outputs.pop().expect("an answer");
        (request, output)
    }
}

#[test]
fn a_clock_set_back_changes_no_answer_and_breaks_no_evidence() {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    let mut alone = Alone::new();
    let key = Bytes::from_static(b"k");
    let mut last = Bytes::new();
    for number in 1..=200_u64 {
        alone.env.monotonic = alone.env.monotonic.plus(Nanos(10));
        // Decades back and forth, the ends of the scale, and no clock at all.
        alone.env.wall = match random.below(4) {
            0 => Interval::UNKNOWN,
            1 => Interval::around(WallTime(i64::MIN), Nanos(5)),
            2 => Interval::around(WallTime(i64::MAX), Nanos(5)),
            _ => Interval::around(WallTime(random.bits().cast_signed() / 4), Nanos(5)),
        };
        let write = random.chance(0.5) || last.is_empty();
        let (operation, guarantee) = if write {
            last = Bytes::copy_from_slice(&number.to_le_bytes());
            let (key, value) = (key.clone(), last.clone());
            (Operation::Put(PutRequest { key, value, ..PutRequest::default() }), "linearizable")
        } else {
            let range = RangeRequest { key: key.clone(), ..RangeRequest::default() };
            let guarantees =
                ["linearizable", "consistent-prefix", "eventual", "bounded-staleness=5ms"];
            (Operation::Range(range), *random.pick(&guarantees).unwrap())
        };
        let (request, output) = alone.ask(number, &operation, guarantee);
        let repro = format!(
            "repro: AVOUCH_SEED={seed} cargo test -p avouch-store --test host_clock a_clock"
        );
        let replied = output.reply.unwrap_or_else(|refused| panic!("{refused:?}; {repro}"));
        let outcome = avouch_state::outcome_from_bytes(&replied.outcome).unwrap().unwrap();
        if let avouch_state::Response::Range(range) = outcome {
            assert_eq!(range.kvs[0].value, last, "{guarantee} after {number}; {repro}");
        }
        let evidence = replied.evidence.expect("evidence");
        let nonce = Some(Nonce([number as u8; 16]));
        let item = Item { request, response: replied.outcome, evidence, nonce };
        let judgement = item.verify(&alone.env.trust);
        assert_eq!(judgement.verdict, Verdict::Holds, "{judgement:?}; {repro}");
        assert_eq!(judgement.wall, Some(alone.env.clock()), "the clock is told as it was; {repro}");
    }
}

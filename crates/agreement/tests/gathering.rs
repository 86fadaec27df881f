//! Requests of one moment share an entry: one record, one message and one acknowledgement carry
//! them all.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod stage;

use avouch_agreement::explore::{Explored, configs, request};
use avouch_agreement::log::{Command, Config, Message, Output, Payload, Proposal, Record, Timer};
use avouch_machine::{CommandId, Effect, Effects, Event, Protocol, Recovered, Seq};
use avouch_promise::{Incarnation, Nanos, NodeId};
use bytes::Bytes;
use stage::Still;

/// A lone voter that leads, on a disk that is durable at once.
struct Alone {
    config: Config,
    state: <Explored as Protocol>::State,
    /// The requests of each entry that was written.
    entries: Vec<usize>,
    /// Requests refused.
    busy: usize,
    /// Timers that are due at once.
    due: Vec<Timer>,
}

impl Alone {
    fn leading(gather: bool) -> Self {
        let config = Config { gather, ..configs(1, None).remove(0) };
        let state = Explored::recover(&config, Recovered::fresh());
        let mut alone = Self { config, state, entries: Vec::new(), busy: 0, due: Vec::new() };
        alone.step(Event::Started { incarnation: Incarnation(1) });
        alone.step(Event::Timer(Timer::Election));
        assert!(alone.state.leads().is_some(), "a lone voter leads");
        alone.entries.clear();
        alone.due.clear();
        alone
    }

    fn step(&mut self, event: Event<Explored>) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let mut effects = Effects::new();
            Explored::step(
                &self.config,
                &mut self.state,
                event,
                &mut Still(NodeId(1)),
                &mut effects,
            );
            let mut last = None;
            for effect in effects.drain() {
                match effect {
                    Effect::Persist { seq, record } => {
                        if let Record::Append { entries, .. } = record {
                            self.entries.extend(entries.iter().map(|e| e.requests().len()));
                        }
                        last = Some(seq);
                    }
                    Effect::Output { value: Output::Busy(_), .. } => self.busy += 1,
                    Effect::SetTimer { key, at: Nanos::ZERO } => self.due.push(key),
                    _ => {}
                }
            }
            next = last.map(|seq: Seq| Event::Persisted(seq));
        }
    }

    fn ask(&mut self, name: u8) {
        let command = request(name, false);
        self.step(Event::Command { id: CommandId(u64::from(name)), command });
    }
}

#[test]
fn what_comes_in_before_the_timer_is_one_entry() {
    let mut alone = Alone::leading(true);
    (1..=3).for_each(|name| alone.ask(name));
    assert_eq!(alone.entries, [0; 0], "nothing is proposed yet");
    assert_eq!(alone.due, [Timer::Gather], "one timer, due at once");
    alone.step(Event::Timer(Timer::Gather));
    assert_eq!(alone.entries, [3]);
    alone.ask(4);
    alone.step(Event::Timer(Timer::Gather));
    assert_eq!(alone.entries, [3, 1], "the next moment is the next entry");
    alone.step(Event::Timer(Timer::Gather));
    assert_eq!(alone.entries, [3, 1], "no request is no entry");
}

#[test]
fn without_gathering_each_request_is_proposed_at_once() {
    let mut alone = Alone::leading(false);
    (1..=3).for_each(|name| alone.ask(name));
    assert_eq!(alone.entries, [1, 1, 1]);
}

/// A request of so many bytes.
fn long(name: u8, length: usize) -> Payload {
    Payload::new(Bytes::from(vec![name; length]))
}

#[test]
fn requests_that_wait_are_bounded_in_bytes() {
    let mut alone = Alone::leading(true);
    alone.config.bounds.queue_bytes = 1_000;
    let ask = |alone: &mut Alone, name, length| {
        let proposals = vec![Proposal { payload: long(name, length), attest: false }];
        let id = CommandId(u64::from(name));
        alone.step(Event::Command { id, command: Command::Propose(proposals) });
    };
    ask(&mut alone, 1, 600);
    ask(&mut alone, 2, 401);
    assert_eq!(alone.busy, 1, "the client is told");
    ask(&mut alone, 1, 600);
    ask(&mut alone, 3, 400);
    assert_eq!(alone.busy, 1, "the same again is no more, and there was room for this");
    alone.step(Event::Timer(Timer::Gather));
    assert_eq!(alone.entries, [2], "what was refused is not proposed");
    ask(&mut alone, 4, 5_000);
    alone.step(Event::Timer(Timer::Gather));
    assert_eq!((alone.busy, &alone.entries[..]), (1, &[2, 1][..]), "what is decided has left");

    // What followers forward is dropped beyond the bound: they send it again.
    let requests = vec![long(5, 600), long(6, 600)];
    let message = Message::Forward { requests, attest: false };
    alone.step(Event::Message { from: NodeId(1), message });
    alone.step(Event::Timer(Timer::Gather));
    assert_eq!(alone.entries, [2, 1, 1]);
}

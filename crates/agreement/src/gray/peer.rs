//! One peer, as the requests to it and the connection to it show it.

use super::mutant::GrayMutant;
use super::past::{Past, surprise};
use super::tail::{Answered, Tail};
use avouch_promise::Nanos;
use std::collections::{BTreeMap, VecDeque};

/// How far back answers are looked at.
pub const WINDOW: Nanos = Nanos::from_secs(3);
/// How far back a connection is looked at: losses are rarer than requests.
pub const LINK_WINDOW: Nanos = Nanos::from_secs(5);
/// A request without an answer for so long is given up, and counts as late.
pub const GIVE_UP: Nanos = Nanos::from_secs(5);
/// The share of segments that a good path may lose.
const LOSS_USUAL: f64 = 0.002;
/// So many dark stretches in a row may be a cut; and so many are not, if the peer still hears us.
const CUT_RUN: u32 = 4;
const CUT_RUN_LONG: u32 = 10;
/// How unlikely a lossy window must be by chance.
const LOSS_SURPRISE: f64 = 1e-6;
/// While a peer is late, only one answer of so many is learned as usual.
pub(super) const LEARNED_WHILE_LATE: u32 = 16;

/// What a request needs of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Work {
    /// Its processor and memory alone.
    Memory,
    /// Also its disk.
    Durable,
}

/// What the kernel tells of a connection to a peer (on Linux `TCP_INFO`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Connection {
    /// Segments sent so far.
    pub segments: u64,
    /// Segments sent again so far.
    pub retransmits: u64,
    /// The retransmission time-out in effect; zero while there is no connection.
    pub rto: Nanos,
    /// Whether the peer's kernel refuses connections: the process is gone.
    pub refused: bool,
}

/// What a connection showed in its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segments {
    /// Sent.
    pub sent: u32,
    /// Sent again.
    pub again: u32,
    /// Stretches, from one word of the kernel to the next, since the first in which any was sent
    /// again.
    pub stretches: u32,
    /// Of these, those in which any was sent again.
    pub bad: u32,
    /// Of these, those in which most was sent again.
    pub dark: u32,
    /// Dark stretches in a row up to now.
    pub dark_run: u32,
    /// The longest time-out in effect.
    pub rto: Nanos,
    /// The usual one.
    pub rto_usual: Nanos,
    /// Whether connections are refused.
    pub refused: bool,
}

impl Segments {
    /// Whether more was sent again than a good path loses.
    pub fn is_lossy(&self) -> bool {
        self.again >= 4
            && surprise(self.sent, self.again.min(self.sent), LOSS_USUAL) < LOSS_SURPRISE
    }

    fn is_mostly_clean(&self) -> bool {
        (self.stretches - self.bad) * 10 >= self.stretches * 3
    }

    /// Whether what was lost was lost together, so that the timer backed off: not now and then,
    /// but everything for a while, and then nothing.
    pub fn is_in_stretches(&self) -> bool {
        self.dark * 5 >= self.bad * 2 && self.is_mostly_clean()
    }

    /// Whether segments were lost one by one, all the time. Between this and stretches lies what
    /// cannot be told yet.
    pub fn is_scattered(&self) -> bool {
        self.dark * 4 < self.bad || (self.dark * 5 < self.bad * 2 && !self.is_mostly_clean())
    }

    /// Whether most has been sent again for a while now: that is a cut, or is about to be one.
    pub fn is_dark(&self) -> bool {
        self.dark_run >= CUT_RUN
    }

    /// Whether it has been so for so long that a cut would have been noticed by silence.
    pub fn is_dark_for_long(&self) -> bool {
        self.dark_run >= CUT_RUN_LONG
    }

    /// Whether nothing is acknowledged at the end of the window.
    pub fn is_backed_off(&self) -> bool {
        self.rto >= self.rto_usual.plus(Nanos(self.rto_usual.0 / 2)) && self.again > 0
    }
}

/// What an observer tells of one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sight {
    /// How long nothing was heard of it; [`Nanos::MAX`] if never anything.
    pub unheard: Nanos,
    /// Its answers from memory.
    pub memory: Tail,
    /// Its answers from disk.
    pub durable: Tail,
    /// The connection to it.
    pub segments: Segments,
}

/// The answers to one kind of work.
#[derive(Clone, Debug, Default)]
struct Answers {
    past: Past,
    recent: VecDeque<Answered>,
    was_late: bool,
    skipped: u32,
}

impl Answers {
    /// Learns what has left the window, unless the peer is late.
    fn forget(&mut self, now: Nanos) {
        while let Some(oldest) = self.recent.front().copied() {
            if now.minus(oldest.ended) < WINDOW {
                break;
            }
            self.recent.pop_front();
            self.skipped = (self.skipped + 1) % LEARNED_WHILE_LATE;
            if !self.was_late || self.skipped == 0 {
                self.past.add(oldest.took());
            }
        }
    }

    fn tail(
        &mut self,
        waiting: &[Nanos],
        now: Nanos,
        unheard: Nanos,
        mutant: Option<GrayMutant>,
    ) -> Tail {
        let usual = match mutant {
            Some(GrayMutant::IgnoresTails) => self.past.p99().max(GIVE_UP),
            Some(GrayMutant::ForgetsPast) => Nanos::from_millis(100),
            _ => self.past.p99(),
        };
        let (recent, waiting) = (self.recent.iter().copied(), waiting.iter().copied());
        let tail = Tail::of(recent, waiting, usual, now, unheard);
        self.was_late = tail.is_raised();
        tail
    }
}

/// One peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Peer {
    memory: Answers,
    durable: Answers,
    waiting: BTreeMap<u64, (Nanos, Work)>,
    heard: Option<Nanos>,
    connection: Connection,
    samples: VecDeque<(Nanos, u32, u32, Nanos)>,
    rto: Past,
}

impl Peer {
    pub(super) fn begin(&mut self, now: Nanos, request: u64, work: Work) {
        self.waiting.insert(request, (now, work));
    }

    fn answers(&mut self, work: Work) -> &mut Answers {
        match work {
            Work::Memory => &mut self.memory,
            Work::Durable => &mut self.durable,
        }
    }

    pub(super) fn end(&mut self, now: Nanos, request: u64) {
        let Some((begun, work)) = self.waiting.remove(&request) else { return };
        self.answers(work).recent.push_back(Answered { begun, ended: now });
    }

    pub(super) fn withdraw(&mut self, request: u64) {
        self.waiting.remove(&request);
    }

    /// Forgets what it waited for, and how long it heard nothing.
    pub(super) fn excuse(&mut self, now: Nanos) {
        self.waiting.clear();
        self.heard = self.heard.map(|_| now);
    }

    pub(super) fn heard(&mut self, now: Nanos) {
        self.heard = Some(now);
    }

    /// Takes in what the kernel tells; counts that went back are those of a new connection.
    pub(super) fn connection(&mut self, now: Nanos, told: Connection) {
        let since = |before: u64, after: u64| {
            u32::try_from(after.checked_sub(before).unwrap_or(after)).unwrap_or(u32::MAX)
        };
        let sent = since(self.connection.segments, told.segments);
        let again = since(self.connection.retransmits, told.retransmits);
        self.connection = told;
        self.samples.push_back((now, sent, again, told.rto));
        if again == 0 && told.rto > Nanos::ZERO {
            self.rto.add(told.rto);
        }
        while self.samples.front().is_some_and(|(at, ..)| now.minus(*at) > LINK_WINDOW) {
            self.samples.pop_front();
        }
    }

    fn segments(&self, now: Nanos) -> Segments {
        let mut seen = Segments {
            rto_usual: self.rto.median(),
            refused: self.connection.refused,
            ..Segments::default()
        };
        for (at, sent, again, rto) in &self.samples {
            seen.sent = seen.sent.saturating_add(*sent);
            seen.again = seen.again.saturating_add(*again);
            let (bad, dark) = (*again > 0, *again > 0 && again * 10 >= sent * 6);
            seen.stretches += u32::from(seen.stretches > 0 || bad);
            seen.bad += u32::from(bad);
            seen.dark += u32::from(dark);
            seen.dark_run = if dark { seen.dark_run + 1 } else { 0 };
            if now.minus(*at) < WINDOW {
                seen.rto = seen.rto.max(*rto);
            }
        }
        seen
    }

    /// What is to be told of this peer now.
    pub(super) fn sight(&mut self, now: Nanos, mutant: Option<GrayMutant>) -> Sight {
        self.memory.forget(now);
        self.durable.forget(now);
        let given_up = |begun: Nanos| now.minus(begun) >= GIVE_UP;
        self.waiting.retain(|_, (begun, _)| !given_up(*begun));
        let waiting = |wanted: Work| -> Vec<Nanos> {
            let of = self.waiting.values().filter(|(_, work)| *work == wanted);
            of.map(|(begun, _)| *begun).collect()
        };
        let (memory, durable) = (waiting(Work::Memory), waiting(Work::Durable));
        let unheard = self.heard.map_or(Nanos::MAX, |at| now.minus(at));
        Sight {
            unheard,
            memory: self.memory.tail(&memory, now, unheard, mutant),
            durable: self.durable.tail(&durable, now, unheard, mutant),
            segments: self.segments(now),
        }
    }
}

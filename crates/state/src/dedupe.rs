//! Retries: a request that was carried out once is answered again, not carried out again.
//!
//! ```text
//! client --> settled (nothing below it is asked again) | last (log point of its last write)
//!            sequence --> log point | digest of the request | outcome
//! ```
//!
//! A client counts its requests and says with each one below which sequence it has all answers;
//! those are forgotten. What is forgotten is refused, never carried out again. Only writes are
//! kept: a read that is asked again may as well see a later state. A retry is the same bytes, nonce
//! and `settled` included: evidence of a write names the digest of the request in the log.
//!
//! Bounds: at most [`Limits::clients`] clients and [`Limits::answers_bytes`] of answers. Beyond
//! either, the client whose last write lies furthest back in the log is forgotten; when only the
//! writing client is left, its lowest sequences are, and are settled thereby. A client that was
//! forgotten as a whole is a stranger: a retry of its would be carried out again. So a client must
//! stop retrying long before that many others have written.
//!
//! Invariants: I1, `recent` has one entry for each client, at its `last`. I2, no kept sequence is
//! below `settled`. I3, `bytes` is what the kept answers count for.

use crate::error::Error;
use crate::mutant::{Mutant, planted};
use avouch_promise::{Digest, LogPoint, RequestId, invariant};
use bytes::Bytes;
use rpds::RedBlackTreeMapSync;

/// How much is kept; equal on all replicas, as it decides what is forgotten and refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limits {
    /// Beyond this the store raises the alarm `NoSpace`; etcd's default is 2 GiB.
    pub quota_bytes: u64,
    /// How many clients' answers are kept.
    pub clients: u64,
    /// How many bytes of answers are kept.
    pub answers_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { quota_bytes: 2 << 30, clients: 1 << 18, answers_bytes: 64 << 20 }
    }
}

/// What a kept answer counts for beside its bytes.
const ANSWER_OVERHEAD_BYTES: u64 = 256;

/// The kept answers of one client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    pub(crate) settled: u64,
    pub(crate) last: LogPoint,
    pub(crate) answers: RedBlackTreeMapSync<u64, Answer>,
}

impl Client {
    /// One that wrote nothing yet, and will at this point.
    fn new(last: LogPoint) -> Self {
        Self { settled: 0, last, answers: RedBlackTreeMapSync::new_sync() }
    }

    /// The answers after a sequence, in order.
    pub(crate) fn after(&self, sequence: Option<u64>) -> impl Iterator<Item = (u64, &Answer)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = sequence.map_or(Unbounded, Excluded);
        self.answers.range((from, Unbounded)).map(|(sequence, answer)| (*sequence, answer))
    }
}

/// One kept answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) point: LogPoint,
    pub(crate) request: Digest,
    pub(crate) outcome: Bytes,
}

/// The kept answers of all clients.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Dedupe {
    clients: RedBlackTreeMapSync<u64, Client>,
    recent: RedBlackTreeMapSync<LogPoint, u64>,
    bytes: u64,
}

impl Dedupe {
    /// None.
    pub(crate) fn new() -> Self {
        Self {
            clients: RedBlackTreeMapSync::new_sync(),
            recent: RedBlackTreeMapSync::new_sync(),
            bytes: 0,
        }
    }

    /// What the kept answers count for.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The answer that was given to this very request, or why it is refused, or nothing if it is
    /// new.
    pub(crate) fn recall(&self, id: RequestId, request: Digest) -> Result<Option<&Answer>, Error> {
        let Some(client) = self.clients.get(&id.client) else { return Ok(None) };
        match client.answers.get(&id.sequence) {
            Some(_) if planted(Mutant::RetryIsApplied) => Ok(None),
            Some(answer) if answer.request == request => Ok(Some(answer)),
            Some(_) => Err(Error::NameReused),
            None if id.sequence < client.settled && !planted(Mutant::SettledIsApplied) => {
                Err(Error::Forgotten)
            }
            None => Ok(None),
        }
    }

    /// Keeps the answer to a new request, and forgets what may be forgotten.
    pub(crate) fn keep(&mut self, id: RequestId, settled: u64, answer: Answer, limits: &Limits) {
        let point = answer.point;
        let stranger = Client::new(point);
        // Out of the map while it changes: what nobody else holds is changed in place.
        let kept = self.clients.get_mut(&id.client);
        let kept = kept.map(|client| std::mem::replace(client, stranger.clone()));
        let known = usize::from(kept.is_some());
        let mut client = kept.map_or(stranger, |client| self.unlist(id.client, client));
        self.bytes += answer_bytes(&answer);
        client.answers.insert_mut(id.sequence, answer);
        client.last = point;
        let own = if planted(Mutant::UnsettledIsForgotten) { id.sequence } else { settled };
        self.settle(&mut client, own.min(id.sequence));
        while self.over(known, limits) && self.forget_one() {}
        while self.bytes > limits.answers_bytes && client.answers.size() > 1 {
            let lowest = client.answers.first().map_or(0, |(sequence, _)| *sequence);
            self.settle(&mut client, lowest + 1);
        }
        self.recent.insert_mut(client.last, id.client);
        match self.clients.get_mut(&id.client) {
            Some(place) => *place = client,
            None => self.clients.insert_mut(id.client, client),
        }
    }

    /// Whether there is no room for one more client, `known` of which are counted already.
    fn over(&self, known: usize, limits: &Limits) -> bool {
        let others = (self.clients.size() - known) as u64;
        others >= limits.clients.max(1) || self.bytes > limits.answers_bytes
    }

    /// Forgets the client whose last write lies furthest back.
    fn forget_one(&mut self) -> bool {
        let mut recent = self.recent.iter();
        let furthest =
            if planted(Mutant::EvictsTheLatest) { recent.next_back() } else { recent.next() };
        let Some(name) = furthest.map(|(_, name)| *name) else { return false };
        let forgotten = self.take(name);
        for (_, answer) in forgotten.iter().flat_map(|client| client.answers.iter()) {
            self.bytes -= answer_bytes(answer);
        }
        forgotten.is_some()
    }

    /// Forgets a client's answers below a sequence.
    fn settle(&mut self, client: &mut Client, settled: u64) {
        client.settled = client.settled.max(settled);
        while let Some((&lowest, answer)) = client.answers.first()
            && lowest < client.settled
        {
            self.bytes -= answer_bytes(answer);
            client.answers.remove_mut(&lowest);
        }
    }

    fn take(&mut self, name: u64) -> Option<Client> {
        let client = self.clients.get(&name)?.clone();
        self.clients.remove_mut(&name);
        Some(self.unlist(name, client))
    }

    /// Takes a client from the list by last write; its next write enters it again.
    fn unlist(&mut self, name: u64, client: Client) -> Client {
        let listed = self.recent.remove_mut(&client.last);
        invariant!(I1, listed, "client {name:016x} is not listed at {}", client.last);
        client
    }

    fn insert(&mut self, name: u64, client: Client) {
        self.recent.insert_mut(client.last, name);
        self.clients.insert_mut(name, client);
    }

    /// A client's kept answers.
    pub(crate) fn client(&self, name: u64) -> Option<&Client> {
        self.clients.get(&name)
    }

    /// The clients whose name is greater, in order.
    pub(crate) fn after(&self, name: Option<u64>) -> impl Iterator<Item = (u64, &Client)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = name.map_or(Unbounded, Excluded);
        self.clients.range((from, Unbounded)).map(|(name, client)| (*name, client))
    }

    /// Puts back a client from a snapshot; false if it cannot have been there.
    pub(crate) fn restore(&mut self, name: u64, client: Client) -> bool {
        let first = client.answers.first().map(|(sequence, _)| *sequence);
        let sound = first.is_none_or(|first| first >= client.settled)
            && client.answers.values().all(|answer| answer.point <= client.last)
            && self.clients.last().is_none_or(|(last, _)| *last < name)
            && !self.recent.contains_key(&client.last);
        if sound {
            self.bytes += client.answers.values().map(answer_bytes).sum::<u64>();
            self.insert(name, client);
        }
        sound
    }
}

fn answer_bytes(answer: &Answer) -> u64 {
    ANSWER_OVERHEAD_BYTES + answer.outcome.len() as u64
}

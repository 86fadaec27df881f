//! What a protocol asks of its host.

use crate::event::{LoadId, Seq};
use crate::protocol::Protocol;
use avouch_promise::{Nanos, NodeId};

/// What to read back from this node's own disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// The records `from..=to`; the host may return a prefix of them.
    Records {
        /// The first.
        from: Seq,
        /// The last.
        to: Seq,
    },
    /// `length` bytes of a durable checkpoint from `offset`, fewer only at its end.
    Chunk {
        /// Which one, by the number given with it; none for the newest. One that is being read
        /// stays readable for a while after a newer one has taken its place (H7).
        checkpoint: Option<Seq>,
        /// Where to start.
        offset: u64,
        /// How many bytes at most.
        length: u32,
    },
}

/// One output of a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect<P: Protocol> {
    /// Sends a message, once `after` is durable. It may be lost, repeated and overtaken.
    Send {
        /// To whom; never to oneself.
        to: NodeId,
        /// What.
        message: P::Message,
        /// Not before this record is durable.
        after: Option<Seq>,
    },
    /// Appends a record to the log on disk.
    Persist {
        /// Its number: the next one.
        seq: Seq,
        /// The record.
        record: P::Record,
    },
    /// Writes a checkpoint beside the log. It stands for every record before `seq`.
    Checkpoint {
        /// The first record that the checkpoint does not cover.
        seq: Seq,
        /// What it holds.
        image: P::Image,
    },
    /// The records before this one are no longer needed.
    Release {
        /// The first one still needed.
        before: Seq,
    },
    /// Reads back from disk; answered by `Event::Loaded`.
    Load {
        /// The protocol's name for it.
        id: LoadId,
        /// What to read.
        what: What,
    },
    /// Sets, or moves, a timer.
    SetTimer {
        /// Its name.
        key: P::Timer,
        /// When, on `Env::monotonic`'s scale.
        at: Nanos,
    },
    /// Takes a timer back.
    CancelTimer(P::Timer),
    /// Tells the client, once `after` is durable.
    Output {
        /// What.
        value: P::Output,
        /// Not before this record is durable.
        after: Option<Seq>,
    },
    /// Tells whoever watches.
    Observe(P::Observation),
}

/// The outputs of a step, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects<P: Protocol> {
    list: Vec<Effect<P>>,
    muted: bool,
}

impl<P: Protocol> Default for Effects<P> {
    fn default() -> Self {
        Self { list: Vec::new(), muted: false }
    }
}

impl<P: Protocol> Effects<P> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// None yet, and every observation is dropped on arrival: nothing else may change by that.
    pub fn muted() -> Self {
        Self { list: Vec::new(), muted: true }
    }
    /// Adds any effect.
    pub fn push(&mut self, effect: Effect<P>) {
        if !(self.muted && matches!(effect, Effect::Observe(_))) {
            self.list.push(effect);
        }
    }
    /// Sends at once.
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        self.push(Effect::Send { to, message, after: None });
    }
    /// Sends once `seq` is durable.
    pub fn send_after(&mut self, to: NodeId, message: P::Message, seq: Seq) {
        self.push(Effect::Send { to, message, after: Some(seq) });
    }
    /// Appends a record to the log on disk.
    pub fn persist(&mut self, seq: Seq, record: P::Record) {
        self.push(Effect::Persist { seq, record });
    }
    /// Sets, or moves, a timer.
    pub fn set_timer(&mut self, key: P::Timer, at: Nanos) {
        self.push(Effect::SetTimer { key, at });
    }
    /// Tells the client at once.
    pub fn output(&mut self, value: P::Output) {
        self.push(Effect::Output { value, after: None });
    }
    /// Tells whoever watches.
    pub fn observe(&mut self, observation: P::Observation) {
        self.push(Effect::Observe(observation));
    }
    /// Takes every effect out, in order; the buffer stays allocated.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Effect<P>> {
        self.list.drain(..)
    }
    /// The effects so far.
    pub fn as_slice(&self) -> &[Effect<P>] {
        &self.list
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

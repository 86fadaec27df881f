//! What waits to be sent to one peer: a bounded queue that forgets the oldest first.
//!
//! Protocols expect loss and repeat what matters, so a message that has waited behind a full
//! queue is worth less than the one that is put in now.
//!
//! Invariants
//! - I1: the queue never holds more than its bounds of messages and bytes.
//! - I2: messages leave in the order in which they came, none before it is due.

use super::frame;
use crate::wire::mutant::{Mutant, planted};
use avouch_promise::invariant;
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The most messages that wait for one peer.
pub const MESSAGES_MAX: usize = 16_384;
/// The most bytes that wait for one peer: at 1 Gbit/s, what half a second of distance holds.
pub const BYTES_MAX: usize = 64 << 20;
/// One write takes at least one message, and no further one once it is this long.
const WRITE: usize = 256 << 10;

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(Instant, Bytes)>,
    bytes: usize,
    dropped: u64,
    /// What was taken last may not have been written yet: whoever takes comes back when it is.
    under_way: bool,
}

/// The queue, and a bell for the task that empties it.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    bell: Notify,
}

/// What the queue has for the task that empties it.
pub(super) enum Next {
    /// Frames were appended to the buffer.
    Frames,
    /// Nothing is due before then.
    At(Instant),
    /// Nothing waits.
    Nothing,
}

impl Outbox {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message in, due `delay` after `now`; it waits for those ahead of it, too.
    pub(super) fn put(&self, now: Instant, delay: Duration, payload: Bytes) {
        let mut guard = self.queue();
        let queue = &mut *guard;
        queue.bytes += payload.len();
        queue.waiting.push_back((now + delay, payload));
        while (queue.waiting.len() > MESSAGES_MAX || queue.bytes > BYTES_MAX)
            && !planted(Mutant::QueueUnbounded)
        {
            let oldest = queue.waiting.pop_front();
            queue.bytes -= oldest.map_or(0, |(_, payload)| payload.len());
            queue.dropped += 1;
        }
        invariant!(I1, queue.bytes <= BYTES_MAX, "{} bytes wait", queue.bytes);
        let first = queue.waiting.len() == 1;
        drop(guard);
        if first {
            self.bell.notify_one(); // whoever empties it sleeps only when it is empty or not due
        }
    }

    /// Moves what is due into `out` as frames, up to about the length of one good write.
    pub(super) fn take(&self, now: Instant, out: &mut BytesMut) -> Next {
        let mut guard = self.queue();
        let queue = &mut *guard;
        let start = out.len();
        queue.under_way = false;
        while let Some((due, _)) = queue.waiting.front() {
            if *due > now && !planted(Mutant::SentBeforeDue) {
                return if out.len() > start { Next::Frames } else { Next::At(*due) };
            }
            if out.len() - start >= WRITE {
                return Next::Frames;
            }
            let Some((_, payload)) = queue.waiting.pop_front() else { break };
            queue.bytes -= payload.len();
            queue.under_way = true;
            frame::put(out, &payload);
        }
        if out.len() > start { Next::Frames } else { Next::Nothing }
    }

    /// Forgets everything: the peer is out of reach, and news beats leftovers when it is back.
    pub(super) fn clear(&self) {
        let mut queue = self.queue();
        queue.dropped += queue.waiting.len() as u64;
        queue.waiting.clear();
        queue.bytes = 0;
        queue.under_way = false;
    }

    /// Counts a message that never got in.
    pub(super) fn lose(&self) {
        self.queue().dropped += 1;
    }

    /// Whether everything was written, or forgotten.
    pub(super) fn is_done(&self) -> bool {
        let queue = self.queue();
        queue.waiting.is_empty() && (!queue.under_way || planted(Mutant::TakenIsWritten))
    }

    /// How many messages wait, and how many were dropped so far.
    pub(super) fn counts(&self) -> (usize, u64) {
        let queue = self.queue();
        (queue.waiting.len(), queue.dropped)
    }

    /// Waits until something may have become due.
    pub(super) async fn ready(&self, next: &Next) {
        match next {
            Next::Frames => {}
            Next::Nothing => self.bell.notified().await,
            Next::At(due) => tokio::time::sleep_until(*due).await,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::wire::mutant::killed;

    fn message(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    fn taken(outbox: &Outbox, now: Instant) -> Vec<Bytes> {
        let mut decoder = frame::Decoder::new(frame::PAYLOAD_MAX);
        while let Next::Frames = outbox.take(now, decoder.room()) {}
        std::iter::from_fn(|| decoder.take().unwrap()).collect()
    }

    #[test]
    fn a_shorter_delay_does_not_overtake_a_longer_one() {
        let (outbox, start) = (Outbox::default(), Instant::now());
        let after = |millis| start + Duration::from_millis(millis);
        outbox.put(start, Duration::from_millis(80), message("far"));
        outbox.put(start, Duration::from_millis(10), message("near"));
        assert!(taken(&outbox, after(79)).is_empty());
        assert_eq!(taken(&outbox, after(80)), ["far", "near"]);
    }

    #[test]
    fn a_full_queue_forgets_the_oldest_and_counts_it() {
        let (outbox, now) = (Outbox::default(), Instant::now());
        for index in 0..MESSAGES_MAX + 3 {
            outbox.put(now, Duration::ZERO, index.to_string().into());
        }
        assert_eq!(outbox.counts(), (MESSAGES_MAX, 3));
        assert_eq!(taken(&outbox, now).first().unwrap(), "3");
        let large = Bytes::from(vec![7; BYTES_MAX / 4]);
        (0..6).for_each(|_| outbox.put(now, Duration::ZERO, large.clone()));
        assert_eq!(outbox.counts(), (4, 3 + 2), "bounded by bytes, too");
    }

    #[test]
    fn one_write_takes_many_small_messages_but_ends_after_a_large_one() {
        let (outbox, now) = (Outbox::default(), Instant::now());
        (0..1000).for_each(|_| outbox.put(now, Duration::ZERO, message("small")));
        let mut out = BytesMut::new();
        assert!(matches!(outbox.take(now, &mut out), Next::Frames));
        assert_eq!(outbox.counts().0, 0);
        (0..2).for_each(|_| outbox.put(now, Duration::ZERO, vec![0; WRITE].into()));
        assert!(matches!(outbox.take(now, &mut out), Next::Frames));
        assert_eq!(outbox.counts().0, 1);
    }

    #[test]
    fn what_was_taken_is_done_only_when_its_taker_comes_back() {
        let (outbox, now) = (Outbox::default(), Instant::now());
        assert!(outbox.is_done());
        outbox.put(now, Duration::ZERO, message("farewell"));
        assert!(!outbox.is_done());
        let mut out = BytesMut::new();
        assert!(matches!(outbox.take(now, &mut out), Next::Frames));
        assert!(!outbox.is_done(), "it may not have been written yet");
        assert!(matches!(outbox.take(now, &mut out), Next::Nothing));
        assert!(outbox.is_done());
    }

    #[test]
    fn the_checks_above_notice_their_planted_bugs() {
        assert!(
            killed(Mutant::SentBeforeDue, a_shorter_delay_does_not_overtake_a_longer_one),
            "SentBeforeDue"
        );
        assert!(
            killed(Mutant::QueueUnbounded, a_full_queue_forgets_the_oldest_and_counts_it),
            "QueueUnbounded"
        );
        assert!(
            killed(Mutant::TakenIsWritten, what_was_taken_is_done_only_when_its_taker_comes_back),
            "TakenIsWritten"
        );
    }
}

//! A checkpoint's way here: the taking side of a transfer.
//!
//! ```text
//!   0         have          asked                         total
//!   |#########|. ## . #######|............................|
//!    in order  in flight, and what came out of turn
//! ```
//!
//! The first chunk says how long each is. A window of chunks is in flight: it begins with one and
//! grows with each that comes. Where a chunk that was asked for a whole look ago has not come, it
//! begins again from there with one, so that a slow link is not filled with what is asked twice.
//! (The slow start of TCP: Jacobson, "Congestion Avoidance and Control", SIGCOMM 1988, §1.)
//!
//! - I1 All chunks are of one checkpoint of one peer; what else comes is dropped.
//! - I2 A transfer that goes on is not given up for a newer checkpoint. One that has come to a
//!   stand for two looks is, or for another peer's.
//! - I3 At most `Bounds::chunks` chunks are asked for and not in order yet.

use super::command::Observation;
use super::image::Snapshot;
use super::message::Message;
use super::state::{Lender, Transfer};
use super::step::Turn;
use avouch_promise::invariant;
use bytes::Bytes;
use std::collections::BTreeMap;

/// The longest checkpoint that a peer may send.
const CHECKPOINT_BYTES_MAX: u64 = 64 << 30;
/// Looks without a chunk after which another checkpoint may take the transfer's place.
const STANDS: u8 = 2;
/// Looks without a chunk after which the transfer is given up.
const QUIET_MAX: u8 = 4;

impl<I: Snapshot> Turn<'_, I> {
    /// A part of a peer's checkpoint came in.
    pub(super) fn chunk(&mut self, lender: Lender, offset: u64, bytes: Bytes) {
        if lender.total > CHECKPOINT_BYTES_MAX
            || bytes.is_empty()
            || self.state.compaction.is_some()
        {
            return;
        }
        let most = self.window_max();
        let stands = |transfer: &Transfer| transfer.quiet >= STANDS;
        match &mut self.state.transfer {
            Some(transfer) if transfer.lender == lender => transfer.take(offset, bytes, most),
            other if other.as_ref().is_none_or(stands) && offset == 0 => {
                if bytes.len() as u64 > lender.total {
                    return;
                }
                *other = Some(Transfer::begin(lender, &bytes));
            }
            _ => return,
        }
        self.ask_for_more();
    }

    fn window_max(&self) -> usize {
        self.config.bounds.chunks.max(1)
    }

    /// Fills the window, or takes the whole in.
    fn ask_for_more(&mut self) {
        let most = self.window_max();
        let Some(transfer) = &mut self.state.transfer else { return };
        if transfer.have() < transfer.lender.total {
            let offsets = transfer.next_offsets(most);
            let lender = transfer.lender;
            return self.ask_for_chunks(lender, offsets);
        }
        let Some(transfer) = self.state.transfer.take() else { return };
        match I::decode_image(&transfer.bytes) {
            Some(image) if image.place.index > self.state.decided => {
                self.install(image, transfer.lender);
            }
            Some(_) => {}
            None => self.effects.observe(Observation::Contradiction(transfer.lender.node)),
        }
    }

    fn ask_for_chunks(&mut self, lender: Lender, offsets: Vec<u64>) {
        for offset in offsets {
            let checkpoint = Some(lender.checkpoint);
            self.effects.send(lender.node, Message::FetchChunk { checkpoint, offset });
        }
    }

    /// Asks again for what did not come; gives up on a peer that stays silent.
    pub(super) fn resend_transfer(&mut self) {
        if let Some(lender) = self.state.compaction.as_ref().and_then(|one| one.lender) {
            // It is all here and on its way to disk. The entries that follow it are wanted soon:
            // asking behind the end brings nothing, and says so.
            return self.ask_for_chunks(lender, vec![lender.total]);
        }
        let most = self.window_max();
        let Some(transfer) = &mut self.state.transfer else { return };
        transfer.quiet += 1;
        if transfer.quiet > QUIET_MAX {
            self.state.transfer = None;
            return;
        }
        let (lender, offsets) = (transfer.lender, transfer.overdue(most));
        self.ask_for_chunks(lender, offsets);
    }
}

impl Transfer {
    /// With the first chunk, which says how long the others are.
    fn begin(lender: Lender, first: &[u8]) -> Self {
        let stride = first.len() as u64;
        Self {
            lender,
            stride,
            bytes: first.to_vec(),
            ahead: BTreeMap::new(),
            asked: stride,
            overdue: stride,
            window: 1,
            quiet: 0,
        }
    }

    /// How many bytes are here in order.
    fn have(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Takes a chunk in, if it is one of the next `most` and not here.
    fn take(&mut self, offset: u64, bytes: Bytes, most: usize) {
        self.quiet = 0;
        let expected = self.stride.min(self.lender.total.saturating_sub(offset));
        let end = self.have().saturating_add(self.stride.saturating_mul(most as u64));
        let wanted = (self.have()..end).contains(&offset) && offset.is_multiple_of(self.stride);
        if !wanted || bytes.len() as u64 != expected || self.ahead.contains_key(&offset) {
            return;
        }
        self.window += 1;
        self.ahead.insert(offset, bytes);
        while let Some(next) = self.ahead.remove(&self.have()) {
            self.bytes.extend_from_slice(&next);
        }
        self.asked = self.asked.max(self.have());
    }

    /// What to ask for next, up to a window of at most `most` chunks.
    fn next_offsets(&mut self, most: usize) -> Vec<u64> {
        self.window = self.window.min(most);
        let end = self.have().saturating_add(self.stride.saturating_mul(self.window as u64));
        let mut offsets = Vec::new();
        while self.asked < end.min(self.lender.total) {
            offsets.push(self.asked);
            self.asked = self.asked.saturating_add(self.stride).min(self.lender.total);
        }
        offsets.retain(|offset| !self.ahead.contains_key(offset));
        let in_flight = (self.asked - self.have()).div_ceil(self.stride);
        invariant!(I3, in_flight <= most as u64, "{in_flight} chunks in flight");
        offsets
    }

    /// What to ask for at a look: where the next chunk was asked for before the last look and has
    /// not come, begins again from there with a window of one.
    fn overdue(&mut self, most: usize) -> Vec<u64> {
        if self.have() < self.overdue {
            self.window = 1;
            self.asked = self.have();
        }
        let offsets = self.next_offsets(most);
        self.overdue = self.asked;
        offsets
    }
}

//! What a log on disk holds after a crash; keeps a torn tail and a rotted record apart.
//!
//! Every frame, mark and segment header carries a *durable mark*: a sequence number that was known
//! durable when it was written. Let D be the highest one in the log. A group is written only after
//! the one before it was synced, so only the last group can lie above D.
//!
//! ```text
//!    seq <= D                        | seq > D: the last group
//!    good -> returned                | good, next in line      -> returned
//!    bad  -> corrupt, for certain:   | bad, and anything after -> cut, and the tail is doubtful:
//!            named, never given      |       torn before it was acknowledged, or rotted after
//! ```
//!
//! - I1 What is returned is what was appended: a prefix of it, except for the ranges in `corrupt`.
//! - I2 A bad record followed by a good one of a later group is always corruption, because the
//!   later group carries a mark at or above it.
//! - I3 Nothing that was acknowledged is missing unless the log says `corrupt` or `doubtful`.
//! - I4 Records above D may have been read from memory rather than from the disk (after a failed
//!   sync they would be): they are written again into the next segment, never just synced again.
//!
//! Deviation from the design's words "a bad record followed by a good one is always corruption":
//! within the one group above D it is doubtful instead, because no disk keeps the order of sectors
//! between two syncs, and records that nobody acknowledged are nowhere else. The tail
//! is then cut at the bad record, and never silently.

use super::segment::{Found, Scan};
use crate::disk::identity::amnesia;
use avouch_machine::Seq;
use avouch_promise::{Error, Incarnation};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// What a log held when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveredLog {
    /// Every good record that was not released, in order; `corrupt` ones are left out.
    pub records: Vec<(Seq, Bytes)>,
    /// The first record that was not released, whether good or not.
    pub first_seq: Seq,
    /// The next record to append.
    pub next_seq: Seq,
    /// Records at the end that had been acknowledged may be missing: do not vote until caught up,
    /// then say so with [`crate::disk::Wal::settle`]. It stays true over restarts until then.
    pub doubtful: bool,
    /// Acknowledged records that are not what was written.
    pub corrupt: Vec<RangeInclusive<Seq>>,
    /// How often this log has been opened, this time included.
    pub incarnation: Incarnation,
}

/// One file of the log as it was read.
#[derive(Debug)]
pub(super) struct Scanned {
    /// Its number.
    pub number: u64,
    /// What stands in it.
    pub scan: Scan,
    /// The data of its good records.
    pub data: BTreeMap<Seq, Bytes>,
    /// The length of the file in bytes.
    pub length: u64,
}

impl Scanned {
    /// Scans `content`.
    pub(super) fn of(number: u64, content: &[u8], keyed: bool) -> Self {
        let scan = Scan::of(content, keyed);
        let mut data = BTreeMap::new();
        for (seq, found) in scan.records().filter(|(_, found)| found.good) {
            let start = found.offset + super::frame::HEADER;
            let bytes = content.get(start..start + found.frame.length as usize);
            data.entry(seq).or_insert_with(|| Bytes::copy_from_slice(bytes.unwrap_or_default()));
        }
        Self { number, scan, data, length: content.len() as u64 }
    }
}

/// What the segments together say.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// The first record that was not released.
    pub first: Seq,
    /// D: everything up to here was acknowledged, or may have been.
    pub durable: Seq,
    /// The next record to append.
    pub next: Seq,
    /// Whether the tail is doubtful as of now.
    pub doubtful: bool,
    /// Where each record stands: the segment's number and the frame; none where there is no sound
    /// frame.
    pub places: BTreeMap<Seq, Option<(u64, Found)>>,
}

/// Judges the segments, in the order of their numbers; at least one.
pub(super) fn judge(segments: &[Scanned]) -> Result<Judgement, Error> {
    let known: Vec<_> = segments.iter().filter_map(|s| Some((s.scan.header?, s))).collect();
    let (Some((oldest, _)), Some((newest, last))) = (known.first(), known.last()) else {
        return Err(amnesia(
            "a log with at least one readable segment".into(),
            format!("{} segments whose headers are all damaged", segments.len()),
        ));
    };
    let durable = Seq(newest.first.0 - 1).max(last.scan.mark());
    let mut places = BTreeMap::new();
    for (at, (header, segment)) in known.iter().enumerate() {
        let end = known.get(at + 1).map(|(next, _)| next.first);
        for (seq, found) in segment.scan.records() {
            let live = seq >= header.first && end.is_none_or(|end| seq < end);
            let better = match places.get(&seq) {
                Some(Some((_, Found { good, .. }))) => !good && found.good,
                _ => true,
            };
            if live && better {
                places.insert(seq, Some((segment.number, found.clone())));
            }
        }
    }
    let mut next = durable.next();
    while matches!(places.get(&next), Some(Some((_, Found { good: true, .. })))) {
        next = next.next();
    }
    let beyond = places.split_off(&next);
    let last_frame = last.scan.found.last().map_or(0, |found| found.offset);
    let doubtful = !beyond.is_empty()
        || last.scan.garbage.iter().any(|range| range.start > last_frame)
        || last.length < newest.capacity
        || segments.last().is_some_and(|segment| segment.number != last.number);
    for seq in (oldest.first.0..next.0).map(Seq) {
        places.entry(seq).or_insert(None);
    }
    Ok(Judgement { first: oldest.first, durable, next, doubtful, places })
}

/// The ranges that `seqs`, in order, form.
pub(super) fn ranges(seqs: impl Iterator<Item = Seq>) -> Vec<RangeInclusive<Seq>> {
    let mut ranges: Vec<RangeInclusive<Seq>> = Vec::new();
    for seq in seqs {
        match ranges.last_mut() {
            Some(last) if last.end().next() == seq => *last = *last.start()..=seq,
            _ => ranges.push(seq..=seq),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_form_one_range() {
        let seqs = [1, 2, 3, 7, 9, 10].map(Seq);
        let expected = vec![Seq(1)..=Seq(3), Seq(7)..=Seq(7), Seq(9)..=Seq(10)];
        assert_eq!(ranges(seqs.into_iter()), expected);
    }
}

//! From what the disk holds to what the node starts with.
//!
//! ```text
//!   checkpoint (covers records before S)      records of the log
//!   ------------------------------------+---------------------------------
//!   none, or older, where the newest    | 1 .. F-1 released | F ... next-1
//!   is damaged                          |
//! ```
//!
//! | found | records given | in doubt |
//! |---|---|---|
//! | everything sound | all | if the log's tail is |
//! | damage below S, and a restatement at or after it | from S | if the log's tail is |
//! | damage at or after S | all sound ones | yes |
//! | S below F: what lies between is in no sound file | all sound ones | yes |
//! | the log ends before S: its durable end is gone | all sound ones | yes |
//!
//! - I1 What is given is what was written. Where a record is missing, the log that reads on sees
//!   so by the numbers, and takes from what stands behind it no more than it may.
//! - I2 Whoever is given less than was durable is told that it is in doubt.
//! - I3 Damaged bytes are never given. They leave the disk with the next checkpoint, which the node
//!   takes as soon as it has caught up.
//! - I4 No number of a record is used again below S: where the log ends before, it is filled up
//!   with records that say nothing.
//!
//! A record below S says nothing of entries any more, but may still hold the newest promise: the
//! log repeats promises in a restatement that is durable before records are released, and after the
//! checkpoint. So where one is seen at or after S, records below S are not needed.

//= §4.1.1 recovery

use crate::disk::{Checkpoint, Data};
use crate::node::{MachineImage, Node};
use avouch_agreement::log::{Image, Record, Snapshot};
use avouch_machine::{Recovered, Seq};
use avouch_promise::{Ballot, Blame, Decode, Error};
use bytes::Bytes;
use std::ops::RangeInclusive;

/// What the node starts with, and what was found on the way.
#[derive(Debug)]
pub struct Start {
    /// For [`avouch_machine::Protocol::recover`].
    pub recovered: Recovered<Node>,
    /// What was found damaged, in words; empty on a sound disk.
    pub findings: Vec<String>,
    /// The last damaged record: a checkpoint beyond it mends the log.
    pub damaged_to: Option<Seq>,
    /// Where the log ends; what lacks up to the checkpoint is to be filled with [`nothing`] (I4).
    pub ends: Seq,
}

/// A record that says nothing.
pub fn nothing() -> Record {
    Record::Promise(Ballot::default())
}

/// Reads what `data` holds.
///
/// # Errors
/// `Corrupt` when a sound checkpoint is not one of this version's; `Environment` when the disk
/// fails.
pub fn recover(data: &Data) -> Result<Start, Error> {
    let mut findings = Vec::new();
    for (checkpoint, parts) in &data.opened.damaged {
        let parts: Vec<_> = parts.iter().map(ToString::to_string).collect();
        let seq = checkpoint.seq().0;
        findings.push(format!("the checkpoint before record {seq}: {} damaged", parts.join(", ")));
    }
    let checkpoint = data.opened.newest.as_deref().map(read_image).transpose()?;
    let base = checkpoint.as_ref().map_or(Seq(1), |(seq, _)| *seq);

    let mut corrupt = data.log.corrupt.clone();
    let mut records = Vec::new();
    for (seq, bytes) in &data.log.records {
        match Record::from_bytes(bytes) {
            Ok(record) => records.push((*seq, record)),
            Err(error) => {
                findings.push(format!("record {}: {error}", seq.0));
                corrupt.push(*seq..=*seq);
            }
        }
    }
    for range in &data.log.corrupt {
        findings.push(format!("records {} to {} are damaged", range.start().0, range.end().0));
    }
    if let Some(gap) = &data.gap {
        let (from, to) = (gap.start().0, gap.end().0);
        findings.push(format!("records {from} to {to} are in no sound file"));
    }
    let tail_doubtful = data.log.doubtful;
    if tail_doubtful {
        findings.push("the end of the log is torn".into());
    }
    let ends = data.log.next_seq;
    let short = ends < base;
    if short {
        findings.push(format!("the log ends before record {}, its checkpoint after it", ends.0));
    }
    let (records, incomplete) = choose(records, &corrupt, base);
    Ok(Start {
        recovered: Recovered {
            checkpoint,
            records,
            next_seq: ends.max(base),
            doubtful: incomplete || tail_doubtful || short || data.gap.is_some(),
        },
        findings,
        damaged_to: corrupt.iter().map(RangeInclusive::end).max().copied(),
        ends,
    })
}

/// The records to start with, by the table above, and whether what they should say is incomplete.
fn choose(
    records: Vec<(Seq, Record)>,
    corrupt: &[RangeInclusive<Seq>],
    base: Seq,
) -> (Vec<(Seq, Record)>, bool) {
    let above = corrupt.iter().any(|range| *range.end() >= base);
    if corrupt.iter().all(|range| *range.start() >= base) {
        return (records, above);
    }
    let records: Vec<_> = records.into_iter().filter(|(seq, _)| *seq >= base).collect();
    let restated = records.iter().any(|(_, record)| matches!(record, Record::Restate { .. }));
    (records, above || !restated)
}

/// Reads a whole checkpoint.
fn read_image(checkpoint: &Checkpoint) -> Result<(Seq, Image<MachineImage>), Error> {
    let mut content = checkpoint.meta()?.to_vec();
    for block in checkpoint.body()? {
        content.extend_from_slice(&block?);
    }
    let image = MachineImage::decode_image(&Bytes::from(content));
    let image = image.ok_or_else(|| {
        let seq = checkpoint.seq().0;
        Error::new(
            Blame::Corrupt,
            format!("the checkpoint before record {seq} in this version's form"),
            "another form under a right checksum",
        )
        .hint("start the version that wrote it, or move the folder away and let the node catch up")
    })?;
    Ok((checkpoint.seq(), image))
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_agreement::log::CrashVector;
    use avouch_promise::Ballot;

    fn promise(seq: u64) -> (Seq, Record) {
        (Seq(seq), Record::Promise(Ballot::default()))
    }
    fn restate(seq: u64) -> (Seq, Record) {
        let (promised, accepted) = (Ballot::default(), Ballot::default());
        let (decided, known) = (avouch_promise::LogIndex(0), CrashVector::default());
        (Seq(seq), Record::Restate { promised, accepted, decided, known, doubtful: false })
    }
    fn seqs(chosen: &(Vec<(Seq, Record)>, bool)) -> (Vec<u64>, bool) {
        (chosen.0.iter().map(|(seq, _)| seq.0).collect(), chosen.1)
    }
    fn without(bad: &[u64], restated: u64) -> Vec<(Seq, Record)> {
        let one = |seq| if seq == restated { restate(seq) } else { promise(seq) };
        (1..=9).filter(|seq| !bad.contains(seq)).map(one).collect()
    }
    fn range(from: u64, to: u64) -> RangeInclusive<Seq> {
        Seq(from)..=Seq(to)
    }

    #[test]
    //= §4.1.1 recovery test
    fn each_row_of_the_table() {
        let all: Vec<u64> = (1..=9).collect();
        assert_eq!(seqs(&choose(without(&[], 0), &[], Seq(5))), (all, false));
        let below = [range(2, 3)];
        let from_base: Vec<u64> = (5..=9).collect();
        let chosen = choose(without(&[2, 3], 7), &below, Seq(5));
        assert_eq!(seqs(&chosen), (from_base.clone(), false), "restated: nothing is missing");
        let chosen = choose(without(&[2, 3], 0), &below, Seq(5));
        assert_eq!(seqs(&chosen), (from_base, true), "a promise may have been there");
        let chosen = choose(without(&[7], 5), &[range(7, 7)], Seq(5));
        assert_eq!(seqs(&chosen), (vec![1, 2, 3, 4, 5, 6, 8, 9], true));
        let after = [range(2, 2), range(7, 7)];
        let chosen = choose(without(&[2, 7], 5), &after, Seq(5));
        assert_eq!(seqs(&chosen), (vec![5, 6, 8, 9], true));
        let chosen = choose(without(&[4, 5, 6], 8), &[range(4, 6)], Seq(5));
        assert_eq!(seqs(&chosen), (vec![7, 8, 9], true));
    }
}

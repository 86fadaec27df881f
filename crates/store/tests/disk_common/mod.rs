//! What the disk tests share: an identity, small segments, and records that name themselves.
#![allow(dead_code, reason = "each test uses a part of it")]

use avouch_machine::Seq;
use avouch_promise::{ClusterId, NodeId, Random};
use avouch_store::disk::{Identity, MemoryFolder, Mutant, Options, RecoveredLog, Wal};
use bytes::Bytes;
use std::sync::Arc;

/// The identity of every test.
pub(crate) const IDENTITY: Identity = Identity { cluster: ClusterId([7; 16]), node: NodeId(3) };

/// Small segments, so that a few records cross several.
pub(crate) fn options(mutant: Mutant) -> Options {
    Options { segment_bytes: 8 * 4096, mutant, ..Options::default() }
}

/// Opens a log in memory.
pub(crate) fn open(folder: &MemoryFolder, mutant: Mutant) -> (Wal, RecoveredLog) {
    Wal::open_in(Arc::new(folder.clone()), IDENTITY, options(mutant)).expect("the log opens")
}

/// A record that names its own number, of a length that depends on it.
pub(crate) fn record(seq: u64, salt: u64) -> Bytes {
    let mut random = Random::new(seq ^ salt.wrapping_mul(0x9e37_79b9));
    let length = match random.below(10) {
        0 => random.between(4000, 9000),
        1 => 0,
        _ => random.between(1, 300),
    };
    let mut data = seq.to_le_bytes().to_vec();
    data.extend((0..length).map(|_| random.bits() as u8));
    data.into()
}

/// Appends `count` records, without a sync.
pub(crate) fn append(wal: &mut Wal, count: u64, salt: u64) {
    for _ in 0..count {
        let seq = wal.next_seq();
        wal.append(seq, &record(seq.0, salt)).expect("an append");
    }
}

/// An error unless the log is a prefix of what was appended and holds everything up to `synced`.
pub(crate) fn check_prefix(
    log: &RecoveredLog,
    appended: u64,
    synced: u64,
    salt: u64,
) -> Result<(), String> {
    if !log.corrupt.is_empty() {
        return Err(format!("corrupt {:?} after a mere crash", log.corrupt));
    }
    check_content(log, salt)?;
    let last = log.next_seq.0 - 1;
    if last < synced || last > appended {
        return Err(format!("ends at {last}; synced {synced}, appended {appended}"));
    }
    let expected: Vec<Seq> = (log.first_seq.0..=last).map(Seq).collect();
    let found: Vec<Seq> = log.records.iter().map(|(seq, _)| *seq).collect();
    if expected == found { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}

/// An error if a record is not what was appended.
pub(crate) fn check_content(log: &RecoveredLog, salt: u64) -> Result<(), String> {
    match log.records.iter().find(|(seq, data)| *data != record(seq.0, salt)) {
        Some((seq, _)) => Err(format!("record {} is not what was appended", seq.0)),
        None => Ok(()),
    }
}

//! Writes a snapshot, block by block, from a clone that nobody changes.

use super::{ALARM, ANSWER, BLOCK_BYTES, CLIENT, DELETE, END, FORMAT, HEADER, KEY, PUT};
use crate::dedupe::{Answer, Client};
use crate::machine::Machine;
use crate::mutant::{Mutant, planted};
use crate::mvcc::{Entry, Revision};
use crate::number;
use avouch_promise::{Encode, Writer};
use bytes::Bytes;

/// The blocks of a snapshot.
#[derive(Clone, Debug)]
pub struct Snapshot {
    machine: Machine,
    next: Next,
}

/// The record to write next.
#[derive(Clone, Debug)]
enum Next {
    Header,
    /// The key after this one.
    Key(Option<Bytes>),
    /// The entry of a key after this one.
    Entry(Bytes, Option<Revision>),
    Alarms,
    /// The client after this one.
    Client(Option<u64>),
    /// The answer of a client after this sequence.
    Answer(u64, Option<u64>),
    End,
    Nothing,
}

impl Iterator for Snapshot {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut out = Writer::new();
        while out.as_slice().len() < BLOCK_BYTES && !matches!(self.next, Next::Nothing) {
            self.step(&mut out);
        }
        (!out.as_slice().is_empty()).then(|| out.finish())
    }
}

impl Snapshot {
    pub(super) fn new(machine: Machine) -> Self {
        Self { machine, next: Next::Header }
    }

    /// Writes at most one record and finds the next.
    fn step(&mut self, out: &mut Writer) {
        let Self { machine, next } = self;
        *next = match std::mem::replace(next, Next::Nothing) {
            Next::Header => {
                header(machine, out);
                Next::Key(None)
            }
            Next::Key(last) => match machine.store.key_after(last.as_ref()) {
                Some(key) => {
                    out.u8(KEY);
                    out.bytes(&key);
                    Next::Entry(key, None)
                }
                None => Next::Alarms,
            },
            Next::Entry(key, last) => {
                let following = machine.store.history(&key).and_then(|history| {
                    history.after(last).next().map(|(revision, written)| {
                        entry(revision, written, out);
                        revision
                    })
                });
                match following {
                    Some(revision) => Next::Entry(key, Some(revision)),
                    None => Next::Key(Some(key)),
                }
            }
            Next::Alarms => {
                for alarm in machine.alarms.iter() {
                    out.u8(ALARM);
                    alarm.encode(out);
                }
                Next::Client(None)
            }
            Next::Client(last) => match machine.dedupe.after(last).next() {
                Some((name, found)) => {
                    client(name, found, out);
                    Next::Answer(name, None)
                }
                None => Next::End,
            },
            Next::Answer(name, last) => {
                let following = machine.dedupe.client(name).and_then(|client| {
                    client.after(last).next().map(|(sequence, kept)| {
                        answer(sequence, kept, out);
                        sequence
                    })
                });
                match following {
                    Some(sequence) => Next::Answer(name, Some(sequence)),
                    None => Next::Client(Some(name)),
                }
            }
            Next::End => {
                out.u8(END);
                out.u64(machine.store.key_count());
                out.u64(machine.store.size_bytes());
                machine.projection().encode(out);
                Next::Nothing
            }
            Next::Nothing => Next::Nothing,
        };
    }
}

fn header(machine: &Machine, out: &mut Writer) {
    out.u8(HEADER);
    out.u8(FORMAT);
    machine.point.encode(out);
    out.u64(machine.limits.quota_bytes);
    out.u64(machine.limits.clients);
    out.u64(machine.limits.answers_bytes);
    number::put(out, machine.store.revision());
    number::put(out, machine.store.compacted());
}

fn entry(revision: Revision, entry: &Entry, out: &mut Writer) {
    if entry.is_none() && planted(Mutant::SnapshotDropsTombstones) {
        return;
    }
    out.u8(if entry.is_some() { PUT } else { DELETE });
    number::put(out, revision.main);
    out.varint(u64::from(revision.sub));
    if let Some(written) = entry {
        number::put(out, written.create_revision);
        number::put(out, written.version);
        out.bytes(&written.value);
        number::put(out, written.lease);
    }
}

fn client(name: u64, client: &Client, out: &mut Writer) {
    out.u8(CLIENT);
    out.u64(name);
    out.u64(client.settled);
    client.last.encode(out);
}

fn answer(sequence: u64, answer: &Answer, out: &mut Writer) {
    out.u8(ANSWER);
    out.u64(sequence);
    answer.point.encode(out);
    answer.request.encode(out);
    out.bytes(&answer.outcome);
}

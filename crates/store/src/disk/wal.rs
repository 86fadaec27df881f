//! The log: appends records, makes them durable a group at a time, reads and releases them.
//!
//! ```text
//!   append  append  append   sync
//!     |       |       |       |
//!     v       v       v       v
//!   [ group in memory      ] -> one write, one fdatasync -> durable(seq) -> one mark, not synced
//! ```
//!
//! - I1 Records are numbered without gaps, and `sync` names the last durable one.
//! - I2 A group is written only after the one before it is durable, and starts on a block of its
//!   own.
//! - I3 After a failed write or sync nothing more is tried: every later call gives the same error.
//!   The node stops, and [`crate::disk::recovery`] decides from the bytes.
//! - I4 Every start begins a new segment, with a new generation: what an earlier run left behind
//!   the log's end can never be taken for a record of this one.
//! - I5 Nothing is released that no durable checkpoint covers, and only whole segments are.
//! - I6 A segment's last block is kept for the mark, so that every group has one.
//!
//! The mark after a group says that the group is durable. It costs one write into memory, takes no
//! part in any sync, and lets a later start call a rotted record of the last group corrupt for
//! certain instead of doubtful.

mod opening;
mod release;

use super::checkpoints::Covered;
use super::folder::{File, Folder, failed};
use super::frame::{self, Frame};
use super::identity::{self, Birth, Identity};
use super::mutant::Mutant;
use super::recovery::ranges;
use super::segment::{self, BLOCK, DATA, Header};
use super::spare::{self, SpareJob};
use avouch_machine::Seq;
use avouch_promise::{Blame, Error, Incarnation, invariant};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// The longest record: several times what a node ever writes at once, and no more than a reader
/// can take into memory.
pub const RECORD_MAX: usize = 64 << 20;

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// The length of a segment in bytes; rounded up to blocks of 4096, at least 4 of them. A
    /// segment for a record that does not fit is as long as the record needs.
    pub segment_bytes: u64,
    /// Whether a folder without anything in it is a new node's. One of a node that was founded has
    /// its identity from then on, so without it the log is gone.
    pub may_be_new: bool,
    /// What durable checkpoints cover; without it, whoever calls `release` answers for it.
    pub covered: Option<Covered>,
    #[doc(hidden)]
    pub mutant: Mutant,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 16 << 20, may_be_new: true, covered: None, mutant: Mutant::None }
    }
}

/// Why records could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// They were released, or are not written yet.
    Missing,
    /// These are not what was written.
    Corrupt(RangeInclusive<Seq>),
    /// The disk failed.
    Failed(Error),
}

/// Where a record stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In the segment with this number.
    At { segment: u64, offset: u64, length: u32 },
    /// Nowhere: it rotted.
    Bad,
}

#[derive(Debug)]
pub(super) struct Open {
    pub(super) header: Header,
    pub(super) file: Box<dyn File>,
}

/// The log of one node. One thread owns it.
#[derive(Debug)]
pub struct Wal {
    pub(super) folder: Arc<dyn Folder>,
    identity: Identity,
    options: Options,
    incarnation: Incarnation,
    settled: Incarnation,
    doubtful: bool,
    /// By number.
    pub(super) segments: BTreeMap<u64, Open>,
    pub(super) places: BTreeMap<Seq, Place>,
    /// Segments whose headers are lost: removed with their neighbours.
    orphans: Vec<u64>,
    active: u64,
    group: Vec<u8>,
    group_at: u64,
    first: Seq,
    durable: Seq,
    next: Seq,
    failure: Option<Error>,
}

impl Wal {
    /// Makes a new segment, durable, named and holding `tail`, the active one. It has room for
    /// one record of `next` bytes more, however short segments are to be.
    fn begin_segment(&mut self, tail: &[(Seq, Bytes)], next: usize) -> Result<(), Error> {
        let number = self.active + 1;
        let tail_bytes: usize = tail.iter().map(|(_, data)| frame::size(data.len())).sum();
        let room = tail_bytes.next_multiple_of(BLOCK) + frame::size(next);
        let capacity = self
            .options
            .segment_bytes
            .max((room + DATA + 2 * BLOCK) as u64)
            .next_multiple_of(BLOCK as u64);
        let header = Header {
            identity: self.identity,
            number,
            generation: self.folder.random(),
            first: self.durable.next(),
            incarnation: self.incarnation,
            doubtful: self.doubtful,
            capacity,
        };
        let generation = self.key(&header);
        let mut group = Vec::new();
        let mut places = Vec::new();
        for (seq, data) in tail {
            let frame = Frame::record(generation, *seq, self.durable, data);
            places.push((*seq, (DATA + group.len()) as u64, frame.length));
            segment::push_frame(&mut group, DATA as u64, generation, &frame, data);
        }
        segment::pad(&mut group);
        let temporary = format!("log-{number:010}.temporary");
        let file = self.zeros(&temporary, capacity)?;
        let names = (temporary.as_str(), &*segment::name(number));
        segment::begin(&*self.folder, &*file, names, &header, &group)?;
        for (seq, offset, length) in places {
            self.places.insert(seq, Place::At { segment: number, offset, length });
        }
        self.segments.insert(number, Open { header, file });
        self.active = number;
        self.group_at = (DATA + group.len()) as u64;
        self.durable = tail.last().map_or(self.durable, |(seq, _)| *seq);
        self.write_mark()
    }

    /// A file of durable zeros: the spare one, or one made now.
    fn zeros(&self, name: &str, capacity: u64) -> Result<Box<dyn File>, Error> {
        if let Ok(file) = self.folder.open(spare::READY)
            && file.length().is_ok_and(|length| length == capacity)
        {
            self.folder.rename(spare::READY, name).map_err(|e| failed("renaming", name, &e))?;
            return Ok(file);
        }
        let file = self.folder.create(name).map_err(|e| failed("creating", name, &e))?;
        segment::write_zeros(&*file, name, capacity)?;
        Ok(file)
    }

    fn key(&self, header: &Header) -> u64 {
        let keyed = self.options.mutant != Mutant::GenerationNotInChecksum;
        if keyed { header.generation } else { 0 }
    }

    /// The segment being written.
    fn writing(&self) -> &Open {
        let open = self.segments.get(&self.active);
        invariant!(I4, open.is_some(), "no active segment");
        open.unwrap_or_else(|| unreachable!("checked above"))
    }

    /// Appends a record to the group in memory. It is durable after the next [`Wal::sync`].
    pub fn append(&mut self, seq: Seq, data: &[u8]) -> Result<(), Error> {
        self.alive()?;
        if seq != self.next {
            return Err(Error::new(
                Blame::Caller,
                format!("record {}", self.next.0),
                format!("record {}", seq.0),
            )
            .hint("records are numbered without gaps"));
        }
        if data.len() > RECORD_MAX {
            return Err(Error::new(
                Blame::Caller,
                format!("a record of at most {RECORD_MAX} bytes"),
                format!("one of {} bytes", data.len()),
            ));
        }
        let end = self.group_at + (self.group.len() + frame::size(data.len())) as u64;
        if end + BLOCK as u64 > self.writing().header.capacity {
            self.commit()?;
            self.guard(|wal| wal.begin_segment(&[], data.len()))?;
        }
        let header = self.writing().header;
        let generation = self.key(&header);
        let frame = Frame::record(generation, seq, self.durable, data);
        let offset = self.group_at + self.group.len() as u64;
        segment::push_frame(&mut self.group, self.group_at, generation, &frame, data);
        let (segment, length) = (self.active, frame.length);
        self.places.insert(seq, Place::At { segment, offset, length });
        self.next = seq.next();
        Ok(())
    }

    /// Makes everything appended so far durable; says up to where the log now is.
    pub fn sync(&mut self) -> Result<Seq, Error> {
        self.alive()?;
        if !self.group.is_empty() {
            self.commit()?;
            self.guard(Self::write_mark)?;
        }
        invariant!(I1, self.durable.next() == self.next, "synced, but not to the end");
        Ok(self.durable)
    }

    /// Writes and syncs the group.
    fn commit(&mut self) -> Result<(), Error> {
        self.guard(|wal| {
            segment::pad(&mut wal.group);
            let name = segment::name(wal.active);
            let open = wal.writing();
            open.file
                .write_at(wal.group_at, &wal.group)
                .map_err(|e| failed("writing a group to", &name, &e))?;
            if wal.options.mutant != Mutant::AcknowledgeBeforeSync {
                open.file.sync().map_err(|e| failed("syncing", &name, &e))?;
            }
            wal.group_at += wal.group.len() as u64;
            wal.group.clear();
            wal.durable = Seq(wal.next.0 - 1);
            Ok(())
        })
    }

    /// Writes, without a sync, that everything so far is durable.
    fn write_mark(&mut self) -> Result<(), Error> {
        let Open { header, file } = self.writing();
        let end = self.group_at + BLOCK as u64;
        invariant!(I6, end <= header.capacity, "no room for the mark");
        let mut block = vec![0; BLOCK];
        let mark = Frame::mark(self.durable).encode(self.key(header), self.group_at);
        block.iter_mut().zip(mark).for_each(|(place, byte)| *place = byte);
        let name = segment::name(self.active);
        file.write_at(self.group_at, &block).map_err(|e| failed("writing a mark to", &name, &e))
    }

    /// Runs a step after whose failure nothing more is tried.
    pub(super) fn guard<T>(
        &mut self,
        step: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.alive()?;
        step(self).inspect_err(|error| self.failure = Some(error.clone()))
    }

    fn alive(&self) -> Result<(), Error> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Reads `from..=to` back, or a prefix of them: at least one record, and no more once they
    /// exceed
    /// `limit_bytes`.
    pub fn read(
        &mut self,
        from: Seq,
        to: Seq,
        limit_bytes: usize,
    ) -> Result<Vec<(Seq, Bytes)>, ReadError> {
        if from < self.first || to >= self.next || from > to {
            return Err(ReadError::Missing);
        }
        let (mut records, mut size) = (Vec::new(), 0);
        for seq in (from.0..=to.0).map(Seq) {
            match self.read_one(seq) {
                Ok(data) => {
                    size += data.len();
                    records.push((seq, data));
                }
                Err(error) if records.is_empty() => return Err(error),
                Err(_) => break,
            }
            if size >= limit_bytes {
                break;
            }
        }
        Ok(records)
    }

    /// Reads one record from the disk and checks it.
    pub(super) fn read_one(&mut self, seq: Seq) -> Result<Bytes, ReadError> {
        let Some(Place::At { segment, offset, length }) = self.places.get(&seq).copied() else {
            return Err(ReadError::Corrupt(self.bad_around(seq)));
        };
        if segment == self.active && offset >= self.group_at {
            let start = (offset - self.group_at) as usize + frame::HEADER;
            let data = self.group.get(start..start + length as usize).unwrap_or_default();
            return Ok(Bytes::copy_from_slice(data));
        }
        let Some(open) = self.segments.get(&segment) else { return Err(ReadError::Missing) };
        let mut bytes = vec![0; frame::size(length as usize)];
        match open.file.read_at(offset, &mut bytes) {
            Ok(()) => {}
            // The file was cut, or its blocks cannot be read: the record is gone either way.
            Err(e) if is_medium_error(&e) => bytes.clear(),
            Err(e) => {
                let name = segment::name(segment);
                return Err(ReadError::Failed(failed("reading", &name, &e)));
            }
        }
        let generation = self.key(&open.header);
        let sound = Frame::decode(&bytes, generation, offset);
        let sound = sound.filter(|frame| frame.seq == Some(seq) && frame.length == length);
        let (data, padding) = bytes
            .get(frame::HEADER..)
            .and_then(|body| body.split_at_checked(length as usize))
            .unwrap_or_default();
        if sound.is_some_and(|frame| frame.holds(generation, data, padding)) {
            return Ok(Bytes::copy_from_slice(data));
        }
        self.places.insert(seq, Place::Bad);
        Err(ReadError::Corrupt(self.bad_around(seq)))
    }

    fn bad(&self) -> impl Iterator<Item = Seq> {
        self.places.iter().filter(|(_, place)| matches!(place, Place::Bad)).map(|(seq, _)| *seq)
    }

    fn bad_around(&self, seq: Seq) -> RangeInclusive<Seq> {
        let around = ranges(self.bad());
        around.into_iter().find(|range| range.contains(&seq)).unwrap_or(seq..=seq)
    }

    /// The records that are known to be corrupt.
    pub fn corrupt(&self) -> Vec<RangeInclusive<Seq>> {
        ranges(self.bad())
    }

    /// The work of preparing the next segment, for any other thread; none if one is ready.
    pub fn spare_job(&self) -> Option<SpareJob> {
        let ready = self.folder.names().is_ok_and(|names| names.contains(spare::READY));
        let (folder, capacity) = (Arc::clone(&self.folder), self.options.segment_bytes);
        (!ready).then_some(SpareJob { folder, capacity })
    }

    /// Says, durably, that this node has caught up: the tail is no longer doubtful.
    pub fn settle(&mut self) -> Result<(), Error> {
        self.guard(|wal| {
            (wal.settled, wal.doubtful) = (wal.incarnation, false);
            let birth = Birth {
                identity: wal.identity,
                incarnation: wal.incarnation,
                segment: wal.active,
                settled: wal.settled,
            };
            identity::write(&*wal.folder, &birth)
        })
    }

    /// The first record that was not released.
    pub fn first_seq(&self) -> Seq {
        self.first
    }
    /// The next record to append.
    pub fn next_seq(&self) -> Seq {
        self.next
    }
    /// The last durable record; 0 if there is none.
    pub fn durable_seq(&self) -> Seq {
        self.durable
    }
    /// How often this log has been opened.
    pub fn incarnation(&self) -> Incarnation {
        self.incarnation
    }
    /// How many bytes the log takes on the disk.
    pub fn size_bytes(&self) -> u64 {
        self.segments.values().map(|open| open.header.capacity).sum()
    }
}

/// Whether an error says that bytes are gone, not that the disk refuses to work.
pub(super) fn is_medium_error(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::UnexpectedEof
        || error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

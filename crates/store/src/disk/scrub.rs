//! Reads everything again and names what is not what was written.
//!
//! Offline, [`scrub`] reads every byte of every file of a folder, including what means nothing to
//! recovery (padding, marks, second copies). In a running node, [`Scrubber`] goes round the live
//! records and the checkpoint's parts, some bytes at a time.

use super::checkpoint::{Checkpoint, Part};
use super::checkpoints::{Checkpoints, seq_of};
use super::folder::{Folder, failed, read_all};
use super::identity::{self, Found as Identified};
use super::recovery::{Scanned, judge};
use super::segment;
use super::wal::{Place, ReadError, Wal};
use avouch_machine::Seq;
use avouch_promise::{Blame, Error};
use std::fmt;

/// Bytes that are not what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flip {
    /// The file.
    pub file: String,
    /// Where it starts.
    pub offset: u64,
    /// What stands there.
    pub what: Damaged,
}

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    /// A record of the log.
    Record(Seq),
    /// One of the two copies of a segment's header.
    SegmentHeader,
    /// Bytes of the log between records, or of a record whose identity rotted.
    Unknown,
    /// A part of a checkpoint.
    Checkpoint(Part),
    /// The identity file.
    Identity,
}

impl fmt::Display for Flip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: ", self.file, self.offset)?;
        match self.what {
            Damaged::Record(seq) => write!(f, "record {} is damaged", seq.0),
            Damaged::SegmentHeader => write!(f, "a copy of the segment's header is damaged"),
            Damaged::Unknown => write!(f, "bytes that are neither a record nor empty"),
            Damaged::Checkpoint(part) => write!(f, "the checkpoint's {part} is damaged"),
            Damaged::Identity => write!(f, "the identity file is damaged"),
        }
    }
}

/// What a scrub read and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrubReport {
    /// Files read.
    pub files: usize,
    /// Bytes read.
    pub bytes: u64,
    /// Sound records read, live or not.
    pub records: usize,
    /// What is damaged.
    pub flips: Vec<Flip>,
    /// Whether the end of the log is doubtful.
    pub doubtful: bool,
}

/// Reads every file of `folder`, which no node is using.
pub fn scrub(folder: &dyn Folder) -> Result<ScrubReport, Error> {
    let mut report = ScrubReport::default();
    let names = folder.names().map_err(|e| failed("listing", "the data folder", &e))?;
    let mut segments = Vec::new();
    for name in &names {
        let file = || folder.open(name).map_err(|e| failed("opening", name, &e));
        if let Some(number) = segment::number_of(name) {
            let file = file()?;
            file.drop_cache();
            let content = read_all(&*file).map_err(|e| failed("reading", name, &e))?;
            let scanned = Scanned::of(number, &content, true);
            report.segment(name, &scanned);
            segments.push(scanned);
        } else if let Some(seq) = seq_of(name) {
            let checkpoint = Checkpoint::new(seq, name.clone(), file()?)?;
            checkpoint.file.drop_cache();
            report.files += 1;
            report.bytes += checkpoint.total();
            for part in checkpoint.verify()? {
                let (offset, what) = (checkpoint.range(part).0, Damaged::Checkpoint(part));
                report.flips.push(Flip { file: name.clone(), offset, what });
            }
        }
    }
    if let Identified::Damaged = identity::read(folder, names.contains(identity::NAME))? {
        let file = identity::NAME.into();
        report.flips.push(Flip { file, offset: 0, what: Damaged::Identity });
    }
    report.doubtful = !segments.is_empty() && judge(&segments)?.doubtful;
    Ok(report)
}

impl ScrubReport {
    fn segment(&mut self, name: &str, scanned: &Scanned) {
        self.files += 1;
        self.bytes += scanned.length;
        self.records += scanned.data.len();
        let scan = &scanned.scan;
        let headers = scan.bad_headers.iter().map(|at| (*at, Damaged::SegmentHeader));
        let records = scan.found.iter().filter(|found| !found.good).map(|found| {
            let seq = found.frame.seq.unwrap_or_default();
            (found.offset, Damaged::Record(seq))
        });
        let garbage = scan.garbage.iter().map(|range| (range.start, Damaged::Unknown));
        for (offset, what) in headers.chain(records).chain(garbage) {
            self.flips.push(Flip { file: name.into(), offset: offset as u64, what });
        }
    }
}

/// Goes round a running node's data.
#[derive(Clone, Debug, Default)]
pub struct Scrubber {
    record: Seq,
    segment: Option<u64>,
    part: usize,
    /// How often it has been all the way round.
    pub rounds: u64,
}

impl Scrubber {
    /// Checks at least one record or part and stops once `budget` bytes are read. Damaged records
    /// are from then on refused by the log, which lists them as corrupt.
    pub fn step(
        &mut self,
        wal: &mut Wal,
        checkpoints: &Checkpoints,
        budget: u64,
    ) -> Result<Vec<Flip>, Error> {
        let (mut flips, mut read) = (Vec::new(), 0);
        while read < budget {
            let next = wal.places.range(self.record.next()..).next();
            let durable = next.filter(|(seq, _)| **seq <= wal.durable_seq());
            let Some((seq, place)) = durable.map(|(seq, place)| (*seq, *place)) else {
                return self.checkpoint(checkpoints, budget - read, flips);
            };
            self.record = seq;
            let Place::At { segment, offset, length } = place else { continue };
            read += u64::from(length) + super::frame::HEADER as u64;
            if self.segment.replace(segment) != Some(segment) {
                wal.drop_cache(segment);
            }
            match wal.read_one(seq) {
                Err(ReadError::Corrupt(_)) => {
                    let (file, what) = (segment::name(segment), Damaged::Record(seq));
                    flips.push(Flip { file, offset, what });
                }
                Err(ReadError::Failed(error)) => return Err(error),
                Ok(_) | Err(ReadError::Missing) => {}
            }
        }
        Ok(flips)
    }

    fn checkpoint(
        &mut self,
        checkpoints: &Checkpoints,
        budget: u64,
        mut flips: Vec<Flip>,
    ) -> Result<Vec<Flip>, Error> {
        let newest = checkpoints.newest();
        let parts: Vec<_> = newest.iter().flat_map(|c| c.parts()).skip(self.part).collect();
        let mut read = 0;
        for part in parts {
            let Some(newest) = &newest else { break };
            if part == Part::Head {
                newest.file.drop_cache();
            }
            match newest.part(part) {
                Ok(bytes) => read += bytes.len() as u64,
                Err(error) if error.blame == Blame::Corrupt => {
                    let (offset, what) = (newest.range(part).0, Damaged::Checkpoint(part));
                    flips.push(Flip { file: newest.name.clone(), offset, what });
                }
                Err(error) => return Err(error),
            }
            self.part += 1;
            if read >= budget {
                return Ok(flips);
            }
        }
        (self.record, self.segment, self.part) = (Seq(0), None, 0);
        self.rounds += 1;
        Ok(flips)
    }
}

impl Wal {
    /// Lets the next reads of a segment come from the medium: the kernel drops its clean pages.
    fn drop_cache(&self, segment: u64) {
        if let Some(open) = self.segments.get(&segment) {
            open.file.drop_cache();
        }
    }
}

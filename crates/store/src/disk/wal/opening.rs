//! Opening a log: read it, judge it, and begin this run's segment.
//!
//! Order of the durable steps, each of which leaves a log that opens again: the new segment (zeros,
//! header, the records that were not known durable; then its name), the identity file with the
//! new incarnation, and only then the removal of segments that hold nothing.

use super::{Open, Options, Place, Wal};
use crate::disk::checkpoints::PREFIX;
use crate::disk::folder::{Folder, SystemFolder, failed, read_all};
use crate::disk::identity::{self, Birth, Found as Identified, Identity, amnesia};
use crate::disk::mutant::Mutant;
use crate::disk::recovery::{Judgement, RecoveredLog, Scanned, judge, ranges};
use crate::disk::segment::{self, BLOCK, DATA};
use crate::disk::spare;
use avouch_machine::Seq;
use avouch_promise::{Error, Incarnation};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

impl Wal {
    /// Opens, or creates, the log in the folder at `path`.
    pub fn open(path: &Path, identity: Identity) -> Result<(Self, RecoveredLog), Error> {
        Self::open_in(Arc::new(SystemFolder::open(path)?), identity, Options::default())
    }

    /// Opens, or creates, the log in `folder`.
    pub fn open_in(
        folder: Arc<dyn Folder>,
        identity: Identity,
        options: Options,
    ) -> Result<(Self, RecoveredLog), Error> {
        let segment_bytes = options.segment_bytes.max(4 * BLOCK as u64);
        let segment_bytes = segment_bytes.next_multiple_of(BLOCK as u64);
        let options = Options { segment_bytes, ..options };
        let names = folder.names().map_err(|e| failed("listing", "the data folder", &e))?;
        for name in
            names.iter().filter(|name| !name.starts_with(PREFIX) && spare::is_leftover(name))
        {
            folder.remove(name).map_err(|e| failed("removing", name, &e))?;
        }
        let keyed = options.mutant != Mutant::GenerationNotInChecksum;
        let scan = |name: &str, number| {
            let content = folder.open(name).and_then(|file| read_all(&*file));
            let content = content.map_err(|e| failed("reading", name, &e))?;
            let scanned = Scanned::of(number, &content, keyed);
            scanned.scan.header.map_or(Ok(()), |header| identity.check(&header.identity, name))?;
            Ok(scanned)
        };
        let numbers = names.iter().filter_map(|name| segment::number_of(name));
        let segments = numbers
            .map(|number| scan(&segment::name(number), number))
            .collect::<Result<Vec<_>, Error>>()?;
        let birth = identity::read(&*folder, names.contains(identity::NAME))?;
        let (last, settled) = last_start(&identity, &birth, &segments, options.may_be_new)?;

        let judgement = if segments.is_empty() {
            Judgement { first: Seq(1), next: Seq(1), ..Judgement::default() }
        } else {
            judge(&segments)?
        };
        let mut wal = Self {
            identity,
            incarnation: Incarnation(last.0 + 1),
            settled,
            doubtful: judgement.doubtful || inherited_doubt(&segments, settled, &options),
            segments: BTreeMap::new(),
            places: BTreeMap::new(),
            orphans: Vec::new(),
            active: segments.last().map_or(0, |segment| segment.number),
            group: Vec::new(),
            group_at: DATA as u64,
            first: judgement.first,
            durable: judgement.durable,
            next: judgement.next,
            failure: None,
            folder,
            options,
        };
        let mut records = wal.take_over(&segments, &judgement)?;
        wal.start(&mut records)?;
        let corrupt = ranges(wal.bad());
        let log = RecoveredLog {
            records: records.into_iter().collect(),
            first_seq: wal.first,
            next_seq: wal.next,
            doubtful: wal.doubtful,
            corrupt,
            incarnation: wal.incarnation,
        };
        Ok((wal, log))
    }

    /// Takes over what recovery found; gives the good records.
    fn take_over(
        &mut self,
        segments: &[Scanned],
        judgement: &Judgement,
    ) -> Result<BTreeMap<Seq, Bytes>, Error> {
        for scanned in segments {
            let Some(header) = scanned.scan.header else {
                self.orphans.push(scanned.number);
                continue;
            };
            let name = segment::name(scanned.number);
            let file = self.folder.open(&name).map_err(|e| failed("opening", &name, &e))?;
            self.segments.insert(scanned.number, Open { header, file });
        }
        let mut records = BTreeMap::new();
        for (seq, place) in &judgement.places {
            let place = match place {
                Some((number, found)) if found.good => {
                    let data = segments.iter().find(|s| s.number == *number);
                    if let Some(data) = data.and_then(|s| s.data.get(seq)) {
                        records.insert(*seq, data.clone());
                    }
                    let (offset, length) = (found.offset as u64, found.frame.length);
                    Place::At { segment: *number, offset, length }
                }
                Some(_) | None => Place::Bad,
            };
            self.places.insert(*seq, place);
        }
        Ok(records)
    }

    /// Begins this run's segment, with the records that are not known durable, and counts the
    /// start.
    fn start(&mut self, records: &mut BTreeMap<Seq, Bytes>) -> Result<(), Error> {
        let cut = self.bad().next();
        if self.options.mutant == Mutant::CutAtFirstBad
            && let Some(cut) = cut
        {
            records.split_off(&cut);
            self.places.split_off(&cut);
            (self.durable, self.next, self.doubtful) = (Seq(cut.0 - 1), cut, false);
        }
        if self.options.mutant == Mutant::TrustPageCache {
            self.durable = Seq(self.next.0 - 1);
        }
        let tail: Vec<_> =
            records.range(self.durable.next()..).map(|(s, d)| (*s, d.clone())).collect();
        self.begin_segment(&tail, 0)?;
        let birth = Birth {
            identity: self.identity,
            incarnation: self.incarnation,
            segment: self.active,
            settled: self.settled,
        };
        identity::write(&*self.folder, &birth)?;
        self.remove_void()
    }
}

/// The last incarnation, and up to which one doubts are settled.
fn last_start(
    identity: &Identity,
    birth: &Identified,
    segments: &[Scanned],
    may_be_new: bool,
) -> Result<(Incarnation, Incarnation), Error> {
    let headers = segments.iter().filter_map(|segment| segment.scan.header);
    let from_log = headers.map(|header| header.incarnation).max().unwrap_or_default();
    let newest = segments.last().map_or(0, |segment| segment.number);
    let newest_readable = segments.last().is_some_and(|segment| segment.scan.header.is_some());
    match birth {
        Identified::Sound(birth) => {
            identity.check(&birth.identity, identity::NAME)?;
            if newest < birth.segment {
                return Err(amnesia(
                    format!("a log up to segment {} or later", birth.segment),
                    format!("one that ends with segment {newest}"),
                ));
            }
            Ok((from_log.max(birth.incarnation), birth.settled))
        }
        Identified::Absent if segments.is_empty() && may_be_new => Ok(<_>::default()),
        Identified::Absent | Identified::Damaged if newest_readable => {
            Ok((from_log, Incarnation(0)))
        }
        Identified::Absent | Identified::Damaged => Err(amnesia(
            "to know how often this node has started".into(),
            "neither a sound identity file nor a sound newest segment".into(),
        )),
    }
}

/// Whether an earlier doubt about the tail was never settled.
fn inherited_doubt(segments: &[Scanned], settled: Incarnation, options: &Options) -> bool {
    let last = segments.iter().rev().find_map(|segment| segment.scan.header);
    last.is_some_and(|header| header.doubtful && header.incarnation > settled)
        && options.mutant != Mutant::ForgetDoubt
}

//! Repairing corrupt records from what peers gave.
//!
//! The damaged blocks are left alone: a medium that rotted once is not trusted with the repair, and
//! no write ever touches a synced record. A repair is a small file of its own, made whole before
//! it gets its name. Where the damaged record's identity is sound, its length and checksum
//! decide whether a peer's bytes are the right ones.

use super::{FileId, Open, Place, Wal};
use crate::disk::folder::failed;
use crate::disk::frame::Frame;
use crate::disk::identity;
use crate::disk::segment::{self, DATA, Header};
use avouch_machine::Seq;
use avouch_promise::{Blame, Error};
use bytes::Bytes;

impl Wal {
    /// Puts records that peers gave in the place of corrupt ones, durably. The damaged blocks are
    /// left alone: the repair is a file of its own.
    pub fn repair(&mut self, records: &[(Seq, Bytes)]) -> Result<(), Error> {
        for (seq, data) in records {
            let fits = match self.places.get(seq) {
                Some(Place::Bad(Some((frame, generation)))) => {
                    frame.length as usize == data.len() && frame.holds(*generation, data, &[])
                }
                Some(Place::Bad(None)) => true,
                _ => {
                    return Err(Error::new(
                        Blame::Caller,
                        "a corrupt record to repair",
                        format!("record {}, which is not one", seq.0),
                    ));
                }
            };
            if !fits {
                return Err(Error::new(
                    Blame::Peer,
                    format!("record {} as its sound identity describes it", seq.0),
                    "other bytes",
                )
                .hint("ask another peer"));
            }
        }
        if records.is_empty() { Ok(()) } else { self.guard(|wal| wal.write_repair(records)) }
    }

    fn write_repair(&mut self, records: &[(Seq, Bytes)]) -> Result<(), Error> {
        let numbers = self.files.keys().filter_map(|id| match id {
            FileId::Repair(number) => Some(*number),
            FileId::Segment(_) => None,
        });
        let number = numbers.max().unwrap_or(0) + 1;
        let generation = self.folder.random();
        let mut header = Header {
            identity: self.identity,
            number,
            generation,
            first: records.iter().map(|(seq, _)| *seq).min().unwrap_or(Seq(1)),
            incarnation: self.incarnation,
            doubtful: false,
            capacity: 0,
        };
        let generation = self.key(&header);
        let (mut group, mut places) = (Vec::new(), Vec::new());
        for (seq, data) in records {
            let frame = Frame::record(generation, *seq, identity::NOTHING, data);
            places.push((*seq, (DATA + group.len()) as u64, frame.length));
            segment::push_frame(&mut group, DATA as u64, generation, &frame, data);
        }
        segment::pad(&mut group);
        header.capacity = (DATA + group.len()) as u64;
        let temporary = format!("repair-{number:010}.temporary");
        let file =
            self.folder.create(&temporary).map_err(|e| failed("creating", &temporary, &e))?;
        let id = FileId::Repair(number);
        let names = (temporary.as_str(), &*id.name());
        segment::begin(&*self.folder, &*file, names, &header, &group)?;
        self.files.insert(id, Open { header, file });
        for (seq, offset, length) in places {
            self.places.insert(seq, Place::At { file: id, offset, length });
        }
        Ok(())
    }
}

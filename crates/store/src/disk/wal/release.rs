//! Releasing what a durable checkpoint covers: whole segments, oldest first.
//!
//! A name is durably gone before anything else happens to its blocks, and before the next name
//! goes: whatever a crash leaves is still one unbroken range of segments.

use super::Wal;
use crate::disk::folder::failed;
use crate::disk::mutant::Mutant;
use crate::disk::segment;
use crate::disk::spare;
use avouch_machine::Seq;
use avouch_promise::Error;

impl Wal {
    /// Frees the segments all of whose records are before `before`, as far as a durable checkpoint
    /// covers them. Their names are durably gone when this returns.
    pub fn release(&mut self, before: Seq) -> Result<(), Error> {
        let covered = match &self.options.covered {
            Some(covered) if self.options.mutant != Mutant::ReleaseBeforeCheckpoint => {
                covered.seq()
            }
            _ => before,
        };
        let before = before.min(covered).min(self.durable.next());
        self.guard(|wal| wal.release_segments(before))
    }

    fn release_segments(&mut self, before: Seq) -> Result<(), Error> {
        let firsts: Vec<_> = self.firsts().collect();
        for pair in firsts.windows(2) {
            let [(number, _), (_, end)] = pair else { continue };
            if *end > before {
                break;
            }
            self.first = self.first.max(*end);
            self.retire(*number)?;
        }
        self.places = self.places.split_off(&self.first);
        let oldest = self.firsts().next().map_or(self.active, |(number, _)| number);
        let orphans = std::mem::take(&mut self.orphans);
        for number in orphans {
            if number < oldest { self.retire(number)? } else { self.orphans.push(number) }
        }
        Ok(())
    }

    /// The segments' numbers and first records, in order.
    fn firsts(&self) -> impl Iterator<Item = (u64, Seq)> {
        self.segments.iter().map(|(number, open)| (*number, open.header.first))
    }

    /// Segments that hold no live record (the one of a run that wrote nothing) go at once.
    pub(super) fn remove_void(&mut self) -> Result<(), Error> {
        let firsts: Vec<_> = self.firsts().collect();
        for pair in firsts.windows(2) {
            if let [(number, first), (_, end)] = pair
                && first >= end
            {
                self.retire(*number)?;
            }
        }
        Ok(())
    }

    /// Takes a segment's name away, durably, before anything else happens to its blocks.
    fn retire(&mut self, number: u64) -> Result<(), Error> {
        let name = segment::name(number);
        let open = self.segments.remove(&number);
        let fits = open.is_some_and(|open| open.header.capacity == self.options.segment_bytes);
        let names = self.folder.names().map_err(|e| failed("listing", "the data folder", &e))?;
        if fits && !names.contains(spare::READY) && !names.contains(spare::RECYCLED) {
            self.folder
                .rename(&name, spare::RECYCLED)
                .and_then(|()| self.folder.sync())
                .map_err(|e| failed("recycling", &name, &e))
        } else {
            self.remove(&name)
        }
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        let removed = self.folder.remove(name).and_then(|()| self.folder.sync());
        removed.map_err(|e| failed("removing", name, &e))
    }
}

//! The next segment's zeros, written ahead of need, so that the log's own thread need not wait.
//!
//! A released segment is renamed to `spare.recycled` (durably, before anything is written to it),
//! and the job overwrites it with zeros; without one it makes a new file. Only a file of durable
//! zeros is ever called `spare.segment`. The node runs the job on any thread; the log works without
//! it, but then pays for the zeros when it needs a new segment. At start, spares of an earlier run
//! are removed, because that run may have begun to write on them.

use super::folder::{Folder, failed};
use super::segment::write_zeros;
use avouch_promise::Error;
use std::sync::Arc;

pub(super) const READY: &str = "spare.segment";
pub(super) const RECYCLED: &str = "spare.recycled";
const TEMPORARY: &str = "spare.temporary";

/// Makes one spare segment.
#[derive(Debug)]
pub struct SpareJob {
    pub(super) folder: Arc<dyn Folder>,
    pub(super) capacity: u64,
}

impl SpareJob {
    /// Does it; blocks for the time that writing a segment of zeros takes.
    pub fn run(self) -> Result<(), Error> {
        let names = self.folder.names().map_err(|e| failed("listing", "the data folder", &e))?;
        if names.contains(READY) {
            return Ok(());
        }
        if names.contains(TEMPORARY) {
            self.folder.remove(TEMPORARY).map_err(|e| failed("removing", TEMPORARY, &e))?;
        }
        let recycled = names.contains(RECYCLED);
        let file = if recycled {
            self.folder
                .rename(RECYCLED, TEMPORARY)
                .and_then(|()| self.folder.open(TEMPORARY))
                .map_err(|e| failed("recycling", RECYCLED, &e))?
        } else {
            self.folder.create(TEMPORARY).map_err(|e| failed("creating", TEMPORARY, &e))?
        };
        write_zeros(&*file, TEMPORARY, self.capacity)?;
        self.folder.rename(TEMPORARY, READY).map_err(|e| failed("renaming", TEMPORARY, &e))
    }
}

/// Whether a file is left over from an earlier run and means nothing.
pub(super) fn is_leftover(name: &str) -> bool {
    [".temporary", ".recycled"].iter().any(|ending| name.ends_with(ending)) || name == READY
}

//! The folder's checkpoints: written beside the log, exchanged atomically, found again at start.
//!
//! ```text
//!   checkpoint-<seq>.temporary --sync--> rename --> checkpoint-<seq>.image --sync folder-->
//!       covered := seq --> the older one is removed --> the log may be released before seq
//! ```
//!
//! - I1 A file is called `.image` only when its content is durable.
//! - I2 `Covered` moves only after the name is durable as well, and never back.
//! - I3 The older checkpoint goes only after the newer one is durable.

use super::checkpoint::{self, Checkpoint, Part};
use super::folder::{Folder, failed};
use super::mutant::Mutant;
use avouch_machine::Seq;
use avouch_promise::{Blame, ClusterId, Error};
use bytes::Bytes;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) const PREFIX: &str = "checkpoint-";

/// Up to where a durable checkpoint covers the log; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Covered(Arc<AtomicU64>);

impl Covered {
    /// The first record that the newest durable checkpoint does not cover.
    pub fn seq(&self) -> Seq {
        Seq(self.0.load(Ordering::Acquire))
    }
}

/// What was found at start.
#[derive(Debug)]
pub struct OpenedCheckpoints {
    /// The newest whole one.
    pub newest: Option<Arc<Checkpoint>>,
    /// Newer ones with damage: not used, and gone with the next one that is written.
    pub damaged: Vec<(Arc<Checkpoint>, Vec<Part>)>,
    /// Files of a write that never ended; they are gone now.
    pub leftovers: usize,
}

/// The checkpoints of one node; clones are the same, and may be used by different threads.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: Arc<dyn Folder>,
    cluster: ClusterId,
    covered: Covered,
    /// Held while one is written: one at a time.
    newest: Arc<Mutex<Option<Arc<Checkpoint>>>>,
    mutant: Mutant,
}

fn name(seq: Seq) -> String {
    format!("{PREFIX}{:020}.image", seq.0)
}

/// The sequence number in a checkpoint's name.
pub(super) fn seq_of(name: &str) -> Option<Seq> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(".image")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten().map(Seq)
}

impl Checkpoints {
    /// Opens the checkpoints in `folder`, reads the newest one as a whole, and removes leftovers.
    pub fn open(
        folder: Arc<dyn Folder>,
        cluster: ClusterId,
    ) -> Result<(Self, OpenedCheckpoints), Error> {
        Self::open_mutant(folder, cluster, Mutant::None)
    }

    #[doc(hidden)]
    pub fn open_mutant(
        folder: Arc<dyn Folder>,
        cluster: ClusterId,
        mutant: Mutant,
    ) -> Result<(Self, OpenedCheckpoints), Error> {
        let names = folder.names().map_err(|e| failed("listing", "the data folder", &e))?;
        let mut opened = OpenedCheckpoints { newest: None, damaged: Vec::new(), leftovers: 0 };
        for name in &names {
            let ours = name.starts_with(PREFIX);
            if ours && Path::new(name).extension().is_some_and(|ending| ending == "temporary") {
                folder.remove(name).map_err(|e| failed("removing", name, &e))?;
                opened.leftovers += 1;
            }
        }
        let found: Vec<_> = names.iter().filter_map(|n| Some((seq_of(n)?, n))).collect();
        for (seq, name) in found.into_iter().rev() {
            let file = folder.open(name).map_err(|e| failed("opening", name, &e))?;
            let found = Arc::new(Checkpoint::new(seq, name.clone(), file)?);
            let damage = found.verify()?;
            if let Ok(head) = found.head()
                && head.cluster != cluster
            {
                let got = format!("{name} of cluster {}", head.cluster);
                return Err(Error::new(Blame::Caller, format!("cluster {cluster}"), got)
                    .hint("each node of each cluster has a data folder of its own"));
            }
            if damage.is_empty() {
                opened.newest = Some(found);
                break;
            }
            opened.damaged.push((found, damage));
        }
        let covered = Covered::default();
        let seq = opened.newest.as_ref().map_or(Seq(0), |newest| newest.seq());
        covered.0.store(seq.0, Ordering::Release);
        let newest = Arc::new(Mutex::new(opened.newest.clone()));
        Ok((Self { folder, cluster, covered, newest, mutant }, opened))
    }

    /// Up to where the log is covered; give it to the log's [`crate::disk::Options`].
    pub fn covered(&self) -> Covered {
        self.covered.clone()
    }

    /// The newest durable checkpoint. It can be read until dropped, also when a newer one replaces
    /// it.
    pub fn newest(&self) -> Option<Arc<Checkpoint>> {
        self.slot().clone()
    }

    fn slot(&self) -> MutexGuard<'_, Option<Arc<Checkpoint>>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the checkpoint that stands for every record before `seq`: `meta`, and the body in
    /// pieces of any lengths (the file does not depend on how it was cut). Durable when this
    /// returns.
    pub fn write(
        &self,
        seq: Seq,
        meta: &[u8],
        body: impl IntoIterator<Item = Bytes>,
    ) -> Result<Arc<Checkpoint>, Error> {
        let covered = self.covered.seq();
        if seq < covered {
            return Err(Error::new(
                Blame::Caller,
                format!("a checkpoint at or after {}", covered.0),
                format!("one at {}", seq.0),
            ));
        }
        let (target, temporary) = (name(seq), format!("{PREFIX}{:020}.temporary", seq.0));
        // One that failed before may have left its bytes.
        let names = self.folder.names().map_err(|e| failed("listing", "the data folder", &e))?;
        if names.contains(&temporary) {
            self.folder.remove(&temporary).map_err(|e| failed("removing", &temporary, &e))?;
        }
        let file =
            self.folder.create(&temporary).map_err(|e| failed("creating", &temporary, &e))?;
        checkpoint::write(&*file, &temporary, self.cluster, meta, body)?;
        if self.mutant != Mutant::RenameBeforeSync {
            file.sync().map_err(|e| failed("syncing", &temporary, &e))?;
        }
        let mut slot = self.slot();
        self.folder.rename(&temporary, &target).map_err(|e| failed("renaming", &temporary, &e))?;
        self.folder.sync().map_err(|e| failed("syncing the folder of", &target, &e))?;
        if self.mutant == Mutant::RenameBeforeSync {
            file.sync().map_err(|e| failed("syncing", &target, &e))?;
        }
        let installed = Arc::new(Checkpoint::new(seq, target.clone(), file)?);
        *slot = Some(Arc::clone(&installed));
        self.covered.0.fetch_max(seq.0, Ordering::AcqRel);
        drop(slot);
        for old in names.iter().filter(|name| seq_of(name).is_some() && **name != target) {
            self.folder.remove(old).map_err(|e| failed("removing", old, &e))?;
        }
        self.folder.sync().map_err(|e| failed("syncing the folder of", &target, &e))?;
        Ok(installed)
    }
}

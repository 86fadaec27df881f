//! A node's data folder as a whole: its log and its checkpoints, and whether they fit together.

use super::checkpoints::{Checkpoints, OpenedCheckpoints};
use super::folder::{Folder, SystemFolder};
use super::identity::Identity;
use super::recovery::RecoveredLog;
use super::wal::{Options, Wal};
use avouch_machine::Seq;
use avouch_promise::Error;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

/// Everything a node finds when it starts.
#[derive(Debug)]
pub struct Data {
    /// The log, ready to append.
    pub wal: Wal,
    /// The checkpoints, ready to write; may be used by another thread than the log.
    pub checkpoints: Checkpoints,
    /// What the log held.
    pub log: RecoveredLog,
    /// What the checkpoints are.
    pub opened: OpenedCheckpoints,
    /// Records that neither a sound checkpoint covers nor the log holds: the node must take a
    /// peer's checkpoint before it takes part.
    pub gap: Option<RangeInclusive<Seq>>,
}

impl Data {
    /// Opens, or creates, the data folder at `path` and locks it for this process.
    pub fn open(path: &Path, identity: Identity) -> Result<Self, Error> {
        Self::open_in(Arc::new(SystemFolder::open(path)?), identity, Options::default())
    }

    /// Opens, or creates, the data in `folder`.
    pub fn open_in(
        folder: Arc<dyn Folder>,
        identity: Identity,
        mut options: Options,
    ) -> Result<Self, Error> {
        let mutant = options.mutant;
        let (checkpoints, opened) =
            Checkpoints::open_mutant(Arc::clone(&folder), identity.cluster, mutant)?;
        options.covered = Some(checkpoints.covered());
        let (wal, log) = Wal::open_in(folder, identity, options)?;
        let held_from = opened.newest.as_ref().map_or(Seq(1), |newest| newest.seq());
        let gap = (held_from < log.first_seq).then(|| held_from..=Seq(log.first_seq.0 - 1));
        Ok(Self { wal, checkpoints, log, opened, gap })
    }
}

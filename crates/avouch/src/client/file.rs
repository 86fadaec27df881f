//! Keeping evidence: answers are added to a file, one item each, so that one file can hold a whole
//! session and its items can be compared with each other.
//!
//! ```text
//!   open   a regular evidence file or none; a spare file beside it   before anything is sent
//!   keep   lock the folder, read, add, sync the spare, rename        after the answer
//! ```
//!
//! A write that took effect must not fail for want of a place to keep its evidence, so the place is
//! tried first. Commands that keep evidence in one folder take turns, so none loses another's; and
//! the file is replaced at once, so that whoever reads it, or is killed, never leaves half of one.

use crate::cluster::read_bytes;
use avouch_promise::evidence::{EvidenceFile, Item};
use avouch_promise::{Blame, Encode, Error};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

const WHAT: &str = "an evidence file";
/// How long the beginning is by which such a file is known.
const MAGIC_LENGTH: u64 = 8;
const NOT_SENT: &str = "nothing was sent; name another file with --evidence";

/// A place for one item, made sure of before it is needed.
#[derive(Debug)]
pub struct Keeper {
    /// The file, with every link followed.
    path: PathBuf,
    /// Its folder, locked while an item is added.
    folder: File,
    /// What takes the file's place; removed with this.
    spare: PathBuf,
    into: File,
}

impl Keeper {
    /// Makes sure that an item can be added to the file at `path`, which may not exist yet.
    ///
    /// # Errors
    /// `Caller` when it is no evidence file; `Environment` when it cannot be written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let path = place(path)?;
        read(&path)?;
        let parent = path.parent().unwrap_or(Path::new("/"));
        let failed = |error: io::Error| unwritable(&path, &error).hint(NOT_SENT);
        let folder = File::open(parent).map_err(failed)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Drawn, for two processes may have one number where each has a machine of its own.
        let spare = parent.join(format!(".{name}.{:032x}", u128::from_le_bytes(super::drawn()?)));
        let into = File::options().write(true).create_new(true).open(&spare).map_err(failed)?;
        Ok(Self { path, folder, spare, into })
    }

    /// Adds `item`; its number in the file, from 0.
    pub fn keep(mut self, item: Item) -> Result<usize, Error> {
        let failed = |error: io::Error| unwritable(&self.path, &error);
        // Given back when the folder is closed.
        flock(&self.folder, FlockOperation::LockExclusive).map_err(|e| failed(e.into()))?;
        let mut file = read(&self.path)?;
        let number = file.items.len();
        file.items.push(item);
        let mut put = || {
            if let Ok(old) = std::fs::metadata(&self.path) {
                self.into.set_permissions(old.permissions())?;
            }
            self.into.write_all(&file.to_bytes())?;
            self.into.sync_all()?;
            std::fs::rename(&self.spare, &self.path)?;
            self.folder.sync_all()
        };
        put().map_err(failed)?;
        Ok(number)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.spare); // gone already where the item was kept
    }
}

/// The path with every link followed, of a regular file or of none in a folder.
fn place(path: &Path) -> Result<PathBuf, Error> {
    let shown = path.display();
    let wrong = |expected: &str, got: String| {
        Err(Error::new(Blame::Caller, format!("{expected} at {shown}"), got).hint(NOT_SENT))
    };
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => wrong(WHAT, "a folder".to_owned()),
        Ok(found) if !found.is_file() => wrong(WHAT, "a device, a pipe or a socket".to_owned()),
        Ok(found) if found.permissions().readonly() => {
            wrong("an evidence file that may be added to", "one that is read-only".to_owned())
        }
        Ok(_) => path.canonicalize().map_err(|e| unwritable(path, &e).hint(NOT_SENT)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(name) = path.file_name() else { return wrong(WHAT, "no name".to_owned()) };
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            match parent.unwrap_or(Path::new(".")).canonicalize() {
                Ok(parent) => Ok(parent.join(name)),
                Err(error) => wrong("a folder for the evidence file", error.to_string()),
            }
        }
        Err(error) => Err(unwritable(path, &error).hint(NOT_SENT)),
    }
}

/// What the file holds now; one that begins as none does is not read to its end.
fn read(path: &Path) -> Result<EvidenceFile, Error> {
    if !path.exists() {
        return Ok(EvidenceFile::default());
    }
    let mut start = Vec::new();
    let begun = File::open(path).and_then(|file| file.take(MAGIC_LENGTH).read_to_end(&mut start));
    begun.map_err(|error| unwritable(path, &error).hint(NOT_SENT))?;
    if start.is_empty() {
        return Ok(EvidenceFile::default()); // as `mktemp` leaves it
    }
    let wrong = |error: Error| {
        let expected = format!("{WHAT} to add to at {}", path.display());
        Error::new(Blame::Caller, expected, error.got).hint(NOT_SENT)
    };
    let bytes = if start == b"avouchEV" { read_bytes(path, WHAT)? } else { start };
    EvidenceFile::read(&bytes).map_err(wrong)
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    let expected = format!("to keep evidence in {}", path.display());
    Error::new(Blame::Environment, expected, error.to_string())
}

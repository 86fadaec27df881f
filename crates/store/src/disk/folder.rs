//! The few calls on files that the log and the checkpoints make, and the operating system's
//! answer to them.
//!
//! Everything above speaks to the traits, so that the same code runs on a real disk and on
//! [`crate::disk::memory`], which can crash between any two calls.

use avouch_promise::{Blame, Error};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// One flat folder of files.
pub trait Folder: Debug + Send + Sync {
    /// The names in it, sorted.
    fn names(&self) -> io::Result<BTreeSet<String>>;
    /// A new, empty file; an error if the name is taken.
    fn create(&self, name: &str) -> io::Result<Box<dyn File>>;
    /// An existing file, for reading and writing.
    fn open(&self, name: &str) -> io::Result<Box<dyn File>>;
    /// Gives a file another name; a file that had it is gone.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Takes a name away.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes the names durable (not what the files hold).
    fn sync(&self) -> io::Result<()>;
    /// A number that was not drawn before.
    fn random(&self) -> u64;
}

/// One file of a folder.
pub trait File: Debug + Send + Sync {
    /// Its length in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Fills `into` from `offset`; an error at the end of the file.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;
    /// Writes all of `bytes` at `offset`.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes what was written durable (fdatasync). After an error nothing is known about what
    /// was written since the last success, and asking again proves nothing.
    fn sync(&self) -> io::Result<()>;
    /// Asks that the next reads come from the medium, not from memory. Best effort.
    fn drop_cache(&self);
}

/// A folder of the operating system, held by one process at a time.
#[derive(Debug)]
pub struct SystemFolder {
    path: PathBuf,
    /// Locked until the process ends, however it ends.
    _lock: std::fs::File,
}

impl SystemFolder {
    /// Opens, or creates, the folder at `path` and locks it for this process.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        std::fs::create_dir_all(path).map_err(|e| failed("creating the folder", &name, &e))?;
        let lock = std::fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("lock"))
            .map_err(|e| failed("opening the lock of", &name, &e))?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive).map_err(
            |e| {
                let got = match e {
                    rustix::io::Errno::WOULDBLOCK => "one that another process holds".to_owned(),
                    other => format!("none that can be locked: {other}"),
                };
                Error::new(Blame::Environment, format!("{name} as a data folder that is free"), got)
                    .hint("another node runs on this folder: stop it, or give this one its own")
            },
        )?;
        // The folder's own name must survive a crash as well.
        if let Some(parent) = path.canonicalize().ok().as_deref().and_then(Path::parent) {
            std::fs::File::open(parent)
                .and_then(|parent| parent.sync_all())
                .map_err(|e| failed("syncing the parent of", &name, &e))?;
        }
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }
}

impl Folder for SystemFolder {
    fn names(&self) -> io::Result<BTreeSet<String>> {
        std::fs::read_dir(&self.path)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let path = self.path.join(name);
        let file = std::fs::File::options().read(true).write(true).create_new(true).open(path)?;
        Ok(Box::new(SystemFile(file)))
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let file = std::fs::File::options().read(true).write(true).open(self.path.join(name))?;
        Ok(Box::new(SystemFile(file)))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path.join(from), self.path.join(to))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path.join(name))
    }
    fn sync(&self) -> io::Result<()> {
        std::fs::File::open(&self.path)?.sync_all()
    }
    fn random(&self) -> u64 {
        RandomState::new().hash_one(std::process::id())
    }
}

#[derive(Debug)]
struct SystemFile(std::fs::File);

impl File for SystemFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, offset)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
    fn drop_cache(&self) {
        // A hint to the kernel; where it is not taken, the scrub reads memory and says nothing
        // false about it.
        let _ = rustix::fs::fadvise(&self.0, 0, None, rustix::fs::Advice::DontNeed);
    }
}

/// The whole content of a file.
pub(super) fn read_all(file: &dyn File) -> io::Result<Vec<u8>> {
    let mut content = vec![0; file.length()? as usize];
    file.read_at(0, &mut content)?;
    Ok(content)
}

/// An error of the operating system, told by what we were `doing` to which file.
pub(super) fn failed(doing: &str, name: &str, error: &io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full: nothing acknowledged is lost; free space, then start the node again"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "the data folder must be writable by the user that runs the node"
        }
        _ => {
            "the node stops and does not try again: what a failed write or sync left on the disk \
             is unknown; look at the system's log, then start the node again"
        }
    };
    Error::new(Blame::Environment, format!("{doing} {name} to succeed"), error.to_string())
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_as_one() {
        let error = failed("writing", "x", &io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(error.blame, Blame::Environment);
        assert!(error.hint.contains("full"), "{error}");
    }

    #[test]
    fn a_folder_has_one_owner() {
        let path = std::env::temp_dir().join(format!("avouch-folder-{}", std::process::id()));
        let first = SystemFolder::open(&path).expect("the first owner");
        let second = SystemFolder::open(&path).expect_err("there is one already");
        assert_eq!(second.blame, Blame::Environment);
        drop(first);
        drop(SystemFolder::open(&path).expect("it is free again"));
        let _ = std::fs::remove_dir_all(&path);
    }
}

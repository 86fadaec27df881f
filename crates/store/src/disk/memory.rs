//! A folder in memory that can lose power: for tests, and for rehearsing what a disk does.
//!
//! ```text
//!            write_at           sync            crash(survivors)
//!   content: current+pending -> durable         durable + some of pending
//!   names:   current+history -> durable         durable, or any later moment of the history
//! ```
//!
//! The crash model is as harsh as disks are: of the bytes written since the last sync any part may
//! have arrived, in any order of 512-byte sectors, one of them torn; a name may have become durable
//! before the content. A failed sync forgets what was pending, while reads still return it from the
//! page cache (as Linux does: Rebello et al., "Can Applications Recover from fsync Failures?",
//! 2020). Every call is recorded, so that a test can judge the order of calls.

use super::folder::{File, Folder};
use avouch_promise::Random;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A sector: the most that a disk writes at once, or not at all.
const SECTOR: usize = 512;

/// One call on the folder or one of its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// A new file.
    Create(String),
    /// A write: file, offset, length.
    Write(String, u64, usize),
    /// A sync of a file's content.
    Sync(String),
    /// A new name for a file.
    Rename(String, String),
    /// A name taken away.
    Remove(String),
    /// A sync of the names.
    SyncFolder,
}

/// Which of the bytes that were never synced have reached the disk when the power fails.
#[derive(Clone, Debug)]
pub enum Survivors {
    /// None, and no name either.
    Nothing,
    /// All of them: a killed process on a machine that stays up.
    Everything,
    /// The first so many bytes, in the order of writing, and every name.
    Prefix(usize),
    /// Any sectors, one of them torn, and the names up to any moment.
    Any(Random),
}

#[derive(Clone, Debug, Default)]
struct Inode {
    name: String,
    current: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<(usize, Vec<u8>)>,
}

impl Inode {
    fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
        if content.len() < offset + bytes.len() {
            content.resize(offset + bytes.len(), 0);
        }
        content[offset..offset + bytes.len()].copy_from_slice(bytes);
    }
}

type Names = BTreeMap<String, usize>;

#[derive(Clone, Debug)]
struct Disk {
    inodes: Vec<Inode>,
    names: Names,
    durable_names: Names,
    history: Vec<Names>,
    calls: Vec<Call>,
    calls_left: Option<u64>,
    failure: Option<(u64, io::ErrorKind)>,
    capacity: usize,
    random: Random,
}

/// A folder in memory; clones are the same folder.
#[derive(Clone, Debug)]
pub struct MemoryFolder(Arc<Mutex<Disk>>);

impl MemoryFolder {
    /// An empty folder whose random numbers come from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Disk {
            inodes: Vec::new(),
            names: Names::new(),
            durable_names: Names::new(),
            history: Vec::new(),
            calls: Vec::new(),
            calls_left: None,
            failure: None,
            capacity: usize::MAX,
            random: Random::new(seed),
        })))
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts the power `calls` calls from now: that call may still reach the disk in part, and
    /// every later one fails.
    pub fn crash_after(&self, calls: u64) {
        self.disk().calls_left = Some(calls);
    }

    /// Lets the `calls`-th sync or write from now fail with `kind`, once. A failed sync forgets
    /// what was pending.
    pub fn fail_after(&self, calls: u64, kind: io::ErrorKind) {
        self.disk().failure = Some((calls, kind));
    }

    /// The disk holds so many bytes and no more.
    pub fn set_capacity(&self, bytes: usize) {
        self.disk().capacity = bytes;
    }

    /// The calls so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.disk().calls.clone()
    }

    /// How many bytes were written but not synced, in all files.
    pub fn pending_bytes(&self) -> usize {
        let disk = self.disk();
        disk.inodes.iter().flat_map(|inode| &inode.pending).map(|(_, bytes)| bytes.len()).sum()
    }

    /// What is on the disk after the power came back: a new folder; this one stays as it is.
    #[must_use]
    pub fn crash(&self, survivors: &Survivors) -> Self {
        let mut disk = self.disk().clone();
        let mut prefix = if let Survivors::Prefix(bytes) = survivors { *bytes } else { 0 };
        let mut random =
            if let Survivors::Any(random) = survivors { random.clone() } else { Random::new(0) };
        for inode in &mut disk.inodes {
            let mut content = std::mem::take(&mut inode.durable);
            for (offset, bytes) in std::mem::take(&mut inode.pending) {
                match survivors {
                    Survivors::Nothing => {}
                    Survivors::Everything => Inode::put(&mut content, offset, &bytes),
                    Survivors::Prefix(_) => {
                        let arrived = prefix.min(bytes.len());
                        prefix -= arrived;
                        Inode::put(&mut content, offset, &bytes[..arrived]);
                    }
                    Survivors::Any(_) => scatter(&mut content, offset, &bytes, &mut random),
                }
            }
            inode.current.clone_from(&content);
            inode.durable = content;
        }
        let moments = disk.history.len();
        let moment = match survivors {
            Survivors::Nothing => 0,
            Survivors::Everything | Survivors::Prefix(_) => moments,
            Survivors::Any(_) => random.between(0, moments as u64) as usize,
        };
        if let Some(names) = moment.checked_sub(1).and_then(|last| disk.history.get(last)) {
            disk.durable_names = names.clone();
        }
        disk.names = disk.durable_names.clone();
        disk.history.clear();
        disk.calls.clear();
        (disk.calls_left, disk.failure) = (None, None);
        Self(Arc::new(Mutex::new(disk)))
    }

    /// A folder of its own with the same content.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.disk().clone())))
    }

    /// The content of a file, as reads see it.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        let disk = self.disk();
        disk.names.get(name).and_then(|at| disk.inodes.get(*at)).map(|i| i.current.clone())
    }

    /// Overwrites bytes on the medium, behind everyone's back: rot, or a misplaced write.
    pub fn overwrite(&self, name: &str, offset: usize, bytes: &[u8]) {
        let mut disk = self.disk();
        let at = disk.names.get(name).copied();
        if let Some(inode) = at.and_then(|at| disk.inodes.get_mut(at)) {
            Inode::put(&mut inode.current, offset, bytes);
            Inode::put(&mut inode.durable, offset, bytes);
        }
    }

    /// Flips the bits of `mask` in one byte, behind everyone's back.
    pub fn flip(&self, name: &str, offset: usize, mask: u8) {
        if let Some(byte) = self.content(name).and_then(|c| c.get(offset).copied()) {
            self.overwrite(name, offset, &[byte ^ mask]);
        }
    }
}

/// Some sectors of a write arrive, in no order; one may be torn.
fn scatter(content: &mut Vec<u8>, offset: usize, bytes: &[u8], random: &mut Random) {
    let sectors = bytes.len().div_ceil(SECTOR) as u64;
    let torn = random.below(sectors + 1);
    let share = random.unit();
    for (number, sector) in bytes.chunks(SECTOR).enumerate() {
        let at = offset + number * SECTOR;
        if number as u64 == torn {
            let arrived = random.below(sector.len() as u64) as usize;
            Inode::put(content, at, &sector[..arrived]);
        } else if random.chance(share) {
            Inode::put(content, at, sector);
        }
    }
}

fn missing(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("no file {name}"))
}

impl Disk {
    /// Records a call; an error if it is the last one before the power fails, or after it.
    fn call(&mut self, call: Call) -> io::Result<bool> {
        let dead = || io::Error::other("the power has failed");
        self.calls.push(call);
        match &mut self.calls_left {
            None => Ok(true),
            Some(0) => Err(dead()),
            Some(left) => {
                *left -= 1;
                Ok(*left > 0)
            }
        }
    }

    fn planted_failure(&mut self) -> io::Result<()> {
        if let Some((left, kind)) = &mut self.failure {
            if *left <= 1 {
                let kind = *kind;
                self.failure = None;
                return Err(io::Error::from(kind));
            }
            *left -= 1;
        }
        Ok(())
    }

    fn renamed(&mut self) {
        self.history.push(self.names.clone());
    }

    fn finish(goes_on: bool) -> io::Result<()> {
        if goes_on { Ok(()) } else { Err(io::Error::other("the power has failed")) }
    }
}

impl Folder for MemoryFolder {
    fn names(&self) -> io::Result<BTreeSet<String>> {
        Ok(self.disk().names.keys().cloned().collect())
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut disk = self.disk();
        let goes_on = disk.call(Call::Create(name.into()))?;
        if disk.names.contains_key(name) {
            return Err(io::Error::from(io::ErrorKind::AlreadyExists));
        }
        let at = disk.inodes.len();
        disk.inodes.push(Inode { name: name.into(), ..Inode::default() });
        disk.names.insert(name.into(), at);
        disk.renamed();
        Disk::finish(goes_on)?;
        Ok(Box::new(MemoryFile { folder: self.clone(), at }))
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let at = self.disk().names.get(name).copied().ok_or_else(|| missing(name))?;
        Ok(Box::new(MemoryFile { folder: self.clone(), at }))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let goes_on = disk.call(Call::Rename(from.into(), to.into()))?;
        let at = disk.names.remove(from).ok_or_else(|| missing(from))?;
        disk.names.insert(to.into(), at);
        if let Some(inode) = disk.inodes.get_mut(at) {
            inode.name = to.into();
        }
        disk.renamed();
        Disk::finish(goes_on)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        let goes_on = disk.call(Call::Remove(name.into()))?;
        disk.names.remove(name).ok_or_else(|| missing(name))?;
        disk.renamed();
        Disk::finish(goes_on)
    }
    fn sync(&self) -> io::Result<()> {
        let mut disk = self.disk();
        let goes_on = disk.call(Call::SyncFolder)?;
        Disk::finish(goes_on)?;
        disk.planted_failure()?;
        disk.durable_names = disk.names.clone();
        disk.history.clear();
        Ok(())
    }
    fn random(&self) -> u64 {
        self.disk().random.bits()
    }
}

#[derive(Debug)]
struct MemoryFile {
    folder: MemoryFolder,
    at: usize,
}

impl MemoryFile {
    fn with<T>(&self, f: impl FnOnce(&mut Disk, usize) -> io::Result<T>) -> io::Result<T> {
        f(&mut self.folder.disk(), self.at)
    }
}

impl File for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        self.with(|disk, at| Ok(disk.inodes[at].current.len() as u64))
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.with(|disk, at| {
            let range = offset as usize..offset as usize + into.len();
            let from = disk.inodes[at].current.get(range);
            into.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.with(|disk, at| {
            let name = disk.inodes[at].name.clone();
            let goes_on = disk.call(Call::Write(name, offset, bytes.len()))?;
            disk.planted_failure()?;
            let offset = offset as usize;
            let used: usize = disk.names.values().map(|at| disk.inodes[*at].current.len()).sum();
            let grows = (offset + bytes.len()).saturating_sub(disk.inodes[at].current.len());
            if used + grows > disk.capacity {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            let inode = &mut disk.inodes[at];
            Inode::put(&mut inode.current, offset, bytes);
            inode.pending.push((offset, bytes.to_vec()));
            Disk::finish(goes_on)
        })
    }
    fn sync(&self) -> io::Result<()> {
        self.with(|disk, at| {
            let name = disk.inodes[at].name.clone();
            let goes_on = disk.call(Call::Sync(name))?;
            Disk::finish(goes_on)?;
            let failed = disk.planted_failure();
            let inode = &mut disk.inodes[at];
            for (offset, bytes) in std::mem::take(&mut inode.pending) {
                if failed.is_ok() {
                    Inode::put(&mut inode.durable, offset, &bytes);
                }
            }
            failed
        })
    }
    fn drop_cache(&self) {}
}

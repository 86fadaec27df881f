//! Calls on files that fail: every single one of a node's life on its disk, once each. Whatever
//! failed is told as the environment's fault, and nothing that was acknowledged is lost.

mod disk_common;

use avouch_machine::Seq;
use avouch_promise::{Blame, Error, Random};
use avouch_store::disk::memory::Survivors;
use avouch_store::disk::{Data, File, Folder, MemoryFolder, Mutant, ReadError, Scrubber};
use bytes::Bytes;
use disk_common::{IDENTITY, check_prefix, options, record};
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder one of whose calls, or of its files', fails; clones count together.
#[derive(Clone, Debug)]
struct Failing {
    inner: Arc<MemoryFolder>,
    /// Calls until the one that fails.
    left: Arc<AtomicU64>,
}

#[derive(Debug)]
struct FailingFile {
    inner: Box<dyn File>,
    folder: Failing,
}

impl Failing {
    fn at(inner: &MemoryFolder, call: u64) -> Self {
        Self { inner: Arc::new(inner.clone()), left: Arc::new(AtomicU64::new(call)) }
    }
    fn hit(&self) -> bool {
        self.left.load(Ordering::Relaxed) == u64::MAX
    }
    fn call(&self) -> io::Result<()> {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.wrapping_sub(u64::from(left < u64::MAX)), Ordering::Relaxed);
        if left == 0 { Err(io::Error::other("planted")) } else { Ok(()) }
    }
    fn file(&self, inner: Box<dyn File>) -> Box<dyn File> {
        Box::new(FailingFile { inner, folder: self.clone() })
    }
}

impl Folder for Failing {
    fn names(&self) -> io::Result<BTreeSet<String>> {
        self.call().and_then(|()| self.inner.names())
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        self.call().and_then(|()| self.inner.create(name)).map(|file| self.file(file))
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        self.call().and_then(|()| self.inner.open(name)).map(|file| self.file(file))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.call().and_then(|()| self.inner.rename(from, to))
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.call().and_then(|()| self.inner.remove(name))
    }
    fn sync(&self) -> io::Result<()> {
        self.call().and_then(|()| Folder::sync(&*self.inner))
    }
    fn random(&self) -> u64 {
        self.inner.random()
    }
}

impl File for FailingFile {
    fn length(&self) -> io::Result<u64> {
        self.folder.call().and_then(|()| self.inner.length())
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.folder.call().and_then(|()| self.inner.read_at(offset, into))
    }
    /// One that fails may have written a part.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.folder.call().or_else(|error| {
            self.inner.write_at(offset, &bytes[..bytes.len() / 2])?;
            Err(error)
        })?;
        self.inner.write_at(offset, bytes)
    }
    fn sync(&self) -> io::Result<()> {
        self.folder.call().and_then(|()| self.inner.sync())
    }
    fn drop_cache(&self) {
        self.inner.drop_cache();
    }
}

/// What a life has acknowledged and appended.
#[derive(Default)]
struct Life {
    synced: u64,
    appended: u64,
}

/// Opens, appends, syncs, reads back, scrubs, checkpoints, releases; the first failure ends it.
fn live(folder: &Failing, life: &mut Life, mutant: Mutant) -> Result<(), Error> {
    let mut data = Data::open_in(Arc::new(folder.clone()), IDENTITY, options(mutant))?;
    let mut scrubber = Scrubber::default();
    life.synced = data.log.next_seq.0 - 1;
    life.appended = life.synced;
    for round in 0..4 {
        for _ in 0..4 {
            let seq = data.wal.next_seq();
            life.appended = seq.0;
            data.wal.append(seq, &record(seq.0, 0))?;
        }
        let durable = data.wal.sync()?;
        life.synced = durable.0;
        match data.wal.read(durable, durable, 1 << 20) {
            Err(ReadError::Failed(error)) => return Err(error),
            other => assert!(other.is_ok(), "{other:?}"),
        }
        let flips = scrubber.step(&mut data.wal, &data.checkpoints, 1 << 20)?;
        assert_eq!(flips.len(), 0, "what cannot be read is not damaged");
        if let Some(job) = data.wal.spare_job() {
            job.run()?;
        }
        if round % 2 == 1 {
            let body = (0..3).map(|piece| Bytes::from(vec![piece; 900]));
            data.checkpoints.write(durable.next(), b"meta", body)?;
            data.wal.release(durable.next())?;
        }
    }
    Ok(())
}

/// An error unless everything that was acknowledged is there.
fn reopened(folder: &MemoryFolder, life: &Life, mutant: Mutant) -> Result<Seq, String> {
    let data = Data::open_in(Arc::new(folder.clone()), IDENTITY, options(mutant))
        .map_err(|error| format!("does not open: {error}"))?;
    if data.gap.is_some() || !data.opened.damaged.is_empty() {
        return Err(format!("damaged: gap {:?}, {:?}", data.gap, data.opened.damaged));
    }
    check_prefix(&data.log, life.appended, life.synced, 0)?;
    Ok(data.wal.durable_seq())
}

/// Fails call after call of two lives on one disk; says how many, or what was lost.
fn campaign(mutant: Mutant) -> Result<u64, String> {
    for call in 0.. {
        let folder = MemoryFolder::new(Random::seed_from_environment());
        let mut life = Life::default();
        live(&Failing::at(&folder, u64::MAX - 1), &mut life, Mutant::None)
            .map_err(|error| format!("without a failure: {error}"))?;
        let failing = Failing::at(&folder, call);
        match live(&failing, &mut life, mutant) {
            Ok(()) if !failing.hit() => return Ok(call),
            Ok(()) => {} // nothing depends on this one
            Err(error) if error.blame == Blame::Environment => {}
            Err(error) => return Err(format!("call {call}: blames the wrong one: {error}")),
        }
        // The process starts again on a machine that was never off; then the power fails.
        let at = |error| format!("call {call}: {error}");
        let acknowledged = reopened(&folder, &life, mutant).map_err(at)?;
        let life = Life { synced: acknowledged.0, ..life };
        reopened(&folder.crash(&Survivors::Nothing), &life, mutant).map_err(at)?;
    }
    unreachable!("the calls of a life end")
}

//= §4.1.1 recovery test
#[test]
fn a_call_that_fails_anywhere_is_told_and_costs_nothing_acknowledged() {
    let calls = campaign(Mutant::None).unwrap_or_else(|error| panic!("{error}"));
    println!("{calls} calls of a life on disk, each failed once");
    assert!(calls > 100, "only {calls}");
}

#[test]
fn who_trusts_what_a_failed_sync_left_in_memory_is_caught() {
    let error = campaign(Mutant::TrustPageCache).expect_err("the planted bug survived");
    println!("{error}");
}

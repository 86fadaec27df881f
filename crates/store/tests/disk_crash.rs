//! Power failures in the middle of everything: whatever part of the unsynced bytes arrived, a log
//! opens with a prefix of what was appended that holds everything that was synced.

mod disk_common;

use avouch_machine::Seq;
use avouch_promise::Random;
use avouch_store::disk::memory::Survivors;
use avouch_store::disk::{Data, MemoryFolder, Mutant};
use bytes::Bytes;
use disk_common::{IDENTITY, append, check_prefix, open, options, record};
use std::sync::Arc;

/// A log with three synced groups, and a fourth that is written but whose sync the power cut short.
fn torn(mutant: Mutant) -> (MemoryFolder, u64, u64) {
    let folder = MemoryFolder::new(1);
    let (mut wal, _) = open(&folder, mutant);
    for _ in 0..3 {
        append(&mut wal, 4, 0);
        wal.sync().expect("a sync");
    }
    let synced = wal.durable_seq().0;
    append(&mut wal, 5, 0);
    folder.crash_after(2);
    assert!(wal.sync().is_err(), "the write is the last call that works");
    (folder, synced, wal.next_seq().0 - 1)
}

#[test]
fn a_group_torn_at_every_byte_leaves_a_prefix_with_everything_synced() {
    let (folder, synced, appended) = torn(Mutant::None);
    let pending = folder.pending_bytes();
    assert!(pending > 4096, "the last group spans blocks");
    let (mut doubtful, mut whole) = (0, 0);
    for bytes in 0..=pending {
        let after = folder.crash(&Survivors::Prefix(bytes));
        let (mut wal, log) = open(&after, Mutant::None);
        check_prefix(&log, appended, synced, 0).unwrap_or_else(|e| panic!("at byte {bytes}: {e}"));
        doubtful += u64::from(log.doubtful);
        whole += u64::from(log.next_seq.0 > appended);
        // The log goes on from there, and the next start sees it as it was.
        let next = wal.next_seq();
        wal.append(next, &record(next.0, 0)).expect("an append");
        wal.sync().expect("a sync");
        let (_, again) = open(&after.crash(&Survivors::Nothing), Mutant::None);
        check_prefix(&again, next.0, next.0, 0).unwrap_or_else(|e| panic!("again at {bytes}: {e}"));
        assert_eq!(again.doubtful, log.doubtful, "doubt lasts until it is settled");
        assert_eq!(again.incarnation.0, log.incarnation.0 + 1);
    }
    assert!(doubtful > 100 && whole > 0, "{doubtful} doubtful, {whole} whole: not exercised");
}

/// One life: opens, appends, syncs, checkpoints, releases, and loses power at call `cut`.
struct Life {
    folder: MemoryFolder,
    synced: u64,
    appended: u64,
    /// Whether the power did fail.
    crashed: bool,
}

fn live(folder: &MemoryFolder, cut: u64, random: &mut Random, mutant: Mutant) -> Life {
    // Everything that is on this disk is durable: a start must not lose it either.
    let before = Data::open_in(Arc::new(folder.copy()), IDENTITY, options(mutant));
    let synced = before.map_or(0, |data| data.log.next_seq.0 - 1);
    folder.crash_after(cut);
    let mut life = Life { folder: folder.clone(), synced, appended: synced, crashed: true };
    let opened = Data::open_in(Arc::new(folder.clone()), IDENTITY, options(mutant));
    let Ok(mut data) = opened else { return life };
    for _ in 0..8 {
        for _ in 0..random.between(1, 6) {
            let seq = data.wal.next_seq();
            life.appended = seq.0;
            if data.wal.append(seq, &record(seq.0, 0)).is_err() {
                return life;
            }
        }
        let Ok(durable) = data.wal.sync() else { return life };
        life.synced = durable.0;
        if let Some(job) = data.wal.spare_job().filter(|_| random.chance(0.3))
            && job.run().is_err()
        {
            return life;
        }
        if random.chance(0.4) {
            let meta = durable.0.to_le_bytes();
            let body = (0..3).map(|piece| Bytes::from(vec![piece; 900]));
            if mutant == Mutant::ReleaseBeforeCheckpoint
                && data.wal.release(durable.next()).is_err()
            {
                return life;
            }
            if data.checkpoints.write(durable.next(), &meta, body).is_err() {
                return life;
            }
            if data.wal.release(durable.next()).is_err() {
                return life;
            }
        }
    }
    life.crashed = false;
    life
}

/// An error if anything acknowledged is neither in a sound checkpoint nor in the log.
fn check_all(life: &Life, after: &MemoryFolder, mutant: Mutant) -> Result<(), String> {
    let data = Data::open_in(Arc::new(after.clone()), IDENTITY, options(mutant))
        .map_err(|error| format!("does not open: {error}"))?;
    if let Some(gap) = data.gap {
        return Err(format!("records {gap:?} are neither in the log nor in a checkpoint"));
    }
    if let Some((_, damage)) = data.opened.damaged.first() {
        return Err(format!("a crash damaged a checkpoint: {damage:?}"));
    }
    if let Some(newest) = &data.opened.newest {
        let meta = newest.meta().map_err(|error| error.to_string())?;
        if Seq(u64::from_le_bytes(meta[..].try_into().expect("8 bytes"))).next() != newest.seq() {
            return Err("the checkpoint is of another moment".into());
        }
    }
    check_prefix(&data.log, life.appended, life.synced, 0)
}

/// Cuts the power at every call of several random lives; gives the first failure.
fn campaign(mutant: Mutant) -> Result<u64, String> {
    let seed = Random::seed_from_environment();
    let mut crashes = 0;
    for story in 0..6 {
        let root = Random::new(seed).fork(story);
        for cut in 1.. {
            let mut random = root.clone();
            // Every second story starts on a disk that an earlier life left.
            let mut folder = MemoryFolder::new(seed ^ story);
            if story % 2 == 1 {
                let cut = root.fork(1).between(20, 60);
                let earlier = live(&folder, cut, &mut root.fork(2), mutant);
                folder = earlier.folder.crash(&Survivors::Any(root.fork(3)));
            }
            let life = live(&folder, cut, &mut random, mutant);
            let repro = format!(
                "story {story}, cut {cut}; repro: AVOUCH_SEED={seed} cargo test -p avouch-store --test disk_crash"
            );
            let lots = (0..4).map(|lot| Survivors::Any(root.fork(cut * 8 + lot)));
            for survivors in [Survivors::Nothing, Survivors::Everything].into_iter().chain(lots) {
                let after = life.folder.crash(&survivors);
                // What an earlier life lost in its own crash may be appended again.
                check_all(&life, &after, mutant).map_err(|e| format!("{e} ({repro})"))?;
                crashes += 1;
            }
            if !life.crashed {
                break;
            }
        }
    }
    Ok(crashes)
}

#[test]
fn power_failures_at_every_call_lose_nothing_acknowledged() {
    match campaign(Mutant::None) {
        Ok(crashes) => assert!(crashes > 1_000, "only {crashes} crashes"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn planted_bugs_are_caught_by_power_failures() {
    for mutant in
        [Mutant::AcknowledgeBeforeSync, Mutant::RenameBeforeSync, Mutant::ReleaseBeforeCheckpoint]
    {
        match campaign(mutant) {
            Ok(crashes) => panic!("{mutant:?} survived {crashes} crashes"),
            Err(how) => println!("{mutant:?} is caught: {how}"),
        }
    }
}

#[test]
fn a_failed_sync_is_final_and_its_records_are_written_again_not_trusted() {
    let story = |mutant| {
        let folder = MemoryFolder::new(1);
        let (mut wal, _) = open(&folder, mutant);
        append(&mut wal, 3, 0);
        wal.sync().expect("a sync");
        append(&mut wal, 2, 0);
        folder.fail_after(2, std::io::ErrorKind::Other);
        let error = wal.sync().expect_err("the sync fails");
        assert_eq!(error.blame, avouch_promise::Blame::Environment);
        assert_eq!(wal.sync(), Err(error.clone()), "and is not tried again");
        assert_eq!(wal.append(Seq(6), b"x"), Err(error));
        drop(wal);
        // The process starts again; the machine was never off, so reads come from memory.
        let (wal, log) = open(&folder, mutant);
        check_prefix(&log, 5, 3, 0).expect("a prefix");
        let acknowledged = wal.durable_seq().0;
        let (_, after) = open(&folder.crash(&Survivors::Nothing), mutant);
        check_prefix(&after, 5, acknowledged, 0)
    };
    story(Mutant::None).expect("nothing acknowledged is lost");
    story(Mutant::TrustPageCache).expect_err("the planted bug is caught");
}

#[test]
fn doubt_lasts_until_it_is_settled() {
    let story = |mutant| {
        let (folder, ..) = torn(mutant);
        let folder = folder.crash(&Survivors::Prefix(4096 + 100));
        let (wal, log) = open(&folder, mutant);
        assert!(log.doubtful);
        drop(wal);
        let (mut wal, log) = open(&folder, mutant);
        let lasted = log.doubtful;
        wal.settle().expect("settled");
        drop(wal);
        assert!(!open(&folder, mutant).1.doubtful);
        lasted
    };
    assert!(story(Mutant::None));
    assert!(!story(Mutant::ForgetDoubt), "the planted bug is not seen");
}

#[test]
fn a_checkpoint_is_synced_before_it_is_named_and_named_before_the_log_goes() {
    let order = |mutant| {
        let folder = MemoryFolder::new(1);
        let mut data =
            Data::open_in(Arc::new(folder.clone()), IDENTITY, options(mutant)).expect("opens");
        append(&mut data.wal, 40, 0);
        data.wal.sync().expect("a sync");
        let before = folder.calls().len();
        if mutant == Mutant::ReleaseBeforeCheckpoint {
            data.wal.release(Seq(41)).expect("released");
        }
        data.checkpoints.write(Seq(41), b"meta", [Bytes::from_static(b"body")]).expect("written");
        data.wal.release(Seq(41)).expect("released");
        let calls: Vec<String> =
            folder.calls().iter().skip(before).map(|call| format!("{call:?}")).collect();
        let first = |what: &str| calls.iter().position(|call| call.starts_with(what));
        let steps = [
            first("Sync(\"checkpoint-"),
            first("Rename(\"checkpoint-"),
            first("SyncFolder"),
            first("Rename(\"log-"),
        ];
        steps.iter().all(Option::is_some) && steps.is_sorted()
    };
    assert!(order(Mutant::None));
    assert!(!order(Mutant::RenameBeforeSync));
    assert!(!order(Mutant::ReleaseBeforeCheckpoint));
}

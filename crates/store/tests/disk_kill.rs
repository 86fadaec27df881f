//! kill -9 of a real process in the middle of its writes: nothing that it acknowledged is lost, and
//! what it left behind opens. `AVOUCH_KILLS` (default 20) says how often.

#![expect(clippy::disallowed_methods, reason = "a test waits for a real process")]

mod disk_common;

use avouch_machine::Seq;
use avouch_promise::{Blame, Random};
use avouch_store::disk::{Data, Options, SystemFolder};
use bytes::Bytes;
use disk_common::{IDENTITY, check_content, record};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const CHILD: &str = "AVOUCH_TEST_DISK_CHILD";

fn options() -> Options {
    Options { segment_bytes: 1 << 18, ..Options::default() }
}

fn open(path: &Path) -> Data {
    let folder = SystemFolder::open(path).expect("the folder");
    Data::open_in(Arc::new(folder), IDENTITY, options()).expect("the data opens")
}

fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("avouch-{name}-{}", std::process::id()))
}

/// The child: appends groups of any size, says what is durable, writes checkpoints and releases.
#[test]
fn child() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let mut data = open(Path::new(&path));
    let mut out = std::io::stdout().lock();
    let mut random = Random::new(data.wal.incarnation().0);
    loop {
        for _ in 0..random.between(1, 40) {
            let seq = data.wal.next_seq();
            data.wal.append(seq, &record(seq.0, 0)).expect("an append");
        }
        let durable = data.wal.sync().expect("a sync");
        writeln!(out, "durable {}", durable.0).expect("the parent listens");
        if random.chance(0.05) {
            let body = [Bytes::from(vec![1; 100_000])];
            data.checkpoints
                .write(durable.next(), &durable.0.to_le_bytes(), body)
                .expect("written");
            data.wal.release(durable.next()).expect("released");
            if let Some(job) = data.wal.spare_job() {
                job.run().expect("a spare");
            }
        }
    }
}

#[test]
fn killed_processes_lose_nothing_acknowledged() {
    let kills = std::env::var("AVOUCH_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    let path = folder("kill");
    let (mut acknowledged, mut moved) = (0_u64, 0);
    for kill in 1..=kills {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        std::thread::sleep(Duration::from_millis(random.between(40, 200)));
        child.kill().expect("killed");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        // The last line may be cut: only whole ones count as acknowledged.
        let before = acknowledged;
        for line in output.split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            let said = line.split("durable ").nth(1).and_then(|number| number.parse::<u64>().ok());
            acknowledged = acknowledged.max(said.unwrap_or(0));
        }
        child.wait().expect("gone");
        moved += u64::from(acknowledged > before);
        let data = open(&path);
        let repro = format!(
            "kill {kill}; repro: AVOUCH_SEED={seed} cargo test -p avouch-store --test disk_kill"
        );
        assert!(data.gap.is_none() && data.log.corrupt.is_empty(), "{repro}");
        check_content(&data.log, 0).unwrap_or_else(|e| panic!("{e}; {repro}"));
        let last = data.log.next_seq.0 - 1;
        assert!(last >= acknowledged, "{acknowledged} acknowledged, {last} found; {repro}");
        let count = data.log.next_seq.0 - data.log.first_seq.0;
        assert_eq!(data.log.records.len() as u64, count, "{repro}");
        acknowledged = last;
    }
    assert!(moved * 2 >= kills, "only {moved} of {kills} children got to acknowledge anything");
    println!("{kills} kills, {acknowledged} records acknowledged, none lost");
    std::fs::remove_dir_all(&path).expect("cleaned up");
}

/// Fills whatever room `path` has; gives the error and what was acknowledged before.
fn fill(path: &Path) -> (avouch_promise::Error, u64) {
    let folder = SystemFolder::open(path).expect("the folder");
    let mut data = Data::open_in(Arc::new(folder), IDENTITY, options()).expect("opens");
    loop {
        let seq = data.wal.next_seq();
        let step = data.wal.append(seq, &record(seq.0, 0)).and_then(|()| data.wal.sync());
        if let Err(error) = step {
            return (error, data.wal.durable_seq().0);
        }
    }
}

#[test]
fn a_full_disk_is_an_error_of_the_environment_and_loses_nothing() {
    let path = folder("full");
    std::fs::create_dir_all(&path).expect("a folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=2m", "avouch-test"])
        .arg(&path)
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped: a small tmpfs cannot be mounted here");
        std::fs::remove_dir_all(&path).expect("cleaned up");
        return;
    }
    let (error, acknowledged) = fill(&path);
    let enlarged = Command::new("mount")
        .args(["-o", "remount,size=8m"])
        .arg(&path)
        .status()
        .is_ok_and(|status| status.success());
    let after = enlarged.then(|| open(&path));
    let found = after.as_ref().map(|data| data.log.clone());
    drop(after);
    let unmounted = Command::new("umount").arg(&path).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    std::fs::remove_dir_all(&path).expect("cleaned up");
    assert_eq!(error.blame, Blame::Environment, "{error}");
    assert!(error.hint.contains("full"), "{error}");
    assert!(acknowledged > 100, "only {acknowledged} records fit");
    let found = found.expect("it opens again once there is room");
    check_content(&found, 0).expect("what was appended");
    assert!(found.corrupt.is_empty() && found.next_seq > Seq(acknowledged));
}

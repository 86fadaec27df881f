//! How long one group commit takes here:
//! `cargo run --release -p avouch-store --example wal_bench [FOLDER]`.
//!
//! Groups of 1 and of 64 records of 256 bytes, each written and synced, into a folder of its own
//! (by default in the present one, because the system's temporary folder is often not a disk). A
//! bare write and fdatasync of one preallocated block of 4096 bytes is measured in turn with them,
//! for comparison.

#![expect(clippy::disallowed_types, reason = "a bench reads the clock")]

use avouch_promise::{ClusterId, NodeId};
use avouch_store::disk::{Identity, Wal};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const ROUNDS: usize = 3;
const COMMITS: usize = 1500;
const RECORD: [u8; 256] = [7; 256];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let parent = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let folder = parent.join(format!("wal-bench-{}", std::process::id()));
    let outcome = measure(&folder);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn measure(folder: &std::path::Path) -> Outcome<()> {
    let identity = Identity { cluster: ClusterId::default(), node: NodeId(1) };
    let (mut wal, _) = Wal::open(folder, identity)?;
    let bare = std::fs::File::create(folder.join("bare"))?;
    bare.write_all_at(&vec![0; COMMITS * 4096], 0)?;
    bare.sync_all()?;
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for at in 0..COMMITS {
            let began = Instant::now();
            bare.write_all_at(&[1; 4096], at as u64 * 4096)?;
            bare.sync_data()?;
            times[0].push(began.elapsed());
        }
        for (row, group) in [(1, 1), (2, 64)] {
            for _ in 0..COMMITS {
                let began = Instant::now();
                for _ in 0..group {
                    wal.append(wal.next_seq(), &RECORD)?;
                }
                wal.sync()?;
                times[row].push(began.elapsed());
            }
            // What a node does beside: the next segment's zeros, and release.
            wal.release(wal.next_seq())?;
            if let Some(job) = wal.spare_job() {
                job.run()?;
            }
        }
    }
    let names = ["bare 4 KiB block", "1 record", "64 records"];
    for (name, (times, records)) in names.iter().zip(times.iter_mut().zip([1_u32, 1, 64])) {
        times.sort_unstable();
        let total: Duration = times.iter().sum();
        let count = f64::from(records) * f64::from(u32::try_from(times.len())?);
        let rate = count / total.as_secs_f64();
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        let (p50, p99) = (at(50).as_micros(), at(99).as_micros());
        println!("{name:18} p50 {p50:6} us   p99 {p99:6} us   {rate:9.0} records/s");
    }
    Ok(())
}

//! Segments of shared memory as files: one of another's that is read, and our own that is written.
//!
//! A write to a file is one to the memory of all who map it. Each part is a write of its own, and
//! the kernel orders them by the file's lock: the generation is odd before a byte of the bound is
//! new, and even after the last one.

use super::Wish;
use super::claims::Claim;
use super::finding::Finding;
use avouch_promise::{Blame, Error, Nanos};
use avouch_store::clock::{machine, segment::read};
use avouch_time::interval::{Drift, Reason};
use avouch_time::segment::{GENERATION_AT, SEGMENT_BYTES, Segment, Status, generations};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

/// From a write on until nobody trusts the bound any more, as ClockBound's daemon has it.
const VOID_AFTER: Nanos = Nanos::from_secs(1_000);
/// What is written where nothing is known: 100 years.
const NO_BOUND: Nanos = Nanos::from_secs(3_155_760_000);

/// What the segment at a path claims now.
pub(super) fn claim(path: &Path) -> Claim {
    let (bound, says) = match read(path) {
        Ok(segment) => of(&segment),
        Err(why) => (Err(why), String::new()),
    };
    Claim { by: "clockbound", at: path.display().to_string(), bound, says }
}

fn of(segment: &Segment) -> (Result<Nanos, String>, String) {
    let now = machine::monotonic();
    let (bound, status) = segment.at(now);
    let says = format!(
        "{status}, {} as of {} ago, growing by {}, void in {}",
        segment.bound,
        now.minus(segment.as_of),
        segment.drift,
        segment.void_after.minus(now),
    );
    (bound.ok_or_else(|| format!("the clock is {status}, it says")), says)
}

/// A segment of our own.
pub(super) struct Publisher {
    file: File,
    path: String,
    generation: u16,
}

impl Publisher {
    /// Opens or makes the file. One that is no segment is left as it is.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let name = path.display().to_string();
        let wrong = |error: &std::io::Error| failed(&name, error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| wrong(&error))?;
        let mut bytes = [0; SEGMENT_BYTES];
        let length = file.read_at(&mut bytes, 0).map_err(|error| wrong(&error))?;
        if length == 0 {
            return Ok(Self { file, path: name, generation: 0 });
        }
        if let Err(why) = Segment::decode(&bytes[..length]) {
            return Err(Error::new(
                Blame::Caller,
                "a segment, or a file to be made",
                why.to_string(),
            )
            .hint(format!("{name} is something else, and is left as it is")));
        }
        let generation = u16::from_ne_bytes([bytes[GENERATION_AT], bytes[GENERATION_AT + 1]]);
        Ok(Self { file, path: name, generation })
    }

    /// What was written where, in words.
    pub(super) fn told(&self) -> String {
        format!("wrote what is known to {} (generation {})", self.path, self.generation)
    }

    /// Writes what is known now.
    pub(super) fn publish(&mut self, wish: &Wish, finding: &Finding) -> Result<(), Error> {
        self.write(&segment(wish, finding))
    }

    fn write(&mut self, segment: &Segment) -> Result<(), Error> {
        let (parts, written) = parts(segment, self.generation);
        for (at, bytes) in parts {
            let put = self.file.write_all_at(&bytes, at as u64);
            put.map_err(|error| failed(&self.path, &error))?;
        }
        self.generation = written;
        Ok(())
    }
}

/// What is written where, one after the other, behind a generation; and the generation then.
fn parts(segment: &Segment, before: u16) -> ([(usize, Vec<u8>); 4], u16) {
    let (writing, written) = generations(before);
    let bytes = segment.encode(written);
    let behind = GENERATION_AT + 2;
    let parts = [
        (GENERATION_AT, writing.to_ne_bytes().to_vec()),
        (0, bytes[..GENERATION_AT].to_vec()),
        (behind, bytes[behind..].to_vec()),
        (GENERATION_AT, written.to_ne_bytes().to_vec()),
    ];
    (parts, written)
}

fn failed(path: &str, error: &std::io::Error) -> Error {
    Error::new(Blame::Environment, format!("to write the segment {path}"), error.to_string())
}

/// The finding as a segment. Its bound grows at what the oscillator may be off, and at the rate by
/// which the wall clock was slewed: who slews it more, or sets it, makes the bound wrong until the
/// next one.
fn segment(wish: &Wish, finding: &Finding) -> Segment {
    let slewed = finding.changes.slew_ppb.map_or(0, |ppb| ppb.unsigned_abs().saturating_add(1));
    let parts = u64::from(wish.rho.parts()).saturating_add(slewed).min(999_999_999);
    let (bound, status) = match (finding.ahead, finding.reading.reason) {
        (Some(ahead), _) => {
            let most = ahead.least.unsigned_abs().max(ahead.most.unsigned_abs());
            (Nanos(most.saturating_add(finding.changes.apart_ns)), Status::Synchronised)
        }
        (None, Reason::Disrupted) => (NO_BOUND, Status::Disrupted),
        (None, _) => (NO_BOUND, Status::Unknown),
    };
    Segment {
        as_of: finding.coarse,
        void_after: finding.coarse.plus(VOID_AFTER),
        bound,
        disruption_marker: 0,
        drift: Drift::ppb(parts as u32),
        status,
        tells_disruptions: false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    fn path(name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("avouch-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    /// Every field is the same number, so that a mix of two writes shows.
    fn of(number: u64) -> Segment {
        Segment {
            as_of: Nanos(number),
            void_after: Nanos(number),
            bound: Nanos(number),
            disruption_marker: number,
            drift: Drift::ppb(number as u32),
            status: Status::Synchronised,
            tells_disruptions: false,
        }
    }

    #[test]
    fn a_reader_sees_no_half_of_a_write() {
        let path = path("segment");
        let mut publisher = Publisher::open(&path).unwrap();
        assert_eq!(read(&path), Err("0 bytes where a segment has 80".to_owned()));
        publisher.write(&of(1)).unwrap();
        let stop = AtomicBool::new(false);
        let mut seen = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in (2..=999_999_999).cycle() {
                    publisher.write(&of(number)).unwrap();
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
            for _ in 0..20_000 {
                // Where the writer is at it all the time, a reader may give up.
                let Ok(segment) = read(&path) else { continue };
                assert_eq!(segment, of(segment.bound.0));
                seen += 1;
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert!(seen > 1_000, "{seen}");
        // Who writes next goes on behind the generation that is there.
        let generation = publisher.generation;
        let next = Publisher::open(&path).unwrap();
        assert_eq!(next.generation, generation);
        let _ = std::fs::remove_file(&path);
    }

    /// Whether a reader gets what was there before, or nothing, or what was written, wherever its
    /// writer stops.
    fn is_kept(name: &str, order: &[usize]) -> bool {
        let path = path(name);
        (0..=order.len()).all(|stopped| {
            let _ = std::fs::remove_file(&path);
            let mut publisher = Publisher::open(&path).unwrap();
            publisher.write(&of(1)).unwrap();
            let (parts, _) = parts(&of(2), publisher.generation);
            for part in &order[..stopped] {
                let (at, bytes) = &parts[*part];
                publisher.file.write_all_at(bytes, *at as u64).unwrap();
            }
            let found = read(&path);
            let _ = std::fs::remove_file(&path);
            if stopped == 0 {
                found == Ok(of(1))
            } else if stopped == order.len() {
                found == Ok(of(2))
            } else {
                found == Err("its writer stopped while it wrote".to_owned())
            }
        })
    }

    /// Writers that leave the generation even at first or odd at last, or say too early that they
    /// are done, are seen.
    #[test]
    fn a_writer_may_stop_anywhere_and_one_that_forgets_a_generation_is_seen() {
        assert!(is_kept("stopped", &[0, 1, 2, 3]));
        for planted in [&[1, 2, 3][..], &[0, 1, 2], &[0, 3, 1, 2], &[1, 2, 0, 3]] {
            assert!(!is_kept("careless", planted), "{planted:?}");
        }
    }

    #[test]
    fn what_is_no_segment_is_left_as_it_is() {
        let path = path("no-segment");
        std::fs::write(&path, "root:x:0:0").unwrap();
        let error = Publisher::open(&path).map(|_| ()).unwrap_err();
        assert_eq!(error.blame, Blame::Caller);
        assert_eq!(std::fs::read(&path).unwrap(), b"root:x:0:0");
        let _ = std::fs::remove_file(&path);
    }
}

//! The node's hybrid clock, and its floor on the disk.
//!
//! ```text
//!   0          8         12       20       24
//!   | avouchHF | version | floor  | CRC-32C |      the file `stamps`, replaced as a whole
//! ```
//!
//! Stamps are given below the floor that the file holds. It is raised [`AHEAD`] of the time, and
//! again when half of that is gone, by whoever asks then: a node that nobody asks writes nothing.
//! The one that raises it does so on a thread that may wait for the disk; others go on meanwhile
//! below the floor that there is.
//!
//! - I1 A floor is used only after its file, and the file's name, are durable.

use super::config::HostConfig;
use super::mutant::HostMutant;
use crate::clock::{Keeper, Source, machine};
use avouch_promise::{Blame, DecodeError, Error, Interval, Nanos, Reader, Writer};
use avouch_time::calendar;
use avouch_time::hybrid::{Refused, SharedClock, Stamp};
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const NAME: &str = "stamps";
const TEMPORARY: &str = "stamps.temporary";
const MAGIC: [u8; 8] = *b"avouchHF";
const VERSION: u32 = 1;
/// How far ahead of the time the floor is raised. A restart gives no stamps for so long at most.
const AHEAD: Nanos = Nanos::from_secs(3);

/// What shows the time, within bounds.
type Wall = Box<dyn Fn() -> Interval + Send + Sync>;

/// The clock that stamps a node's answers.
pub(super) struct Stamps {
    clock: SharedClock,
    bound: Nanos,
    wall: Wall,
    folder: PathBuf,
    /// The floor that is on the disk, as the clock has it.
    floor: AtomicU64,
    raising: AtomicBool,
}

impl Stamps {
    /// The clock of a host, if its configuration says how far clocks may be off: over what the node
    /// takes its time from, and without that over the machine's clock.
    pub(super) fn of(config: &HostConfig, clock: Weak<Keeper>) -> Result<Option<Self>, Error> {
        let stated = match &config.clock {
            Source::Stated(bound) => Some(*bound),
            _ => None,
        };
        let Some(bound) = config.stamp_bound.or(stated) else { return Ok(None) };
        let own = matches!(config.clock, Source::Nothing);
        let wall = move || match clock.upgrade() {
            _ if own => Interval::around(machine::wall(), bound),
            Some(keeper) => keeper.read().interval,
            None => Interval::UNKNOWN,
        };
        Self::open(&config.data, bound, wall, config.mutant).map(Some)
    }

    /// The clock whose floor stands in a node's folder; `bound` is how far off any clock may be
    /// whose stamps arrive, this one's included.
    ///
    /// # Errors
    /// `Corrupt` when the floor is not what was written; `Environment` for a disk that fails.
    pub(super) fn open(
        folder: &Path,
        bound: Nanos,
        wall: impl Fn() -> Interval + Send + Sync + 'static,
        mutant: HostMutant,
    ) -> Result<Self, Error> {
        let found = read(&folder.join(NAME))?.unwrap_or(Stamp::ZERO);
        let floor = if mutant == HostMutant::ForgetsStamps { Stamp::ZERO } else { found };
        let stamps = Self {
            clock: SharedClock::recover(floor, bound),
            bound,
            wall: Box::new(wall),
            folder: folder.to_owned(),
            floor: AtomicU64::new(floor.0),
            raising: AtomicBool::new(false),
        };
        if (stamps.wall)() != Interval::UNKNOWN {
            stamps.raise()?;
        }
        Ok(stamps)
    }

    /// A stamp for an event, or for the arrival of `seen`.
    pub(super) fn give(&self, seen: Option<Stamp>) -> Result<Stamp, Refused> {
        let wall = (self.wall)();
        match seen {
            Some(seen) => self.clock.receive(seen, wall),
            None => self.clock.now(wall),
        }
    }

    /// Whether the floor is to be raised, by the one who is told so.
    pub(super) fn begins_to_raise(&self) -> bool {
        let wall = (self.wall)();
        let soon = Stamp::at(wall.latest.plus(self.bound).plus(Nanos(AHEAD.0 / 2)));
        let last = Stamp(self.clock.last().0.saturating_add(1 << 16));
        let is_low = soon.max(last) >= Stamp(self.floor.load(Ordering::Acquire));
        wall != Interval::UNKNOWN && is_low && !self.raising.swap(true, Ordering::AcqRel)
    }

    /// Raises the floor, durably.
    pub(super) fn raise(&self) -> Result<(), Error> {
        let floor = self.clock.wanted((self.wall)(), AHEAD);
        let written = write(&self.folder, floor);
        if written.is_ok() {
            self.floor.fetch_max(floor.0, Ordering::AcqRel);
            self.clock.reserve(floor);
        }
        self.raising.store(false, Ordering::Release);
        written
    }
}

impl fmt::Debug for Stamps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stamps").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// A refusal as the one who asked is told it; nothing was begun.
pub(super) fn told(refused: Refused) -> Error {
    let away = |got: String, hint: &str| {
        Error::new(Blame::Environment, "a clock that can follow the stamp", got).hint(hint)
    };
    match refused {
        Refused::Ahead { stamp, most } => {
            let ahead = Nanos(stamp.time().0.saturating_sub(most.time().0).max(0).unsigned_abs());
            let time = |stamp: Stamp| calendar::text(stamp.time());
            let expected = format!("a stamp up to {most} ({})", time(most));
            let got = format!("{stamp} ({}), {ahead} further ahead", time(stamp));
            Error::new(Blame::Caller, expected, got).hint(
                "no clock that is right within the bound gave it, and this node's was not moved: \
                 leave it out, or begin another session",
            )
        }
        Refused::NoBound => away(
            "nothing known of the time".to_owned(),
            "state clock-bound in the node's configuration",
        ),
        Refused::Early { .. } => away(refused.to_string(), "try again then"),
        Refused::Floor(_) => away(refused.to_string(), "the node's disk is slow; try again"),
    }
}

fn read(path: &Path) -> Result<Option<Stamp>, Error> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path, &error)),
    };
    decode(&bytes).map(Some).map_err(|error| {
        let expected = format!("the floor of the node's stamps in {}", path.display());
        Error::decode(Blame::Corrupt, &expected, &error).hint(
            "with a clock that is right, and a few seconds after the node's last stop, the file \
             can be removed: stamps then begin above the time",
        )
    })
}

fn encode(floor: Stamp) -> Writer {
    let mut out = Writer::new();
    out.raw(&MAGIC);
    out.u32(VERSION);
    out.u64(floor.0);
    let sum = crc32c::crc32c(out.as_slice());
    out.u32(sum);
    out
}

fn decode(bytes: &[u8]) -> Result<Stamp, DecodeError> {
    let mut input = Reader::new(bytes);
    let body = input.raw(20)?;
    if bytes.len() != 24 || input.u32()? != crc32c::crc32c(body) {
        return Err(input.error("24 bytes with their checksum"));
    }
    let mut body = Reader::new(body);
    if body.array()? != MAGIC || body.u32()? != VERSION {
        return Err(body.error("the floor of a hybrid clock, version 1"));
    }
    Ok(Stamp(body.u64()?))
}

/// Replaces the file, durably (I1).
fn write(folder: &Path, floor: Stamp) -> Result<(), Error> {
    let spare = folder.join(TEMPORARY);
    let put = || {
        let mut file = std::fs::File::create(&spare)?;
        file.write_all(encode(floor).as_slice())?;
        file.sync_all()?;
        std::fs::rename(&spare, folder.join(NAME))?;
        std::fs::File::open(folder)?.sync_all()
    };
    put().map_err(|error| failed(&folder.join(NAME), &error))
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    let expected = format!("to keep the floor of the node's stamps in {}", path.display());
    Error::new(Blame::Environment, expected, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::{Random, WallTime};
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;

    const BOUND: Nanos = Nanos::from_millis(10);
    const SECOND: i64 = 1_000_000_000;
    /// 2026.
    const EPOCH: i64 = 1_780_000_000 * SECOND;

    /// A folder, and a clock that a test sets.
    struct Place(PathBuf, Arc<AtomicI64>);

    impl Place {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("avouch-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).expect("a folder");
            Self(path, Arc::new(AtomicI64::new(EPOCH)))
        }
        fn open(&self, mutant: HostMutant) -> Result<Stamps, Error> {
            let time = Arc::clone(&self.1);
            let wall = move || Interval::around(WallTime(time.load(Ordering::Relaxed)), BOUND);
            Stamps::open(&self.0, BOUND, wall, mutant)
        }
        fn pass(&self, nanos: i64) {
            self.1.fetch_add(nanos, Ordering::Relaxed);
        }
    }
    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// A stamp, the floor raised whenever somebody is told to.
    fn give(stamps: &Stamps, seen: Option<Stamp>) -> Result<Stamp, Refused> {
        if stamps.begins_to_raise() {
            stamps.raise().expect("a disk that works");
        }
        stamps.give(seen)
    }

    /// Stamps over a restart with the clock set back: whether they rise.
    fn rise_over_a_restart(name: &str, mutant: HostMutant) -> bool {
        let place = Place::new(name);
        let stamps = place.open(mutant).expect("a clock");
        let mut last = Stamp::ZERO;
        for _ in 0..1_000 {
            place.pass(SECOND / 100);
            let stamp = give(&stamps, None).expect("a stamp");
            assert!(stamp > last);
            last = stamp;
        }
        drop(stamps);
        place.pass(-2 * SECOND);
        let stamps = place.open(mutant).expect("a clock");
        let mut waited = 0;
        loop {
            match give(&stamps, None) {
                Ok(stamp) => return stamp > last && waited > 0,
                Err(Refused::Early { .. }) => {
                    waited += 1;
                    place.pass(SECOND / 10);
                    assert!(waited < 100, "the floor is a few seconds ahead");
                }
                Err(refused) => panic!("{refused}"),
            }
        }
    }

    #[test]
    fn a_restart_with_the_clock_set_back_undoes_no_order() {
        assert!(rise_over_a_restart("stamps", HostMutant::None));
        assert!(!rise_over_a_restart("stamps-forgotten", HostMutant::ForgetsStamps));
    }

    #[test]
    fn what_may_arrive_is_below_the_floor_whenever_it_comes() {
        let place = Place::new("stamps-arrive");
        let stamps = place.open(HostMutant::None).expect("a clock");
        let mut random = Random::new(Random::seed_from_environment());
        for _ in 0..2_000 {
            let long = random.chance(0.01);
            place.pass(random.below(if long { 1 << 36 } else { 1 << 28 }).cast_signed());
            let most = WallTime(place.1.load(Ordering::Relaxed)).plus(BOUND).plus(BOUND);
            let seen = Stamp(Stamp::at(most).0 | random.below(1 << 16));
            assert!(give(&stamps, Some(seen)).expect("an honest stamp") > seen);
        }
        let far = Stamp::at(WallTime(place.1.load(Ordering::Relaxed) + SECOND));
        let before = give(&stamps, None).expect("a stamp");
        let error = told(give(&stamps, Some(far)).expect_err("too far ahead"));
        assert_eq!(error.blame, Blame::Caller);
        assert!(give(&stamps, None).expect("a stamp").0 < before.0 + 9, "it was not moved");
    }

    #[test]
    fn a_floor_that_is_not_what_was_written_is_refused() {
        let place = Place::new("stamps-damaged");
        drop(place.open(HostMutant::None).expect("a clock"));
        let path = place.0.join(NAME);
        let sound = std::fs::read(&path).expect("a file");
        assert_eq!(sound.len(), 24);
        for bit in 0..sound.len() * 8 {
            let mut flipped = sound.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&flipped).is_err(), "bit {bit}");
        }
        for length in 0..sound.len() {
            std::fs::write(&path, &sound[..length]).expect("written");
            let error = place.open(HostMutant::None).expect_err("cut short");
            assert_eq!(error.blame, Blame::Corrupt, "{length}: {error}");
        }
        // A crash while it is replaced leaves the old one, and a spare that is written over.
        std::fs::write(&path, &sound).expect("written");
        std::fs::write(place.0.join(TEMPORARY), b"half").expect("written");
        assert!(place.open(HostMutant::None).is_ok());
    }
}

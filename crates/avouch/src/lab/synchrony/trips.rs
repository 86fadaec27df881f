//! Round trips: recorded ones as others measured them, or simulated from the measured quantiles of
//! a pair of regions.
//!
//! A file has a round trip a line: `[sent_s] rtt_ms`, or `lost` in its place; a comma separates as
//! well as a blank does, and what follows `#` is a comment.

use super::options::Options;
use crate::cluster::read_text;
use avouch_agreement::detector::Trace;
use avouch_promise::{Blame, Error, Nanos, Random};
use avouch_world::Delay;
use avouch_world::geography::{FIVE, Region};
use std::path::{Path, PathBuf};

/// A series of round trips.
#[derive(Clone, Debug)]
pub(super) struct Trips {
    /// What it is of.
    pub(super) name: String,
    /// Where it comes from, in words: whether it was recorded or simulated.
    pub(super) source: String,
    /// In the order in which they were sent; none for a lost one.
    pub(super) round: Vec<Option<Nanos>>,
    /// When each was sent; none where only the order is known.
    pub(super) sent: Option<Vec<Nanos>>,
}

/// Fewer tell nothing of tails.
const FEWEST: usize = 100;

/// The series that the options name.
pub(super) fn of(options: &Options, random: &Random) -> Result<Vec<Trips>, Error> {
    let mut files = options.trace.clone();
    if files.is_empty() && options.pair.is_empty() {
        files = recorded();
    }
    if !files.is_empty() {
        return files.iter().map(|path| read(path)).collect();
    }
    let pairs = match options.pair.as_slice() {
        [] => vec![(FIVE[0], FIVE[0]), (FIVE[0], FIVE[2]), (FIVE[3], FIVE[4])],
        pairs => pairs.to_vec(),
    };
    let simulate = |(number, pair): (usize, &(Region, Region))| {
        simulated(*pair, options, random.fork(number as u64))
    };
    Ok(pairs.iter().enumerate().map(simulate).collect())
}

/// Files of round trips where `AVOUCH_DATA` points.
fn recorded() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("AVOUCH_DATA") else { return Vec::new() };
    let found = std::fs::read_dir(Path::new(&folder).join("rtt")).into_iter().flatten().flatten();
    let mut files: Vec<_> = found
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rtt"))
        .collect();
    files.sort();
    files
}

fn simulated((from, to): (Region, Region), options: &Options, mut random: Random) -> Trips {
    let (there, back) = (Delay::between(from, to), Delay::between(to, from));
    let trips = (0..options.heartbeats)
        .map(|_| {
            let trip = there.sample(&mut random).plus(back.sample(&mut random));
            (!random.chance(options.loss)).then_some(trip)
        })
        .collect();
    let loss = options.loss;
    Trips {
        name: format!("{from} to {to}"),
        source: format!(
            "simulated: log-normal on the measured p50 and p90, each trip a draw of its own, {loss} lost"
        ),
        round: trips,
        sent: None,
    }
}

/// Reads a file of round trips.
pub(super) fn read(path: &Path) -> Result<Trips, Error> {
    let text = read_text(path, "recorded round trips")?;
    let (mut trips, mut sent) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        let bare = line.split('#').next().unwrap_or_default();
        let words: Vec<_> = bare
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|word| !word.is_empty())
            .collect();
        let wrong = |got: &str| {
            let expected =
                format!("[sent_s] rtt_ms, or lost, in {} line {}", path.display(), number + 1);
            Error::new(Blame::Caller, expected, format!("`{got}`"))
                .hint("`avouch lab synchrony --help` shows a file")
        };
        let (at, trip) = match words.as_slice() {
            [] => continue,
            [trip] => (None, *trip),
            [at, trip] => (Some(*at), *trip),
            _ => return Err(wrong(bare.trim())),
        };
        if let Some(at) = at {
            sent.push(scaled(at, 1e9).ok_or_else(|| wrong(at))?);
        }
        let lost = ["lost", "-", "*"].contains(&trip);
        trips.push(if lost { None } else { Some(scaled(trip, 1e6).ok_or_else(|| wrong(trip))?) });
    }
    let known = trips.iter().flatten().count();
    if known < FEWEST {
        let expected = format!("at least {FEWEST} round trips in {}", path.display());
        return Err(Error::new(Blame::Caller, expected, known.to_string())
            .hint("fewer tell nothing of the tail"));
    }
    let timed = sent.len() == trips.len() && sent.is_sorted();
    if !sent.is_empty() && !timed {
        let expected = format!("a time on every line or on none, ascending, in {}", path.display());
        return Err(Error::new(Blame::Caller, expected, format!("{} times", sent.len())));
    }
    let start = sent.first().copied().unwrap_or_default();
    Ok(Trips {
        name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        source: format!("recorded: {}", path.display()),
        round: trips,
        sent: timed.then(|| sent.iter().map(|at| at.minus(start)).collect()),
    })
}

/// A number above zero, or at zero, times its unit in nanoseconds.
fn scaled(text: &str, unit_ns: f64) -> Option<Nanos> {
    let value: f64 = text.parse().ok()?;
    let scaled = value * unit_ns;
    #[expect(clippy::cast_sign_loss, reason = "inside the range")]
    (0.0..1e18).contains(&scaled).then_some(Nanos(scaled as u64))
}

impl Trips {
    /// Those that came back, sorted.
    pub(super) fn sorted(trips: &[Option<Nanos>]) -> Vec<Nanos> {
        let mut sorted: Vec<_> = trips.iter().flatten().copied().collect();
        sorted.sort_unstable();
        sorted
    }

    /// The first half, to assume by, and the second, to be judged.
    pub(super) fn halves(&self) -> (&[Option<Nanos>], &[Option<Nanos>]) {
        self.round.split_at(self.round.len() / 2)
    }

    /// Heartbeats every `interval`, each delayed by half of the round trip that was under way when
    /// it left; where only the order is known, by that of its own number. Over a series that is too
    /// short they go on from its beginning.
    pub(super) fn heartbeats(&self, interval: Nanos, count: u64) -> Trace {
        let length = self.round.len().max(1) as u64;
        let mut number = 0;
        Trace::new(interval, count, |at| {
            let place = match &self.sent {
                None => number % length,
                Some(sent) => {
                    let end = sent.last().map_or(1, |last| last.0 + 1);
                    let at = Nanos(at.0 % end);
                    sent.partition_point(|sent| *sent <= at).saturating_sub(1) as u64
                }
            };
            number += 1;
            let trip = self.round.get(place as usize).copied().flatten();
            trip.map(|trip| Nanos(trip.0 / 2))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> Result<Trips, Error> {
        let path = std::env::temp_dir().join(format!("avouch-{name}-{}.rtt", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let read = read(&path);
        std::fs::remove_file(&path).unwrap();
        read
    }

    #[test]
    fn files_are_read_with_times_and_without() {
        let lines: Vec<_> = (0..120).map(|at| format!("{}\n", 50.0 + f64::from(at))).collect();
        let lines = lines.concat();
        let trips = written("bare", &format!("# bare\n{lines}lost # gone\n\n")).unwrap();
        assert_eq!(
            (trips.round.len(), trips.round[0], trips.round[120]),
            (121, Some(Nanos(50_000_000)), None)
        );
        assert!(trips.sent.is_none());
        let trace = trips.heartbeats(Nanos::from_millis(100), 200);
        assert_eq!(trace.heartbeats[0].arrived, Nanos(125_000_000), "half of a round trip later");
        assert_eq!(trace.heartbeats.len(), 199, "one of 121 is lost, and the series goes on anew");

        let lines: Vec<_> = (0..120).map(|at| format!("{}, 10\n", 7 + at)).collect();
        let lines = lines.concat();
        let trips = written("timed", &lines.replace("8, 10", "8, 40")).unwrap();
        let trace = trips.heartbeats(Nanos::from_millis(500), 4);
        let delays: Vec<_> = trace
            .heartbeats
            .iter()
            .map(|beat| beat.arrived.minus(beat.sent).0 / 1_000_000)
            .collect();
        assert_eq!(delays, [5, 20, 20, 5], "1 s and 1.5 s fall on the second line");
    }

    #[test]
    fn files_that_are_none_are_refused_with_their_line() {
        let lines = "10\n".repeat(150);
        for (name, text, told) in [
            ("word", format!("{lines}soon\n"), "line 151"),
            ("negative", format!("-3\n{lines}"), "line 1"),
            ("three", format!("1 2 3\n{lines}"), "line 1"),
            ("short", "10\n".repeat(20), "at least 100"),
            ("mixed", format!("{lines}1 10\n"), "a time on every line"),
        ] {
            let error = written(name, &text).unwrap_err();
            assert_eq!(error.blame, Blame::Caller);
            assert!(error.expected.contains(told), "{name}: {error}");
        }
    }
}

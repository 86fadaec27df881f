//! Heartbeats over round trips that others recorded: half a round trip is a heartbeat's delay.
//!
//! | below `AVOUCH_DATA` | what | unit |
//! |---|---|---|
//! | `rtt/*.rtt` | one round trip a line, `[sent_s] rtt_ms` or `lost` | ms |
//! | `**/SeattleData_N` | slice N of a matrix of 99 nodes, a row a line, commas between; 0 is none | s |
//!
//! The second kind is of Zhu, Liu, Niu, Li, Zhao, *Network Latency Estimation for Personal Devices*
//! (`NetLatency-Data`): slice N of a pair stands for heartbeat N.

use avouch_agreement::detector::Trace;
use avouch_promise::Nanos;
use std::path::{Path, PathBuf};

/// Pairs of a matrix that are shown.
const PAIRS: [(usize, usize); 3] = [(0, 1), (7, 51), (16, 37)];

/// Fewer tell nothing of tails.
const FEWEST: usize = 100;

/// Every trace that is there, under its name. Says so when there is none.
pub(crate) fn traces(interval: Nanos) -> Vec<(String, Trace)> {
    let Some(data) = std::env::var_os("AVOUCH_DATA").map(PathBuf::from) else {
        println!("skipped: no AVOUCH_DATA, so no recorded traces\n");
        return Vec::new();
    };
    let mut found: Vec<_> = series(&data).chain(matrices(&data)).collect();
    found.retain(|(_, trips)| trips.iter().flatten().count() >= FEWEST);
    if found.is_empty() {
        println!("skipped: no recorded round trips in AVOUCH_DATA\n");
    }
    let trace = |(name, trips): (String, Vec<Option<Nanos>>)| {
        let mut left = trips.iter();
        let delay = |_| left.next().copied().flatten().map(|trip| Nanos(trip.0 / 2));
        let trace = Trace::new(interval, trips.len() as u64, delay);
        (format!("recorded: {name}"), trace)
    };
    found.into_iter().map(trace).collect()
}

fn series(data: &Path) -> impl Iterator<Item = (String, Vec<Option<Nanos>>)> {
    let files = entries(&data.join("rtt")).into_iter();
    files.filter(|path| path.extension().is_some_and(|kind| kind == "rtt")).filter_map(|path| {
        let text = std::fs::read_to_string(&path).ok()?;
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let last = |line: &str| {
            let word = line.rsplit([' ', ',', '\t']).next().unwrap_or_default();
            span(word, 1e6)
        };
        let trips = lines.filter(|line| !line.is_empty()).map(last).collect();
        Some((name(&path), trips))
    })
}

fn matrices(data: &Path) -> impl Iterator<Item = (String, Vec<Option<Nanos>>)> {
    let folder = holding(data, "SeattleData_1", 4);
    let slices: Vec<_> = folder
        .iter()
        .flat_map(|folder| {
            (1..).map_while(|number| {
                std::fs::read_to_string(folder.join(format!("SeattleData_{number}"))).ok()
            })
        })
        .collect();
    PAIRS.into_iter().map(move |(from, to)| {
        let cell = |slice: &String| {
            let word = slice.lines().nth(from)?.split(',').nth(to)?;
            span(word.trim(), 1e9).filter(|trip| *trip > Nanos::ZERO)
        };
        (format!("Seattle, node {from} to {to}"), slices.iter().map(cell).collect())
    })
}

/// The folder at or below `folder` that holds a file of this name.
fn holding(folder: &Path, file: &str, depth: usize) -> Option<PathBuf> {
    if folder.join(file).is_file() {
        return Some(folder.to_owned());
    }
    let below = entries(folder).into_iter().filter(|path| path.is_dir() && depth > 0);
    below.into_iter().find_map(|path| holding(&path, file, depth - 1))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// A number of at most a day times its unit in nanoseconds.
fn span(word: &str, unit_ns: f64) -> Option<Nanos> {
    let value = word.parse::<f64>().ok()? * unit_ns;
    #[expect(clippy::cast_sign_loss, reason = "inside the range")]
    (0.0..86_400e9).contains(&value).then_some(Nanos(value as u64))
}

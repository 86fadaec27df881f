//! Cobra's logs: a folder with one file `T0.log`, `T1.log`, ... per client (Tan, Zhao, Mu and
//! Walfish, "Cobra: making transactional key-value stores verifiably serializable", OSDI 2020).
//!
//! ```text
//! S transaction                          a transaction begins
//! R transaction write key value          it reads what that write of that transaction wrote
//! W write key value                      it writes
//! C transaction                          it commits
//! A transaction                          it aborts
//! ```
//!
//! Letters are bytes, everything else is a big-endian u64. Writes have numbers, so a read names its
//! source whatever the values are: the numbers are taken for the values. A read of the
//! transaction `0xbebeebee`, or of `0xdeadbeef`, found nothing. A log that ends within a
//! transaction leaves open whether that committed: it counts as committed if somebody read from it.

use super::malformed::Binary;
use crate::transaction::{Builder, Places, Transactions};
use avouch_promise::quantity::counted;
use avouch_promise::{Blame, Error};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Transactions that stand for what was there before: the initial state, and nothing.
const NOBODY: [u64; 2] = [0xbebe_ebee, 0xdead_beef];

/// The logs of a folder, in the order of their numbers.
pub(crate) fn logs(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if let Some(number) = number(&path) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

/// The number of a log.
fn number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix('T')?.strip_suffix(".log")?.parse().ok()
}

enum Record {
    Start(u64),
    Read { from: u64, write: u64, key: u64 },
    Write { write: u64, key: u64 },
    Commit(u64),
    Abort(u64),
}

fn record(reader: &mut Binary<'_>) -> Result<Record, Error> {
    Ok(match reader.byte()? {
        b'S' => Record::Start(reader.big()?),
        b'C' => Record::Commit(reader.big()?),
        b'A' => Record::Abort(reader.big()?),
        b'W' => {
            let (write, key) = (reader.big()?, reader.big()?);
            reader.big()?;
            Record::Write { write, key }
        }
        b'R' => {
            let (from, write, key) = (reader.big()?, reader.big()?, reader.big()?);
            reader.big()?;
            Record::Read { from, write, key }
        }
        other => {
            return Err(reader.wrong("a record S, R, W, C or A", &format!("byte {other:#04x}")));
        }
    })
}

/// Reads the logs of one run, a session each; a name each for errors.
pub(crate) fn parse(logs: &[(String, Vec<u8>)]) -> Result<Transactions, Error> {
    let named = |name: &str, error: Error| Error {
        expected: format!("{name}: {}", error.expected),
        ..error
    };
    let mut read_from = BTreeSet::new();
    for (name, bytes) in logs {
        let mut reader = Binary::new(bytes);
        while !reader.is_empty() {
            if let Record::Read { from, .. } = record(&mut reader).map_err(|e| named(name, e))? {
                read_from.insert(from);
            }
        }
    }
    let mut builder = Builder::default();
    let mut open = 0;
    for (place, (name, bytes)) in (0..).zip(logs) {
        let session = number(Path::new(name)).unwrap_or(place);
        open +=
            one(&mut builder, session, bytes, &read_from).map_err(|error| named(name, error))?;
    }
    let mut history = builder.build();
    history.format = "cobra's logs";
    history.places = Places::Logs;
    if open > 0 {
        let open = counted(open, "transaction");
        history
            .notes
            .push(format!("{open} neither committed nor aborted, and nobody read from it"));
    }
    Ok(history)
}

/// Reads one log; how many transactions it leaves open that nobody read from.
fn one(
    builder: &mut Builder,
    session: u64,
    bytes: &[u8],
    read_from: &BTreeSet<u64>,
) -> Result<usize, Error> {
    let mut reader = Binary::new(bytes);
    let (mut current, mut open) = (None, 0);
    while !reader.is_empty() {
        let place = reader.place();
        let found = record(&mut reader)?;
        if builder.is_full() {
            return Err(Error::new(Blame::Caller, "a history of at most 2^29 steps", "more"));
        }
        match (found, current) {
            (Record::Start(transaction), None) => {
                builder.begin_at(session, place);
                current = Some(transaction);
            }
            (Record::Commit(ended), Some(began)) if ended == began => current = None,
            (Record::Abort(ended), Some(began)) if ended == began => {
                builder.abort();
                current = None;
            }
            (Record::Write { write, key }, Some(_)) => {
                builder.write(key.to_string(), write.cast_signed());
            }
            (Record::Read { from, key, .. }, Some(_)) if NOBODY.contains(&from) => {
                builder.read_initial(key.to_string());
            }
            (Record::Read { write, key, .. }, Some(_)) => {
                builder.read(key.to_string(), write.cast_signed());
            }
            (Record::Start(_), Some(began)) => {
                return Err(reader.wrong(&format!("the end of transaction {began}"), "a start"));
            }
            (_, Some(began)) => {
                return Err(reader.wrong(&format!("the end of transaction {began}"), "another's"));
            }
            (_, None) => return Err(reader.wrong("a start of a transaction", "something else")),
        }
    }
    if current.is_some_and(|transaction| !read_from.contains(&transaction)) {
        builder.abort();
        open += 1;
    }
    Ok(open)
}

//! dbcop's histories: a run of random transactions as bincode, version 1 (the tool of Biswas and
//! Enea, "On the complexity of checking transactional consistency", OOPSLA 2019).
//!
//! ```text
//! id, nodes, variables, transactions, events     five u64: what was asked for
//! info, start, end                               three strings: length as u64, then UTF-8
//! sessions: count u64, each
//!   transactions: count u64, each
//!     events: count u64, each   write u8, variable u64, value u64, success u8
//!     success u8
//! ```
//!
//! Numbers are little-endian. A read of 0 is of a variable's initial state, unless somebody writes
//! 0. An event without success had no effect; of a transaction without success nothing had.

use super::malformed::Binary;
use super::plume::take_zero_as_initial;
use crate::progress;
use crate::transaction::{Builder, Places, Transactions};
use avouch_promise::Error;

/// The most characters of info, start and end.
const TEXT_MAX: u64 = 1 << 12;

/// Whether bytes begin as such a history does: five numbers, then a string and two times.
pub(crate) fn is_start(bytes: &[u8]) -> bool {
    let mut reader = Binary::new(bytes);
    header(&mut reader).is_ok()
}

fn header(reader: &mut Binary<'_>) -> Result<(), Error> {
    for _ in 0..5 {
        reader.little()?;
    }
    text(reader)?;
    for _ in 0..2 {
        let time = text(reader)?;
        if !time.get(..5).is_some_and(|year| year.ends_with('-')) {
            return Err(reader.wrong("a time such as 2024-10-30T18:23:40+08:00", time));
        }
    }
    Ok(())
}

fn text<'a>(reader: &mut Binary<'a>) -> Result<&'a str, Error> {
    let length = reader.little()?;
    if length > TEXT_MAX {
        return Err(reader.wrong("a string of at most 4096 bytes", &length.to_string()));
    }
    let bytes = reader.take(length as usize)?;
    std::str::from_utf8(bytes).map_err(|_| reader.wrong("UTF-8 text", "other bytes"))
}

/// Transactions between two times that it is told how far it is.
const TOLD_EVERY: u64 = 1024;

fn flag(reader: &mut Binary<'_>, what: &str) -> Result<bool, Error> {
    match reader.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(reader.wrong(&format!("{what}: 0 or 1"), &other.to_string())),
    }
}

/// Reads a history.
pub(crate) fn parse(bytes: &[u8]) -> Result<Transactions, Error> {
    let mut reader = Binary::new(bytes);
    header(&mut reader)?;
    let (mut builder, mut begun) = (Builder::default(), 0_u64);
    for session in 0..reader.little()? {
        for _ in 0..reader.little()? {
            builder.begin_at(session, reader.place());
            begun += 1;
            if begun.is_multiple_of(TOLD_EVERY) {
                progress::reached(reader.place());
            }
            for _ in 0..reader.little()? {
                if builder.is_full() {
                    return Err(reader.wrong("a history of at most 2^29 steps", "more"));
                }
                let is_write = flag(&mut reader, "whether it is a write")?;
                let (variable, value) = (reader.little()?, reader.little()?);
                let value = i64::try_from(value)
                    .map_err(|_| reader.wrong("a value below 2^63", &value.to_string()))?;
                let variable = variable.to_string();
                match (flag(&mut reader, "an event's success")?, is_write) {
                    (false, _) => &mut builder,
                    (true, true) => builder.write(variable, value),
                    (true, false) => builder.read(variable, value),
                };
            }
            if !flag(&mut reader, "a transaction's success")? {
                builder.abort();
            }
        }
    }
    reader.end()?;
    let mut history = builder.build();
    history.format = "dbcop bincode";
    history.places = Places::Bytes;
    take_zero_as_initial(&mut history);
    Ok(history)
}

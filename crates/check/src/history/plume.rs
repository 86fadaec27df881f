//! Transactions of reads and writes as text, in the two forms that the weak-isolation testers
//! read.
//!
//! ```text
//! w(4,2,0,7)     session 0 in its transaction 7 writes 2 to key 4       (Plume, PolySI)
//! r(4,2,1,9)     session 1 in its transaction 9 reads 2 from key 4
//!
//! w 4 2          the same for people: transactions are parted by dashes, sessions by equals signs
//! -----
//! r 4 2
//! =====
//! r 4 0
//! ```
//!
//! Both say 0 for a key's initial state, unless somebody writes 0 to that key: then that write
//! counts. Keys and values are whole numbers.

use super::Malformed;
use super::told::lines;
use crate::transaction::{Access, Builder, Transactions};
use avouch_promise::{Blame, Error};
use std::collections::BTreeSet;

/// Whether a first line is one of either form.
pub(crate) fn is_line(line: &str) -> bool {
    is_apart(line) || line.strip_prefix(['r', 'w']).is_some_and(|rest| rest.starts_with(['(', ' ']))
}

/// Whether a line parts transactions or sessions.
fn is_apart(line: &str) -> bool {
    line.len() >= 3
        && (line.bytes().all(|byte| byte == b'-') || line.bytes().all(|byte| byte == b'='))
}

/// One read or write of the file.
struct Entry<'a> {
    is_write: bool,
    key: &'a str,
    value: i64,
    /// Session and transaction, where the line says them.
    place: Option<(u64, u64)>,
}

fn entry(line: usize, text: &str) -> Result<Entry<'_>, Malformed> {
    let offset = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let wrong = |part: &str, expected: &str| Malformed::at(line, text, offset(part), expected);
    let trimmed = text.trim();
    let is_write = match trimmed.as_bytes().first() {
        Some(b'w') => true,
        Some(b'r') => false,
        _ => return Err(wrong(trimmed, "a read `r` or a write `w`")),
    };
    let rest = &trimmed[1..];
    let (inner, parts) = match rest.strip_prefix('(') {
        Some(inner) => match inner.strip_suffix(')') {
            Some(inner) => (inner, 4),
            None => return Err(wrong(&trimmed[trimmed.len()..], "`)`")),
        },
        None => (rest.trim(), 2),
    };
    let mut found = [""; 4];
    let mut words = inner.split(if parts == 4 { [',', ','] } else { [' ', '\t'] });
    for (place, word) in found.iter_mut().take(parts).enumerate() {
        let named = ["a key", "a value", "a session", "a transaction"][place];
        let said = words.by_ref().map(str::trim).find(|word| parts == 4 || !word.is_empty());
        *word = said.ok_or_else(|| wrong(&inner[inner.len()..], named))?;
        word.parse::<i64>().map_err(|_| wrong(word, &format!("{named}: a whole number")))?;
    }
    if let Some(more) = words.map(str::trim).find(|word| parts == 4 || !word.is_empty()) {
        return Err(wrong(more, "the end of the line"));
    }
    let number = |text: &str| text.parse::<u64>().map_err(|_| wrong(text, "a number from 0"));
    let place = if parts == 4 { Some((number(found[2])?, number(found[3])?)) } else { None };
    let value = found[1].parse().map_err(|_| wrong(found[1], "a whole number"))?;
    Ok(Entry { is_write, key: found[0], value, place })
}

/// Reads a text of either form.
pub(crate) fn parse(text: &str) -> Result<Transactions, Error> {
    let mut builder = Builder::default();
    let mut session = 0;
    // Whether the next read or write begins a transaction, in the form for people.
    let mut fresh = true;
    let (mut last, mut form) = (None, None);
    let mut met = BTreeSet::new();
    for (number, text) in lines(text) {
        if text.trim().is_empty() {
            continue;
        }
        if is_apart(text.trim()) {
            fresh = true;
            session += u64::from(text.trim().starts_with('='));
            continue;
        }
        let entry = entry(number, text)?;
        if *form.get_or_insert(entry.place.is_some()) != entry.place.is_some() {
            return Err(Malformed::at(number, text, 0, "the form of the lines above").into());
        }
        if builder.is_full() {
            return Err(Error::new(Blame::Caller, "a history of at most 2^29 steps", "more"));
        }
        if let Some(place) = entry.place {
            if last != Some(place) {
                if !met.insert(place) {
                    let expected = "the steps of a transaction to stand together";
                    return Err(Malformed::at(number, text, 0, expected).into());
                }
                builder.begin_at(place.0, number);
                last = Some(place);
            }
        } else if fresh {
            builder.begin_at(session, number);
            fresh = false;
        }
        match (entry.is_write, entry.value) {
            (true, value) => builder.write(entry.key, value),
            (false, value) => builder.read(entry.key, value),
        };
    }
    let mut history = builder.build();
    history.format = if form == Some(true) { "plume text" } else { "transactions as text" };
    take_zero_as_initial(&mut history);
    Ok(history)
}

/// Reads of 0 from keys to which nobody writes 0 are of the initial state.
pub(crate) fn take_zero_as_initial(history: &mut Transactions) {
    let mut written = vec![false; history.keys()];
    for step in history.all_steps() {
        if step.access == Access::Write && step.value == 0 {
            written[step.key as usize] = true;
        }
    }
    for step in history.all_steps_mut() {
        if step.access == Access::Read && step.value == 0 && !written[step.key as usize] {
            step.access = Access::ReadInitial;
        }
    }
}

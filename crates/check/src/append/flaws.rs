//! What no order of transactions can mend: a read that shows what nobody may see.
//!
//! | flaw | Adya 1999, section 4.2; the last four by Kingsbury and Alvaro | forbidden from |
//! |---|---|---|
//! | thin air | a value that nobody appended | read uncommitted |
//! | duplicate | one append shows twice in a list | read uncommitted |
//! | reordered | two appends of one transaction show in the other order | read uncommitted |
//! | G1a, aborted read | a committed transaction read what an aborted one wrote | read committed |
//! | G1b, intermediate read | it read a version that its writer itself replaced | read committed |
//! | incompatible order | two reads of a key, neither a prefix of the other: one is of no version that committed | read committed |
//! | internal | it does not see its own append, or sees it before it is made (future read) | read committed |
//! | dirty update | a committed append on top of an aborted one (told with G1a) | read committed |
//!
//! An intermediate read is a G1b in itself and a cycle (the reader is before the writer's next
//! append and after its last one): it is named here and holds either way.

use super::history::{Act, Appends, Operation};
use super::mutant::Mutant;
use super::versions::{NOBODY, Versions};
use crate::dependency::{Fate, Flaw};
use crate::report::Fault;
use crate::transaction::Level;
use std::collections::BTreeSet;

//= §2.3.1 aborted or dirty read G1a
//= §2.3.1 intermediate read G1b

/// The first of each kind.
pub(super) fn find(history: &Appends, versions: &Versions, mutant: Mutant) -> Vec<Flaw> {
    let mut found: Vec<Flaw> = Vec::new();
    let mut add = |flaw: Flaw| {
        if found.iter().all(|other| other.title != flaw.title) {
            found.push(flaw);
        }
    };
    of_longest(history, versions, mutant, &mut add);
    of_apart(history, versions, mutant, &mut add);
    of_order(history, versions, &mut add);
    if mutant != Mutant::ForgetOwn {
        of_own(history, versions, &mut add);
    }
    found.sort_by_key(|flaw| flaw.weakest);
    found
}

fn flaw(
    weakest: Level,
    title: &str,
    transactions: &[u32],
    (key, fault): (u32, Fault),
    conclusion: Vec<String>,
) -> Flaw {
    let title = title.to_owned();
    let transactions = transactions.to_vec();
    Flaw { weakest, title, transactions, keys: vec![key], conclusion, fault }
}

/// A fault in what one transaction read of a key.
fn fault(history: &Appends, key: u32, reader: u32, value: i64) -> Fault {
    Fault {
        key: history.keys.name(key),
        value: Some(history.value(value)),
        reader: reader as usize,
        ..Fault::default()
    }
}

/// Who committed and read at least so much of a key's longest list.
fn reader(history: &Appends, key: u32, length: usize) -> Option<u32> {
    let is_long = |one: &Operation| {
        one.key == key && matches!(one.act, Act::Read(read) if read as usize >= length)
    };
    let mut all = (0..).zip(history.frames.all());
    all.find(|(_, frame)| history.operations(frame).iter().any(is_long)).map(|(number, _)| number)
}

fn of_longest(history: &Appends, versions: &Versions, mutant: Mutant, add: &mut impl FnMut(Flaw)) {
    let mut last_at: Vec<(i64, usize)> = Vec::new();
    for (key, list) in (0..).zip(&history.longest) {
        let writers = versions.writers(key);
        for (place, value) in list.iter().enumerate() {
            of_value(history, versions, mutant, (key, *value, place + 1), writers[place], add);
        }
        if mutant == Mutant::BelieveTwice {
            continue;
        }
        last_at.clear();
        last_at.extend(list.iter().copied().zip(0..));
        last_at.sort_unstable();
        let twice = last_at.windows(2).find(|pair| pair[0].0 == pair[1].0);
        if let Some(pair) = twice
            && let Some(reader) = reader(history, key, pair[1].1 + 1)
        {
            add(duplicate(history, reader, key, pair[0].0));
        }
    }
}

fn duplicate(history: &Appends, reader: u32, key: u32, value: i64) -> Flaw {
    let fault = fault(history, key, reader, value);
    let (name, value) = (history.keys.name(key), history.value(value));
    let told = format!("T{reader} reads {value} twice in {name}");
    flaw(Level::ReadUncommitted, "duplicate elements", &[reader], (key, fault), vec![told])
}

/// One value of a list read: `length` is that of the list up to it.
fn of_value(
    history: &Appends,
    versions: &Versions,
    mutant: Mutant,
    (key, value, length): (u32, i64, usize),
    writer: u32,
    add: &mut impl FnMut(Flaw),
) {
    let fate = history.frames.all().get(writer as usize).map(|frame| frame.fate);
    if fate.is_some_and(|fate| fate != Fate::Aborted) {
        return;
    }
    let Some(reader) = reader(history, key, length) else { return };
    unseen(history, versions, mutant, reader, (key, value), writer).into_iter().for_each(add);
}

fn unseen(
    history: &Appends,
    versions: &Versions,
    mutant: Mutant,
    reader: u32,
    (key, value): (u32, i64),
    writer: u32,
) -> Option<Flaw> {
    let (name, shown) = (history.keys.name(key), history.value(value));
    let fault = fault(history, key, reader, value);
    if writer == NOBODY {
        let told = vec![format!("T{reader} reads {shown} in {name}, which nobody appended")];
        return Some(flaw(Level::ReadUncommitted, "thin air", &[reader], (key, fault), told));
    }
    let fault = Fault { writer: Some(writer as usize), ..fault };
    if mutant == Mutant::BelieveAborted {
        return None;
    }
    let mut told = vec![format!("T{reader} reads {shown} in {name}, which T{writer} appended")];
    let mut transactions = vec![writer, reader];
    let longest = &history.longest[key as usize];
    let after = longest.iter().position(|one| *one == value).map_or(0, |place| place + 1);
    let is_kept = |one: &&u32| versions.committed.get(**one as usize).is_some_and(|is| *is);
    if let Some(next) = versions.writers(key).iter().skip(after).find(is_kept) {
        told.push(format!("and T{next} appended on top of it: a dirty update"));
        transactions.push(*next);
    }
    Some(flaw(Level::ReadCommitted, "G1a, aborted read", &transactions, (key, fault), told))
}

fn of_apart(history: &Appends, versions: &Versions, mutant: Mutant, add: &mut impl FnMut(Flaw)) {
    if history.apart.is_empty() {
        return;
    }
    for (number, frame) in (0..).zip(history.frames.all()) {
        for operation in history.operations(frame) {
            let Act::Apart(_) = operation.act else { continue };
            let list = history.list(operation).unwrap_or_default();
            let key = operation.key;
            let mut met = BTreeSet::new();
            for value in list {
                if !met.insert(value) && mutant != Mutant::BelieveTwice {
                    add(duplicate(history, number, key, *value));
                }
                let writer = versions.writer(key, *value).unwrap_or(NOBODY);
                let fate = history.frames.all().get(writer as usize).map(|frame| frame.fate);
                if fate.is_none_or(|fate| fate == Fate::Aborted) {
                    unseen(history, versions, mutant, number, (key, *value), writer)
                        .into_iter()
                        .for_each(&mut *add);
                }
            }
            if mutant == Mutant::BelieveApart {
                continue;
            }
            let longest = &history.longest[key as usize];
            let common = longest.iter().zip(list).take_while(|(one, other)| one == other).count();
            let Some(other) = reader(history, key, common + 1) else { continue };
            let told = format!(
                "T{number} and T{other} read lists of {} that part after {common} elements: at \
                 least one is of a version that never committed",
                history.keys.name(key)
            );
            let title = "incompatible order";
            let fault = Fault {
                key: history.keys.name(key),
                reader: number as usize,
                against: Some(other as usize),
                ..Fault::default()
            };
            add(flaw(Level::ReadCommitted, title, &[number, other], (key, fault), vec![told]));
        }
    }
}

/// Lists that show one transaction's appends in another order than it made them.
fn of_order(history: &Appends, versions: &Versions, add: &mut impl FnMut(Flaw)) {
    let mut made: Vec<(u32, i64)> = Vec::new();
    for (number, frame) in (0..).zip(history.frames.all()) {
        made.clear();
        made.extend(history.operations(frame).iter().filter_map(|one| match one.act {
            Act::Append(value) => Some((one.key, value)),
            _ => None,
        }));
        if made.len() < 2 {
            continue;
        }
        made.sort_by_key(|(key, _)| *key);
        for own in made.chunk_by(|one, next| one.0 == next.0).filter(|own| own.len() > 1) {
            let key = own[0].0;
            let places = own.iter().map(|(_, value)| (*value, versions.place(number, key, *value)));
            let read: Vec<(i64, u32)> =
                places.filter_map(|(value, place)| Some((value, place?))).collect();
            for pair in read.windows(2).filter(|pair| pair[1].1 < pair[0].1) {
                let Some(reader) = reader(history, key, pair[1].1 as usize + 1) else { continue };
                add(reordered(history, (number, reader), key, (pair[0].0, pair[1].0)));
            }
        }
    }
    for (reader, frame) in (0..).zip(history.frames.all()).filter(|_| !history.apart.is_empty()) {
        for operation in history.operations(frame) {
            let (Act::Apart(_), Some(list)) = (operation.act, history.list(operation)) else {
                continue;
            };
            let key = operation.key;
            let writers: BTreeSet<u32> =
                list.iter().filter_map(|value| versions.writer(key, *value)).collect();
            for writer in writers {
                let own: Vec<i64> = history.appended(writer, key).collect();
                let at = |value: i64| list.iter().position(|one| *one == value);
                let is_reversed = |pair: &&[i64]| {
                    at(pair[1]).is_some_and(|later| at(pair[0]).is_none_or(|one| later < one))
                };
                if let Some(pair) = own.windows(2).find(is_reversed) {
                    add(reordered(history, (writer, reader), key, (pair[0], pair[1])));
                }
            }
        }
    }
}

fn reordered(
    history: &Appends,
    (writer, reader): (u32, u32),
    key: u32,
    (earlier, later): (i64, i64),
) -> Flaw {
    let (name, one) = (history.keys.name(key), history.value(earlier));
    let fault = Fault {
        other: Some(one.clone()),
        writer: Some(writer as usize),
        ..fault(history, key, reader, later)
    };
    let told = format!(
        "T{writer} appends {one} to {name} and then {later}; T{reader} reads {later} without {one} \
         before it",
        later = history.value(later)
    );
    let title = "reordered appends";
    flaw(Level::ReadUncommitted, title, &[writer, reader], (key, fault), vec![told])
}

/// What a transaction does not see of its own appends, or sees too early; and what it sees of
/// another one's before that one was done.
fn of_own(history: &Appends, versions: &Versions, add: &mut impl FnMut(Flaw)) {
    for (number, frame) in (0..).zip(history.frames.all()) {
        if frame.fate != Fate::Committed {
            continue;
        }
        let operations = history.operations(frame);
        for (at, operation) in operations.iter().enumerate() {
            let Act::Read(length) = operation.act else { continue };
            let key = operation.key;
            let writers = versions.writers(key);
            let length = length as usize;
            for (place, other) in operations.iter().enumerate().filter(|(_, one)| one.key == key) {
                let Act::Append(value) = other.act else { continue };
                let is_seen = versions.is_among(number, key, value, length);
                if is_seen != (place < at) {
                    let (title, sees, what) = if is_seen {
                        ("internal, future read", "sees", "before it appends it")
                    } else {
                        ("internal", "does not see", "after it appended it")
                    };
                    let told = format!(
                        "T{number} {sees} its own {} in {} {what}",
                        history.value(value),
                        history.keys.name(key)
                    );
                    let fault = Fault {
                        writer: Some(number as usize),
                        ..fault(history, key, number, value)
                    };
                    add(flaw(Level::ReadCommitted, title, &[number], (key, fault), vec![told]));
                }
            }
            if let Some(writer) = length.checked_sub(1).map(|last| writers[last]) {
                intermediate(history, versions, (number, writer), (key, length), add);
            }
        }
    }
}

fn intermediate(
    history: &Appends,
    versions: &Versions,
    (reader, writer): (u32, u32),
    (key, length): (u32, usize),
    add: &mut impl FnMut(Flaw),
) {
    let Some(frame) = history.frames.all().get(writer as usize).filter(|_| writer != reader) else {
        return;
    };
    let own = |one: &&Operation| one.key == key && matches!(one.act, Act::Append(_));
    let Some(Act::Append(last)) = history.operations(frame).iter().rfind(own).map(|one| one.act)
    else {
        return;
    };
    let read = history.longest[key as usize][length - 1];
    let is_its = versions.writer(key, last) == Some(writer);
    if read != last && is_its && versions.committed[writer as usize] {
        let told = format!(
            "T{reader} reads {} up to {}, after which T{writer} appended {} in the same transaction",
            history.keys.name(key),
            history.value(read),
            history.value(last)
        );
        let title = "G1b, intermediate read";
        let fault = Fault {
            other: Some(history.value(last)),
            writer: Some(writer as usize),
            ..fault(history, key, reader, read)
        };
        add(flaw(Level::ReadCommitted, title, &[writer, reader], (key, fault), vec![told]));
    }
}

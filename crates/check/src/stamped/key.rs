//! What a key holds over the stamps, and what a read of it has to agree with.
//!
//! ```text
//! key -> versions, oldest first:  [7 at 3] [9 at 5] [2 at 8]
//!                                           ^ what a snapshot at 5, 6 or 7 contains
//! ```
//!
//! A list is kept once, and each version of it as how long it was then.

use super::follow::{At, Content};
use super::history::{Access, Stamp, Transaction, Value, Who};
use super::mutant::Mutant;
use std::collections::VecDeque;
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) writer: Arc<Who>,
    pub(super) value: Option<i64>,
    /// Of a list, how long it is then.
    pub(super) length: usize,
}

/// What the transaction that is looked at did with a key so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    /// The step that read it first.
    pub(super) read: Option<usize>,
    pub(super) wrote: Option<Value>,
    /// Appended since it was read.
    pub(super) appended: Vec<i64>,
    pub(super) is_writer: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Key {
    pub(super) versions: VecDeque<Version>,
    /// Of a list, all that was appended.
    pub(super) list: Vec<i64>,
    /// The rank of the last version that has gone.
    pub(super) gone: Option<(Stamp, bool)>,
    /// Whether versions of equal rank leave the order of the list open.
    pub(super) is_tied: bool,
    /// The transaction that `own` is of.
    pub(super) visit: u64,
    pub(super) own: Own,
}

/// A step that reads.
#[derive(Clone, Copy)]
pub(super) enum Read<'a> {
    Value(Option<i64>),
    List(&'a [i64]),
}

impl Read<'_> {
    pub(super) fn content(self) -> Content {
        match self {
            Self::Value(None) => Content::Initial,
            Self::Value(value) => Content::Value(value),
            Self::List(list) => Content::List(list.to_vec()),
        }
    }

    /// Whether this is what a key never written reads as.
    fn is_initial(self) -> bool {
        match self {
            Self::Value(value) => matches!(value, None | Some(0)),
            Self::List(list) => list.is_empty(),
        }
    }
}

/// What a read has to agree with within its transaction.
pub(super) enum Inner<'a> {
    Agrees,
    Wrong(Content),
    /// Nothing: this much of it is of the snapshot.
    Snapshot(Read<'a>),
}

/// Compares a read with what its transaction did with the key before.
pub(super) fn inner<'a>(key: &Key, one: &Transaction, read: Read<'a>, mutant: Mutant) -> Inner<'a> {
    let own = &key.own;
    if let (Some(wrote), Read::Value(value)) = (own.wrote, read) {
        return if wrote == value || mutant == Mutant::ForgetOwn {
            Inner::Agrees
        } else {
            Inner::Wrong(Content::Value(wrote))
        };
    }
    let list = match read {
        Read::List(list) => Some(list),
        Read::Value(None) if !key.list.is_empty() || !own.appended.is_empty() => Some(&[][..]),
        Read::Value(_) => None,
    };
    let before = own.read.and_then(|place| one.steps.get(place)).map(|step| &step.access);
    match (before, list) {
        (Some(_), _) if mutant == Mutant::ForgetRead => Inner::Agrees,
        (Some(Access::ReadList(before)), Some(list)) => agrees_with(before, &own.appended, list),
        (Some(Access::Read(None)), Some(list)) => agrees_with(&[], &own.appended, list),
        (Some(Access::Read(before)), None) => match read {
            Read::Value(value) if value == *before => Inner::Agrees,
            _ => Inner::Wrong(before.map_or(Content::Initial, |value| Content::Value(Some(value)))),
        },
        (Some(Access::ReadList(before)), None) => agrees_with(before, &own.appended, &[]),
        (_, Some(list)) => match list.strip_suffix(&own.appended[..]) {
            Some(base) => Inner::Snapshot(Read::List(base)),
            None if mutant == Mutant::ForgetOwn => Inner::Agrees,
            None => Inner::Wrong(Content::List(own.appended.clone())),
        },
        (_, None) => Inner::Snapshot(read),
    }
}

/// Whether a list is one read before and what was appended since.
fn agrees_with<'a>(before: &[i64], appended: &[i64], list: &[i64]) -> Inner<'a> {
    if list.strip_suffix(appended) == Some(before) {
        return Inner::Agrees;
    }
    Inner::Wrong(Content::List([before, appended].concat()))
}

/// The version asked for has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone;

impl Key {
    /// The version that a snapshot contains; nothing for the initial state.
    pub(super) fn seen(&self, who: &Who, at: At, mutant: Mutant) -> Result<Option<usize>, Gone> {
        let count = match (at, mutant) {
            (At::Commit, _) => self.versions.len(),
            (At::Start, Mutant::StartsFirst) => {
                self.versions.partition_point(|version| version.writer.commit < who.start)
            }
            (At::Start, _) => {
                self.versions.partition_point(|version| version.writer.commit <= who.start)
            }
        };
        match count.checked_sub(1) {
            None if self.gone.is_some() => Err(Gone),
            seen => Ok(seen),
        }
    }

    pub(super) fn agrees(&self, seen: Option<usize>, read: Read<'_>, mutant: Mutant) -> bool {
        let Some(version) = seen.and_then(|seen| self.versions.get(seen)) else {
            return read.is_initial();
        };
        match read {
            Read::Value(value) => value == version.value,
            Read::List(list) if mutant == Mutant::LastElement => {
                list.last() == version.length.checked_sub(1).and_then(|last| self.list.get(last))
            }
            Read::List(list) => Some(list) == self.list.get(..version.length),
        }
    }

    pub(super) fn content(&self, version: Option<&Version>, read: Read<'_>) -> Content {
        match (version, read) {
            (None, _) => Content::Initial,
            (Some(version), Read::Value(_)) => Content::Value(version.value),
            (Some(version), Read::List(_)) => {
                Content::List(self.list.get(..version.length).unwrap_or_default().to_vec())
            }
        }
    }

    /// Whether a read that disagrees with the order tried agrees with another one of equal stamps
    /// (T3): then it is not known to be wrong.
    pub(super) fn is_open(
        &self,
        seen: Option<usize>,
        read: Read<'_>,
        (one, at, number): (&Transaction, At, u32),
        group: &[&Transaction],
        mutant: Mutant,
    ) -> bool {
        let rank = one.who.rank();
        // Those of its own group that write the key may come before or after it.
        let is_among = at == At::Commit || one.who.is_instant();
        let peers = || {
            let others = group.iter().filter(|other| other.who.place != one.who.place);
            others.filter(move |other| is_among && other.writes(number))
        };
        let rank_of = |place: usize| self.versions.get(place).map(|one| one.writer.rank());
        // What was there before the group, or the version seen.
        let mut base = seen;
        while let Some(place) = base
            && is_among
            && rank_of(place) == Some(rank)
        {
            base = place.checked_sub(1);
        }
        let is_like =
            |place: usize| rank_of(place).is_some() && rank_of(place) == base.and_then(rank_of);
        let ties =
            || (0..base.map_or(0, |base| base + 1)).rev().take_while(|place| is_like(*place));
        // What has gone may be of equal rank, too, or what was there before the group.
        let is_with_gone =
            self.gone.is_some() && (base.is_none() || self.gone == base.and_then(rank_of));
        let has_choice = peers().next().is_some() || ties().nth(1).is_some() || is_with_gone;
        if !has_choice || mutant == Mutant::BelieveTies {
            return self.is_tied && matches!(read, Read::List(_)) && mutant != Mutant::BelieveTies;
        }
        let Read::Value(value) = read else { return true };
        mutant == Mutant::ForgiveTies
            || is_with_gone
            || (base.is_none() && read.is_initial())
            || ties().any(|place| self.versions.get(place).is_some_and(|one| one.value == value))
            || peers().any(|other| other.last_write(number) == Some(value))
    }
}

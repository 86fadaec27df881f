//! What the files of a run hold, as etcd's tests write it.
//!
//! A text of 20 bytes or more stands as its FNV-1a hash of 32 bits, whoever wrote it.

use serde::{Deserialize, Deserializer};
use std::fmt;

/// A key.
pub(super) type Key = String;

/// A value, or its hash if it is long.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    #[default]
    Empty,
    Text(String),
    Hash(u32),
}

impl Value {
    /// What it takes beside its own size.
    pub(super) fn bytes(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 0 }
    }
}

/// Texts of so many bytes and more are hashed.
const HASHED_FROM: usize = 20;

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Raw {
            #[serde(rename = "Value")]
            value: String,
            #[serde(rename = "Hash")]
            hash: u32,
        }
        let Raw { value, hash } = Raw::deserialize(deserializer)?;
        Ok(match (value.len(), hash) {
            (0, 0) => Self::Empty,
            (0, hash) => Self::Hash(hash),
            (HASHED_FROM.., _) => Self::Hash(value.bytes().fold(0x811c_9dc5, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            })),
            _ => Self::Text(value),
        })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("\"\""),
            Self::Text(text) => write!(f, "{}", text.escape_debug()),
            Self::Hash(hash) => write!(f, "#{hash:08x}"),
        }
    }
}

/// A list that may be `null`.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(d)?.unwrap_or_default())
}

/// The highest revision and time read, so that arithmetic with them is safe.
const MOST: u64 = 1 << 53;

/// A revision.
pub(super) fn revision<'de, D: Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
    let revision = i64::deserialize(d)?;
    if revision.unsigned_abs() > MOST {
        return Err(serde::de::Error::custom("a revision beyond 2^53"));
    }
    Ok(revision)
}

/// A time in nanoseconds.
pub(super) fn time<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    let time = u64::deserialize(d)?;
    if time > MOST {
        return Err(serde::de::Error::custom("a time beyond 2^53 ns"));
    }
    Ok(time)
}

/// Keys from a start to before an end; without an end, the one key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Range {
    pub(super) start: Key,
    pub(super) end: Key,
    pub(super) limit: i64,
    /// The revision that is asked for; 0 for the newest.
    #[serde(deserialize_with = "revision")]
    pub(super) revision: i64,
}

impl Range {
    pub(super) fn has(&self, key: &str) -> bool {
        match &*self.end {
            "" => key == self.start,
            // In etcd, an end of one zero byte is no end.
            "\0" => *key >= *self.start,
            end => *key >= *self.start && key < end,
        }
    }
}

/// A key with its value and the revision that wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) value: Value,
    #[serde(deserialize_with = "revision")]
    pub(super) mod_revision: i64,
}

/// What a range is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub(super) struct Found {
    #[serde(rename = "KVs", deserialize_with = "list")]
    pub(super) entries: Vec<Entry>,
    #[serde(rename = "Count")]
    pub(super) count: i64,
    #[serde(rename = "Deleted")]
    pub(super) deleted: i64,
}

/// A put.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Put {
    pub(super) key: Key,
    pub(super) value: Value,
    #[serde(rename = "LeaseID")]
    pub(super) lease: i64,
}

/// A delete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Delete {
    pub(super) key: Key,
}

/// One operation of a transaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(tag = "Type")]
pub(super) enum Act {
    #[serde(rename = "range-operation")]
    Range {
        #[serde(rename = "Range", default)]
        range: Range,
    },
    #[serde(rename = "put-operation")]
    Put {
        #[serde(rename = "Put", default)]
        put: Put,
    },
    #[serde(rename = "delete-operation")]
    Delete {
        #[serde(rename = "Delete", default)]
        delete: Delete,
    },
}

/// What a transaction asks of a key before it takes its first branch: the revision that wrote it,
/// or, if that is not 0, how often it was written since it came to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Condition {
    pub(super) key: Key,
    pub(super) expected_revision: i64,
    pub(super) expected_version: i64,
}

/// A transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub(super) struct Txn {
    #[serde(rename = "Conditions", deserialize_with = "list")]
    pub(super) conditions: Vec<Condition>,
    #[serde(rename = "OperationsOnSuccess", deserialize_with = "list")]
    pub(super) then: Vec<Act>,
    #[serde(rename = "OperationsOnFailure", deserialize_with = "list")]
    pub(super) otherwise: Vec<Act>,
}

impl Txn {
    /// The branch taken.
    pub(super) fn branch(&self, failure: bool) -> &[Act] {
        if failure { &self.otherwise } else { &self.then }
    }
}

/// What a transaction is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub(super) struct TxnFound {
    #[serde(rename = "Failure")]
    pub(super) failure: bool,
    #[serde(rename = "Results", deserialize_with = "list")]
    pub(super) results: Vec<Found>,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    Range(Range),
    Txn(Txn),
    /// Something that reads and writes no key that it names: a lease, a defragmentation.
    Other(String),
}

impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Raw {
            #[serde(rename = "Type")]
            name: String,
            range: Option<Range>,
            txn: Option<Txn>,
        }
        let raw = Raw::deserialize(deserializer)?;
        let missing =
            |name| serde::de::Error::custom(format!("an input of type {name} without it"));
        match &*raw.name {
            "range" => raw.range.map(Self::Range).ok_or_else(|| missing("range")),
            "txn" => raw.txn.map(Self::Txn).ok_or_else(|| missing("txn")),
            "leaseGrant" | "leaseRevoke" | "defragment" | "compact" => Ok(Self::Other(raw.name)),
            name => Err(serde::de::Error::custom(format!("a type of input not known: {name}"))),
        }
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Got {
    Range(Found),
    Txn(TxnFound),
    /// Only the revision.
    Done,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Answer {
    /// The store's revision when it was given; nothing where the client does not tell.
    pub(super) revision: Option<i64>,
    pub(super) got: Got,
}

/// One operation of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    pub(crate) client: u64,
    pub(super) asked: Asked,
    /// Nothing if it is unknown whether it took effect.
    pub(super) answer: Option<Answer>,
    pub(crate) call: u64,
    /// When it was answered; nothing if it was not.
    pub(crate) returned: Option<u64>,
    pub(crate) line: usize,
}

impl Operation {
    /// What it takes, as far as its parts have sizes: their texts are short.
    pub(super) fn bytes(&self) -> usize {
        let found = |found: &Found| found.entries.len() * size_of::<Entry>();
        let asked = match &self.asked {
            Asked::Txn(txn) => {
                let acts = txn.then.len() + txn.otherwise.len();
                acts * size_of::<Act>() + txn.conditions.len() * size_of::<Condition>()
            }
            Asked::Range(_) | Asked::Other(_) => 0,
        };
        let got = match self.answer.as_ref().map(|answer| &answer.got) {
            Some(Got::Range(one)) => found(one),
            Some(Got::Txn(txn)) => {
                txn.results.iter().map(|one| size_of::<Found>() + found(one)).sum()
            }
            Some(Got::Done) | None => 0,
        };
        size_of::<Self>() + asked + got
    }
}

/// An event of a watch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Event {
    #[serde(rename = "Type")]
    pub(super) kind: EventKind,
    pub(super) key: Key,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(deserialize_with = "revision")]
    pub(super) revision: i64,
    #[serde(default)]
    pub(super) is_create: bool,
    #[serde(default)]
    pub(super) prev_value: Option<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum EventKind {
    #[serde(rename = "put-operation")]
    Put,
    #[serde(rename = "delete-operation")]
    Delete,
}

impl Event {
    /// What the key holds after it.
    pub(super) fn holds(&self) -> Option<&Value> {
        (self.kind == EventKind::Put).then_some(&self.value)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct WatchRequest {
    pub(super) key: Key,
    #[serde(deserialize_with = "revision")]
    pub(super) revision: i64,
    pub(super) with_prefix: bool,
    #[serde(rename = "WithPrevKV")]
    pub(super) with_previous: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Response {
    #[serde(default, deserialize_with = "list")]
    pub(super) events: Vec<Event>,
    #[serde(default)]
    pub(super) is_progress_notify: bool,
    #[serde(default, deserialize_with = "revision")]
    pub(super) revision: i64,
    #[serde(deserialize_with = "time")]
    pub(super) time: u64,
}

impl Response {
    /// The revision up to which everything has been told.
    pub(super) fn reaches(&self) -> i64 {
        let events = self.events.iter().map(|event| event.revision);
        events.chain(self.is_progress_notify.then_some(self.revision)).max().unwrap_or(0)
    }
}

/// One watch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Watch {
    pub(super) request: WatchRequest,
    #[serde(deserialize_with = "list")]
    pub(super) responses: Vec<Response>,
    /// Whose it is.
    #[serde(skip)]
    pub(super) client: u64,
    #[serde(skip)]
    pub(super) line: usize,
}

impl Watch {
    pub(super) fn has(&self, key: &str) -> bool {
        if self.request.with_prefix {
            key.starts_with(&*self.request.key)
        } else {
            key == self.request.key
        }
    }

    /// Whether it is of every key of a range.
    pub(super) fn has_all(&self, range: &Range) -> bool {
        let prefix = &*self.request.key;
        match &*range.end {
            "" => self.has(&range.start),
            // Whatever is between two texts that begin with it begins with it.
            end if self.request.with_prefix => {
                let mut after = prefix.as_bytes().to_vec();
                while after.last() == Some(&u8::MAX) {
                    after.pop();
                }
                if let Some(last) = after.last_mut() {
                    *last += 1;
                }
                range.start.starts_with(prefix)
                    && (prefix.is_empty() || (end != "\0" && end.as_bytes() <= &after[..]))
            }
            _ => false,
        }
    }

    /// The revisions of its keys that it tells completely.
    pub(super) fn covers(&self) -> std::ops::RangeInclusive<i64> {
        let first = self.responses.iter().flat_map(|one| &one.events).map(|event| event.revision);
        let start = match self.request.revision {
            0 => first.min().unwrap_or(i64::MAX),
            asked => asked,
        };
        start..=self.responses.iter().map(Response::reaches).max().unwrap_or(0)
    }
}

/// A run: what all clients at hand did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// In the order of their calls.
    pub(crate) operations: Vec<Operation>,
    pub(super) watches: Vec<Watch>,
    /// Requests that were refused, and so did nothing.
    pub(super) refused: usize,
    /// How many clients' files were read.
    pub(super) clients: usize,
    /// What of the run was named, if all of it was read for that.
    pub(crate) named: Option<String>,
}

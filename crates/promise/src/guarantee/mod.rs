//! Guarantees: what an operation may rely on, named per request, never per system.
//!
//! ```text
//! canonical text = name | "bounded-staleness=" count ("ns" | "us" | "ms" | "s" | "v")
//! ```
//!
//! A guarantee is an obligation on what one operation may see. The table (`table.rs`) holds one
//! row for each; help, documents, wire names and the checker derive from it. "Implies" is a
//! relation between obligations: an answer that meets the stronger one meets the weaker one.

mod table;
#[cfg(test)]
mod tests;

pub use table::{Availability, Extent, Parameter, ROWS, Row, served_text};

use crate::error::{Blame, Error};
use crate::nearest::nearest;
use crate::quantity::Nanos;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

/// One guarantee, with its bound where it has one.
//= §1.3.1 per-request-guarantee
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guarantee {
    /// As strict serializability, while fewer than a third of the voters lie.
    ByzantineStrictSerializable,
    /// As linearizability, while fewer than a third of the voters lie.
    ByzantineLinearizable,
    /// As consistent prefix, while fewer than a third of the voters lie.
    ByzantineConsistentPrefix,
    /// Serializable in an order that respects real time.
    StrictSerializable,
    /// Transactions as if one after another.
    Serializable,
    /// Each transaction reads one snapshot; of two that write one key at once, one aborts.
    SnapshotIsolation,
    /// Each operation as if at one instant between its call and its return.
    Linearizable,
    /// One order for all, which respects each session's own.
    Sequential,
    /// Effects never without their causes, and replicas converge.
    CausalPlus,
    /// A session sees its own writes.
    ReadYourWrites,
    /// A session never sees older state than it saw before.
    MonotonicReads,
    /// A session's writes take effect in its order.
    MonotonicWrites,
    /// A session's writes are ordered after the writes that it read from.
    WritesFollowReads,
    /// At most this old when answered.
    StalenessByTime(NonZeroU64),
    /// At most this many versions behind when answered.
    StalenessByVersions(NonZeroU64),
    /// Some prefix of the one order of writes.
    ConsistentPrefix,
    /// Only what was written, some time.
    Eventual,
}

impl Guarantee {
    /// Bounded staleness by time; none for a bound of zero, which is linearizability's name.
    pub fn staleness_by_time(bound: Nanos) -> Option<Self> {
        NonZeroU64::new(bound.0).map(Self::StalenessByTime)
    }
    /// Bounded staleness by versions; none for a bound of zero, which is linearizability's name.
    pub fn staleness_by_versions(bound: u64) -> Option<Self> {
        NonZeroU64::new(bound).map(Self::StalenessByVersions)
    }

    /// Its row of the table.
    pub fn row(&self) -> &'static Row {
        table::row_of(self)
    }

    /// Whether every answer that meets this guarantee meets `other`.
    ///
    /// A tighter bound implies a looser one of the same kind.
    pub fn implies(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::StalenessByTime(own), Self::StalenessByTime(asked))
            | (Self::StalenessByVersions(own), Self::StalenessByVersions(asked)) => own <= asked,
            _ if self.row().same_as(other.row()) => true,
            _ => self.row().implied().any(|row| row.same_as(other.row())),
        }
    }

    /// Refuses a guarantee that no node serves yet, naming those that are.
    pub fn require_served(&self) -> Result<(), Error> {
        if self.row().served_now {
            return Ok(());
        }
        Err(Error::new(Blame::Caller, "a guarantee that is served", format!("`{self}`"))
            .hint(format!("served now: {}", served_text())))
    }
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.row().name;
        match self {
            Self::StalenessByTime(bound) => {
                let nanos = bound.get();
                let (unit, size) = [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)]
                    .into_iter()
                    .find(|(_, size)| nanos % size == 0)
                    .unwrap_or(("ns", 1));
                write!(f, "{name}={}{unit}", nanos / size)
            }
            Self::StalenessByVersions(bound) => write!(f, "{name}={bound}v"),
            _ => f.write_str(name),
        }
    }
}

impl FromStr for Guarantee {
    type Err = Error;

    /// Reads a guarantee; any unit is read, the canonical one is printed.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.split_once('=') {
            Some(("bounded-staleness", bound)) => staleness(text, bound),
            None => {
                let plain = |row: &&Row| row.name == text;
                ROWS.iter().find(plain).and_then(|row| row.plain).ok_or_else(|| unknown(text))
            }
            Some((name, _)) if ROWS.iter().any(|row| row.name == name) => {
                Err(Error::new(Blame::Caller, format!("`{name}` without a bound"), quoted(text)))
            }
            Some(_) => Err(unknown(text)),
        }
    }
}

/// The text in quotes, cut where it is long.
fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    format!("`{}`", shown.escape_debug())
}

const BOUND: &str = "name its bound: `bounded-staleness=2s` or `bounded-staleness=5v`";

/// What others call guarantees that have another name here.
const ALSO_CALLED: [(&str, &str); 10] = [
    ("strong", "linearizable"),
    ("strongly-consistent", "linearizable"),
    ("atomic", "linearizable"),
    ("external", "strict-serializable"),
    ("si", "snapshot-isolation"),
    ("ryw", "read-your-writes"),
    ("session", "read-your-writes"),
    ("stale", "eventual"),
    ("weak", "eventual"),
    ("prefix", "consistent-prefix"),
];

fn unknown(text: &str) -> Error {
    let error = Error::new(Blame::Caller, "a known guarantee", quoted(text));
    let name = text.split('=').next().unwrap_or(text).to_lowercase().replace(['_', ' '], "-");
    let short: String = name.chars().take(60).collect();
    let begun = ROWS.iter().find(|row| short.len() > 2 && row.name.starts_with(&short));
    let also = ALSO_CALLED.iter().find(|(word, _)| *word == short).map(|(_, name)| *name);
    let meant = also.or(begun.map(|row| row.name));
    match meant.or_else(|| nearest(&short, ROWS.iter().map(|row| row.name))) {
        Some("bounded-staleness") => error.hint(BOUND),
        Some(name) => error.hint(format!("did you mean `{name}`?")),
        None => error.hint(format!(
            "served now: {}; `avouch guarantees` lists all {}",
            table::served_names(),
            ROWS.len()
        )),
    }
}

fn staleness(text: &str, bound: &str) -> Result<Guarantee, Error> {
    let error = || {
        Error::new(Blame::Caller, "a staleness bound above zero and below 584 years", quoted(text))
            .hint(
                "write `bounded-staleness=2s` (ns, us, ms, s) or `bounded-staleness=5v` (versions)",
            )
    };
    let digits = bound.len() - bound.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = bound.split_at(digits);
    let number: u64 = number.parse().map_err(|_| error())?;
    let nanos = |size: u64| number.checked_mul(size).map(Nanos).ok_or_else(error);
    let guarantee = match unit {
        "v" => Guarantee::staleness_by_versions(number),
        "ns" => Guarantee::staleness_by_time(nanos(1)?),
        "us" => Guarantee::staleness_by_time(nanos(1_000)?),
        "ms" => Guarantee::staleness_by_time(nanos(1_000_000)?),
        "s" => Guarantee::staleness_by_time(nanos(1_000_000_000)?),
        _ => None,
    };
    guarantee.ok_or_else(error)
}

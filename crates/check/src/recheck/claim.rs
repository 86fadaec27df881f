//! What a report claims, read from its JSON and from nothing else.

use avouch_promise::{Blame, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A report on one history.
#[derive(Clone, Debug, Deserialize)]
pub struct Reported {
    /// The history, as the report names it.
    #[serde(skip)]
    pub history: Option<String>,
    pub(super) guarantees: Vec<Part>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Part {
    pub(super) guarantee: String,
    pub(super) verdict: String,
    pub(super) witness: Option<Witness>,
    pub(super) order: Option<Vec<usize>>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Witness {
    pub(super) title: String,
    pub(super) operations: Vec<Operation>,
    #[serde(default)]
    pub(super) cycle: Vec<Edge>,
    #[serde(default)]
    pub(super) facts: Vec<Fact>,
    #[serde(default)]
    pub(super) cases: Vec<Case>,
    pub(super) weaker: Option<String>,
    pub(super) fault: Option<Fault>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Operation {
    #[serde(rename = "operation")]
    pub(super) place: usize,
    pub(super) process: Option<u64>,
    pub(super) invoked: Record,
    pub(super) answered: Option<Record>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Record {
    pub(super) line: Option<usize>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Edge {
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
    pub(super) kind: String,
    pub(super) key: Option<String>,
    pub(super) written: Option<String>,
    #[serde(default, deserialize_with = "told")]
    pub(super) read: Version,
    pub(super) length: Option<usize>,
    pub(super) next: Option<String>,
    pub(super) shown_by: Option<usize>,
    pub(super) fact: Option<u32>,
    #[serde(default)]
    pub(super) via: Vec<usize>,
    pub(super) process: Option<u64>,
    pub(super) answered: Option<Record>,
    pub(super) invoked: Option<Record>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Version {
    /// The report does not say.
    #[default]
    Untold,
    /// Nothing was there.
    Nothing,
    /// A value, of a list the last one.
    Of(String),
}

impl Version {
    /// The value, if there was one; none at all where the report does not say.
    pub(super) fn value(&self) -> Result<Option<&str>, Untold> {
        match self {
            Self::Untold => Err(Untold),
            Self::Nothing => Ok(None),
            Self::Of(value) => Ok(Some(value)),
        }
    }
}

/// The report does not say it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untold;

/// One writer of a key is before another.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fact {
    pub(super) number: u32,
    pub(super) first: usize,
    pub(super) second: usize,
    pub(super) key: String,
    pub(super) written: Option<String>,
    pub(super) next: Option<String>,
    pub(super) reader: Option<usize>,
    pub(super) way: Vec<Edge>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Case {
    pub(super) within: Option<usize>,
    pub(super) assumed: Vec<Fact>,
    pub(super) facts: Vec<Fact>,
    pub(super) cycle: Vec<Edge>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fault {
    pub(super) key: String,
    pub(super) value: Option<String>,
    pub(super) other: Option<String>,
    pub(super) writer: Option<usize>,
    pub(super) reader: usize,
    pub(super) against: Option<usize>,
}

/// A field that is there, though it may be null.
fn told<'de, D: Deserializer<'de>>(from: D) -> Result<Version, D::Error> {
    Option::deserialize(from).map(|value| value.map_or(Version::Nothing, Version::Of))
}

/// The reports in what `check --format json` printed, or in a part of it.
///
/// # Errors
/// `Caller` if it is no such JSON: where and what is wrong.
pub fn read(bytes: &[u8]) -> Result<Vec<Reported>, Error> {
    let wrong = |got: String| {
        Error::new(Blame::Caller, "a report, as `avouch check --format json` prints it", got)
            .hint("avouch check HISTORY --format json > report.json")
    };
    let whole: Value = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
    let all = match whole {
        Value::Array(all) => all,
        one => vec![one],
    };
    let mut found = Vec::new();
    for (place, mut one) in all.into_iter().enumerate() {
        let name = one.get("history").and_then(Value::as_str).map(str::to_owned);
        let of = name.clone().unwrap_or_else(|| format!("report {}", place + 1));
        // A history that could not be read was not judged.
        if name.is_some() && one.get("error").is_some() {
            continue;
        }
        let report = match one.get_mut("report") {
            Some(report) => report.take(),
            None => one,
        };
        let read: Result<Reported, _> = serde_json::from_value(report);
        let report = read.map_err(|error| wrong(format!("{of}: {error}")))?;
        found.push(Reported { history: name, ..report });
    }
    if found.is_empty() {
        return Err(wrong("no report on any history".to_owned()));
    }
    Ok(found)
}

//! What an edge of a witness rests on, as data: enough for somebody who has the history, and knows
//! nothing else of the judge, to look whether it is so.
//!
//! ```text
//!   ww   `from` wrote `written`, `to` wrote `next`, of `key`: `shown_by` read them in this order;
//!        or saw `from` (by way of `via`) and read `next` all the same
//!   wr   `from` wrote `written` to `key`, and `to` read it
//!   rw   `from` read `read` of `key` (of a list, its last element), and `to` wrote `next`
//! ```

use serde_json::{Map, Value, json};

/// What was read of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// Nothing had been written yet.
    Nothing,
    /// This value; of a list, its last element.
    Of(String),
}

impl Version {
    /// As JSON: nothing is null.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Of(value) => json!(value),
        }
    }
}

/// What an edge rests on; what its kind has no use for is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The key.
    pub key: Option<String>,
    /// What the first one wrote.
    pub written: Option<String>,
    /// What the first one read.
    pub read: Option<Version>,
    /// How long the list was that it read.
    pub length: Option<usize>,
    /// What the second one wrote.
    pub next: Option<String>,
    /// Who read what shows the order of the two.
    pub shown_by: Option<usize>,
    /// The number of the fact that tells the order of the two.
    pub fact: Option<u32>,
    /// How that one came to see the first one: each before the next by session or read.
    pub via: Vec<usize>,
}

impl Basis {
    /// Adds its fields to those of the edge.
    pub(super) fn tell(&self, fields: &mut Map<String, Value>) {
        let mut tell = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(name.to_owned(), value);
            }
        };
        tell("key", self.key.as_ref().map(|key| json!(key)));
        tell("written", self.written.as_ref().map(|written| json!(written)));
        tell("read", self.read.as_ref().map(Version::value));
        tell("length", self.length.map(|length| json!(length)));
        tell("next", self.next.as_ref().map(|next| json!(next)));
        tell("shown_by", self.shown_by.map(|reader| json!(reader)));
        tell("fact", self.fact.map(|fact| json!(fact)));
        tell("via", (!self.via.is_empty()).then(|| json!(self.via)));
    }
}

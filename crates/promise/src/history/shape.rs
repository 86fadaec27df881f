//! The JSON of what is asked and answered, and its way to and from the record's types.

use super::record::{Action, Compare, Outcome};
use super::text::Text;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum ActionLine {
    Get {
        key: Text,
    },
    Put {
        key: Text,
        value: Text,
    },
    Append {
        key: Text,
        value: Text,
    },
    Delete {
        key: Text,
    },
    DeleteRange {
        from: Text,
        #[serde(default)]
        to: Option<Text>,
    },
    Cas {
        key: Text,
        #[serde(deserialize_with = "named")]
        expected: Option<Text>,
        value: Text,
    },
    Range {
        from: Text,
        #[serde(default)]
        to: Option<Text>,
        #[serde(default)]
        limit: Option<u64>,
    },
    Txn {
        compare: Vec<CompareLine>,
        then: Vec<ActionLine>,
        #[serde(rename = "else")]
        otherwise: Vec<ActionLine>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompareLine {
    key: Text,
    #[serde(deserialize_with = "named")]
    expected: Option<Text>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum OutcomeLine {
    Done,
    Value {
        #[serde(deserialize_with = "named")]
        value: Option<Text>,
    },
    Deleted {
        count: u64,
    },
    Swapped {
        swapped: bool,
    },
    Entries {
        entries: Vec<(Text, Text)>,
    },
    Txn {
        succeeded: bool,
        outcomes: Vec<OutcomeLine>,
    },
}

/// A member that may be null but not absent: "nothing" is said, never left out.
fn named<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Text>, D::Error> {
    Option::<Text>::deserialize(input)
}

fn text(bytes: Bytes) -> Text {
    Text(bytes)
}
fn bytes(text: Text) -> Bytes {
    text.0
}
fn all<A, B: From<A>>(items: Vec<A>) -> Vec<B> {
    items.into_iter().map(B::from).collect()
}

impl From<ActionLine> for Action {
    fn from(line: ActionLine) -> Self {
        match line {
            ActionLine::Get { key } => Self::Get { key: key.0 },
            ActionLine::Put { key, value } => Self::Put { key: key.0, value: value.0 },
            ActionLine::Append { key, value } => Self::Append { key: key.0, value: value.0 },
            ActionLine::Delete { key } => Self::Delete { key: key.0 },
            ActionLine::DeleteRange { from, to } => {
                Self::DeleteRange { from: from.0, to: to.map(bytes) }
            }
            ActionLine::Cas { key, expected, value } => {
                Self::CompareAndSwap { key: key.0, expected: expected.map(bytes), value: value.0 }
            }
            ActionLine::Range { from, to, limit } => {
                Self::Range { from: from.0, to: to.map(bytes), limit }
            }
            ActionLine::Txn { compare, then, otherwise } => Self::Transaction {
                compares: all(compare),
                then: all(then),
                otherwise: all(otherwise),
            },
        }
    }
}
impl From<Action> for ActionLine {
    fn from(action: Action) -> Self {
        match action {
            Action::Get { key } => Self::Get { key: Text(key) },
            Action::Put { key, value } => Self::Put { key: Text(key), value: Text(value) },
            Action::Append { key, value } => Self::Append { key: Text(key), value: Text(value) },
            Action::Delete { key } => Self::Delete { key: Text(key) },
            Action::DeleteRange { from, to } => {
                Self::DeleteRange { from: Text(from), to: to.map(text) }
            }
            Action::CompareAndSwap { key, expected, value } => {
                Self::Cas { key: Text(key), expected: expected.map(text), value: Text(value) }
            }
            Action::Range { from, to, limit } => {
                Self::Range { from: Text(from), to: to.map(text), limit }
            }
            Action::Transaction { compares, then, otherwise } => {
                Self::Txn { compare: all(compares), then: all(then), otherwise: all(otherwise) }
            }
        }
    }
}
impl From<CompareLine> for Compare {
    fn from(line: CompareLine) -> Self {
        Self { key: line.key.0, expected: line.expected.map(bytes) }
    }
}
impl From<Compare> for CompareLine {
    fn from(compare: Compare) -> Self {
        Self { key: Text(compare.key), expected: compare.expected.map(text) }
    }
}
impl From<OutcomeLine> for Outcome {
    fn from(line: OutcomeLine) -> Self {
        match line {
            OutcomeLine::Done => Self::Done,
            OutcomeLine::Value { value } => Self::Value(value.map(bytes)),
            OutcomeLine::Deleted { count } => Self::Deleted(count),
            OutcomeLine::Swapped { swapped } => Self::Swapped(swapped),
            OutcomeLine::Entries { entries } => {
                Self::Entries(entries.into_iter().map(|(key, value)| (key.0, value.0)).collect())
            }
            OutcomeLine::Txn { succeeded, outcomes } => {
                Self::Transaction { succeeded, outcomes: all(outcomes) }
            }
        }
    }
}
impl From<Outcome> for OutcomeLine {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::Value(value) => Self::Value { value: value.map(text) },
            Outcome::Deleted(count) => Self::Deleted { count },
            Outcome::Swapped(swapped) => Self::Swapped { swapped },
            Outcome::Entries(entries) => Self::Entries {
                entries: entries.into_iter().map(|(key, value)| (Text(key), Text(value))).collect(),
            },
            Outcome::Transaction { succeeded, outcomes } => {
                Self::Txn { succeeded, outcomes: all(outcomes) }
            }
        }
    }
}

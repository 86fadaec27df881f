//! Operations of a run in words.

use super::run::{Act, Asked, Condition, Entry, Found, Got, Operation, Range, Txn, TxnFound};

/// An entry.
fn entry(entry: &Entry) -> String {
    format!("{} = {} (of {})", entry.key.escape_debug(), entry.value, entry.mod_revision)
}

fn range(range: &Range) -> String {
    let keys = match &*range.end {
        "" => range.start.escape_debug().to_string(),
        end => format!("{} to {}", range.start.escape_debug(), end.escape_debug()),
    };
    match range.revision {
        0 => format!("range {keys}"),
        revision => format!("range {keys} at revision {revision}"),
    }
}

fn acts(all: &[Act]) -> String {
    let act = |act: &Act| match act {
        Act::Range { range } => self::range(range),
        Act::Put { put } => format!("put {} = {}", put.key.escape_debug(), put.value),
        Act::Delete { delete } => format!("delete {}", delete.key.escape_debug()),
    };
    all.iter().map(act).collect::<Vec<_>>().join(", ")
}

fn transaction(Txn { conditions, then, otherwise }: &Txn) -> String {
    let condition = |one: &Condition| {
        let key = one.key.escape_debug();
        match one.expected_version {
            0 => format!("{key} of {}", one.expected_revision),
            version => format!("{key} written {version} times"),
        }
    };
    let asked: Vec<String> = conditions.iter().map(condition).collect();
    match (asked.is_empty(), otherwise.is_empty()) {
        (true, _) => acts(then),
        (_, true) => format!("if {}: {}", asked.join(", "), acts(then)),
        _ => format!("if {}: {} else {}", asked.join(", "), acts(then), acts(otherwise)),
    }
}

/// What a range showed: the first few.
fn found(found: &Found) -> String {
    const SHOWN: usize = 4;
    let mut all: Vec<String> = found.entries.iter().take(SHOWN).map(entry).collect();
    let shown = super::count(all.len());
    if found.count > shown {
        all.push(format!("{} more", found.count - shown));
    }
    if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
}

impl Operation {
    /// What was asked and what came back.
    pub(crate) fn told(&self) -> (String, String) {
        let asked = match &self.asked {
            Asked::Range(asked) => range(asked),
            Asked::Other(name) => name.clone(),
            Asked::Txn(asked) => transaction(asked),
        };
        let Some(answer) = &self.answer else { return (asked, "unknown".to_owned()) };
        let got = match (&answer.got, &self.asked) {
            (Got::Range(one), _) => found(one),
            (Got::Txn(TxnFound { failure, results }), Asked::Txn(txn)) => {
                let word = if *failure { "condition not met" } else { "done" };
                let seen = txn.branch(*failure).iter().zip(results);
                let seen = seen.filter(|(act, _)| matches!(act, Act::Range { .. }));
                let seen = seen.map(|(_, one)| found(one));
                std::iter::once(word.to_owned()).chain(seen).collect::<Vec<_>>().join("; ")
            }
            _ => "done".to_owned(),
        };
        let got = match answer.revision {
            Some(revision) => format!("{got}, at revision {revision}"),
            None => got,
        };
        (asked, got)
    }
}

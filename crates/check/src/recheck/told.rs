//! What was said of each claim, as text and as JSON.

use super::Held;
use super::claim::{Edge, Fact};
use crate::report::Word;
use serde_json::{Value, json};
use std::fmt;

/// What is said of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Of {
    /// The history says so.
    Confirmed,
    /// The report does not carry enough to look.
    Open,
    /// The history does not say so.
    Refuted,
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Confirmed => "confirmed",
            Self::Open => "open",
            Self::Refuted => "refuted",
        })
    }
}

/// One claim, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What.
    pub of: Of,
    /// The claim in words, and what does not hold.
    pub told: String,
}

impl Said {
    pub(super) fn confirmed(told: impl Into<String>) -> Self {
        Self { of: Of::Confirmed, told: told.into() }
    }

    pub(super) fn refuted(told: impl Into<String>) -> Self {
        Self { of: Of::Refuted, told: told.into() }
    }

    pub(super) fn open(told: impl Into<String>) -> Self {
        Self { of: Of::Open, told: told.into() }
    }

    pub(super) fn of(claim: impl Into<String>, held: Held) -> Self {
        let claim = claim.into();
        match held {
            Ok(()) => Self::confirmed(claim),
            Err(why) => Self::refuted(format!("{claim}: {why}")),
        }
    }
}

/// What is said of one guarantee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub guarantee: String,
    /// What the report says of it.
    pub verdict: String,
    /// What is said of each claim.
    pub said: Vec<Said>,
}

impl Part {
    /// The worst of what is said.
    pub fn of(&self) -> Of {
        self.said.iter().map(|said| said.of).max().unwrap_or(Of::Open)
    }
}

/// What is said of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rechecked {
    /// Each guarantee.
    pub parts: Vec<Part>,
}

impl Rechecked {
    /// Holds if the history says all that the report claims; violated if it does not say something;
    /// else unknown. What the report calls unknown claims nothing.
    pub fn word(&self) -> Word {
        let claims = self.parts.iter().filter(|part| part.verdict != "unknown");
        match claims.map(Part::of).max() {
            Some(Of::Confirmed) => Word::Holds,
            Some(Of::Refuted) => Word::Violated,
            Some(Of::Open) | None => Word::Unknown,
        }
    }

    /// The same as JSON.
    pub fn to_json(&self) -> Value {
        let said = |said: &Said| json!({ "said": said.of.to_string(), "claim": said.told });
        let part = |part: &Part| {
            json!({
                "guarantee": part.guarantee,
                "verdict": part.verdict,
                "said": part.of().to_string(),
                "claims": part.said.iter().map(said).collect::<Vec<_>>(),
            })
        };
        json!({
            "verdict": self.word().to_string(),
            "guarantees": self.parts.iter().map(part).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Rechecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |of| self.parts.iter().filter(|part| part.of() == of).count();
        writeln!(
            f,
            "{}: looked at again, {} confirmed, {} refuted, {} open",
            self.word(),
            count(Of::Confirmed),
            count(Of::Refuted),
            count(Of::Open)
        )?;
        for part in &self.parts {
            writeln!(f, "  {:<9} {} {}", part.of(), part.guarantee, part.verdict)?;
            for said in &part.said {
                writeln!(f, "    {:<9} {}", said.of, said.told)?;
            }
        }
        Ok(())
    }
}

/// An edge in words.
pub(super) fn edge(edge: &Edge) -> String {
    let name = |one: Option<usize>| one.map_or("the start".to_owned(), |one| format!("T{one}"));
    let mut told = format!("{} -{}-> {}", name(edge.from), edge.kind, name(edge.to));
    let mut separator = ": ";
    let mut add = |what: &str, value: Option<String>| {
        if let Some(value) = value {
            told.extend([separator, what, " ", &value]);
            separator = ", ";
        }
    };
    add("key", edge.key.clone());
    add("written", edge.written.clone());
    let read = edge.read.value().ok();
    add("read", read.map(|read| read.unwrap_or("nothing").to_owned()));
    add("next", edge.next.clone());
    add("shown by", edge.shown_by.map(|one| format!("T{one}")));
    told
}

/// A fact in words.
pub(super) fn fact(fact: &Fact) -> String {
    format!("T{} writes {} before T{} does", fact.first, fact.key, fact.second)
}

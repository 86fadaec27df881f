//! The verdict on one piece of evidence, with all that a reader wants to know beside it.
//!
//! `Holds` means: if the listed assumptions are true, the signed facts imply this operation's
//! obligation. It never means that the assumptions are true.

use super::assumption::{Assumption, names};
use super::examine::Check;
use super::kind::Kind;
use crate::clock::Wall;
use crate::guarantee::Guarantee;
use crate::identity::{Ballot, Epoch, NodeId};
use crate::log_point::{LogIndex, LogPoint};
use crate::quantity::Nanos;
use std::fmt;

/// What a judge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The claim follows from the facts and the assumptions.
    Holds,
    /// The evidence does not carry the claim.
    Refuted,
    /// The verifier lacks an input.
    Unknown,
}

impl Verdict {
    /// The exit code of a command that ends with this verdict.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Refuted => 1,
            Self::Unknown => 2,
        }
    }
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Refuted => "refuted",
            Self::Unknown => "unknown",
        }
    }
}
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The verdict on one piece of evidence. What was not reached before a failure is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub reason: String,
    /// The check that failed; none when the verdict is `Holds`.
    pub failed: Option<Check>,
    /// The kind of evidence.
    pub kind: Option<Kind>,
    /// The guarantee that the request asked for.
    pub asked: Option<Guarantee>,
    /// The strongest guarantee that the evidence carries.
    pub achieved: Option<Guarantee>,
    /// The state that was answered.
    pub point: Option<LogPoint>,
    /// How far the answering node knew the log to be committed.
    pub commit: Option<LogIndex>,
    /// Who answered.
    pub answered_by: Option<NodeId>,
    /// The answering node's wall clock, as it says.
    pub wall: Option<Wall>,
    /// How old the state was at most when it was answered, where the evidence tells.
    pub age: Option<Nanos>,
    /// Whose acknowledgements prove the point committed; empty when nothing proves it.
    pub committed_by: Vec<NodeId>,
    /// The configuration and ballot of those acknowledgements.
    pub committed_in: Option<(Epoch, Ballot)>,
    /// What must be true of the world.
    pub assumptions: Vec<Assumption>,
}

impl Judgement {
    pub(crate) const fn blank() -> Self {
        Self {
            verdict: Verdict::Unknown,
            reason: String::new(),
            failed: None,
            kind: None,
            asked: None,
            achieved: None,
            point: None,
            commit: None,
            answered_by: None,
            wall: None,
            age: None,
            committed_by: Vec::new(),
            committed_in: None,
            assumptions: Vec::new(),
        }
    }

    /// Whether the claim follows.
    pub const fn holds(&self) -> bool {
        matches!(self.verdict, Verdict::Holds)
    }

    /// Whether the evidence is of a kind that rests on the answering node's clock.
    pub fn leans_on_clock(&self) -> bool {
        self.kind.is_some_and(Kind::needs_clock)
    }

    /// The same for a program: names as in the text, absent members left out.
    pub fn to_json(&self) -> serde_json::Value {
        let mut out = serde_json::Map::new();
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                out.insert(name.to_owned(), value.into());
            }
        };
        put("verdict", Some(self.verdict.to_string()));
        put("reason", Some(self.reason.clone()));
        put("failed", self.failed.map(|check| format!("{check:?}")));
        put("evidence", self.kind.map(|kind| kind.name().to_owned()));
        put("asked", self.asked.map(|guarantee| guarantee.to_string()));
        put("achieved", self.achieved.map(|guarantee| guarantee.to_string()));
        put("point", self.point.map(|point| point.to_string()));
        put("commit", self.commit.map(|index| index.to_string()));
        put("answered_by", self.answered_by.map(|node| node.to_string()));
        put("epoch", self.committed_in.map(|(epoch, _)| epoch.to_string()));
        put("ballot", self.committed_in.map(|(_, ballot)| ballot.to_string()));
        put("age", self.age.map(|age| age.to_string()));
        if let Some(wall) = self.wall {
            out.insert("clock".to_owned(), clock_json(&wall));
        }
        let list = |items: Vec<String>| serde_json::Value::from(items);
        if !self.committed_by.is_empty() {
            let names = self.committed_by.iter().map(ToString::to_string).collect();
            out.insert("committed_by".to_owned(), list(names));
        }
        let assumes = self.assumptions.iter().map(ToString::to_string).collect();
        out.insert("assumes".to_owned(), list(assumes));
        out.into()
    }
}

/// A clock's bound, class and reason.
fn clock_json(wall: &Wall) -> serde_json::Value {
    let mut out = serde_json::Map::new();
    if let Some(epsilon) = wall.epsilon() {
        out.insert("epsilon_ns".to_owned(), epsilon.0.into());
    }
    out.insert("class".to_owned(), wall.basis.class().to_string().into());
    out.insert("reason".to_owned(), wall.basis.to_string().into());
    out.into()
}

impl fmt::Display for Judgement {
    /// Verdict first, then evidence, then assumptions; one line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.verdict, self.reason)?;
        if let (Some(kind), Some(point)) = (self.kind, self.point) {
            write!(f, "\nevidence {}, log point {point}", kind.name())?;
            if let Some((epoch, ballot)) = self.committed_in {
                let names = names(&self.committed_by);
                write!(f, " committed by {names} in ballot {ballot}, configuration {epoch}")?;
            }
            if let Some(node) = self.answered_by {
                write!(f, ", answered by {node}")?;
            }
        }
        if let (Some(wall), Some(node), true) = (self.wall, self.answered_by, self.leans_on_clock())
        {
            write!(f, "\nclock of {node}: {wall}")?;
            if let Some(age) = self.age {
                write!(f, "\nthe state was current at most {age} before the answer")?;
            }
        }
        let mut lead = "\nassumes ";
        for assumption in &self.assumptions {
            write!(f, "{lead}{assumption}")?;
            lead = "; ";
        }
        Ok(())
    }
}

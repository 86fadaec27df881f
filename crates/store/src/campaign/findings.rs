//! What a run found: every call, every piece of evidence, and what the evidence alone tells.
//!
//! ```text
//!   answer --point beside it--------------> history      what the clients saw
//!   answer --evidence--verify--> point ---> history      the proved point, where there is one
//!                                  '------> alone()      only what is proved: any other answer is
//!                                                        as if it had never come
//! ```
//!
//! The point beside an answer is one node's word; the point in its evidence is what a quorum's
//! signatures lead to. Who orders a history by the former has tested the theorem of the guarantee
//! table only as far as nodes are honest.

use avouch_check::history::History;
use avouch_check::model::key_value::KeyValue;
use avouch_promise::evidence::{EvidenceFile, cross_check};
use avouch_promise::trust::Trust;
use avouch_promise::{LogPoint, NodeId};
use std::collections::BTreeMap;

/// How an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Who answered.
    pub node: NodeId,
    /// Its evidence, as a place in the run's evidence.
    pub item: Option<usize>,
}

/// What a run found besides violations.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Every call with its outcome; its point is the proved one where there is one.
    pub history: History,
    /// Every answer that carried evidence.
    pub evidence: EvidenceFile,
    /// The calls whose evidence holds, by place in the history, each with the point it proves.
    pub proved: BTreeMap<usize, LogPoint>,
    /// How each answer came, by place in the history.
    pub told: BTreeMap<usize, Told>,
    /// What the client's own verifier had against an answer, where that ended the run.
    pub against_evidence: Option<String>,
}

impl Default for Findings {
    fn default() -> Self {
        Self {
            history: History { model: KeyValue::default(), ..History::default() },
            evidence: EvidenceFile::default(),
            proved: BTreeMap::new(),
            told: BTreeMap::new(),
            against_evidence: None,
        }
    }
}

impl Findings {
    /// The history as somebody knows it who believes nothing but evidence: answers without it
    /// were never given, and the others stand at the points that it proves.
    pub fn alone(&self) -> History {
        let mut history = self.history.clone();
        for (place, call) in history.calls.iter_mut().enumerate() {
            call.point = self.proved.get(&place).copied();
            if call.point.is_none() {
                (call.answer, call.ended) = (None, None);
            }
        }
        history
    }

    /// Evidence of the whole run against itself.
    pub fn forks(&self, trust: &Trust) -> Vec<String> {
        let files = [("the run", &self.evidence)];
        cross_check(trust, &files).iter().map(|fork| format!("{fork:?}")).collect()
    }
}

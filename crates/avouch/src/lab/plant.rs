//! Bugs that a scenario can plant in its own cluster, to see them caught: those of the log, those
//! of the node and those of the host, by their names in the code.

use avouch_agreement::Mutant;
use avouch_promise::Nanos;
use avouch_store::node::NodeMutant;
use avouch_world::Mutants;

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plant {
    /// In the replicated log.
    Log(Mutant),
    /// In the node.
    Node(NodeMutant),
    /// In what runs the node.
    Host(&'static str, Mutants),
}

const NODE: [NodeMutant; 11] = [
    NodeMutant::AnswerEarly,
    NodeMutant::AnswerLocally,
    NodeMutant::AnswerUndecided,
    NodeMutant::ForgetRetries,
    NodeMutant::ProveWriteByRead,
    NodeMutant::MisstatePoint,
    NodeMutant::AnswerOldState,
    NodeMutant::AnswerWithoutClock,
    NodeMutant::SkipEntry,
    NodeMutant::ForgetPast,
    NodeMutant::ForgetLastEntry,
];

fn host() -> [Plant; 4] {
    let none = Mutants::default();
    [
        Plant::Host("persisted-too-early", Mutants { persisted_too_early: true, ..none }),
        Plant::Host("ignore-after", Mutants { ignore_after: true, ..none }),
        Plant::Host("cut-at-first-bad", Mutants { cut_at_first_bad: true, ..none }),
        Plant::Host("stale-clock", Mutants { stale_clock: Some(Nanos::from_millis(20)), ..none }),
    ]
}

impl Plant {
    /// Every bug.
    pub fn all() -> impl Iterator<Item = Self> {
        let log = Mutant::ALL.iter().copied().map(Self::Log);
        log.chain(NODE.map(Self::Node)).chain(host())
    }

    /// Its name: that of the code, in words.
    pub fn name(&self) -> String {
        match self {
            Self::Log(mutant) => kebab(&format!("{mutant:?}")),
            Self::Node(mutant) => kebab(&format!("{mutant:?}")),
            Self::Host(name, _) => (*name).to_owned(),
        }
    }

    /// The bug of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|plant| plant.name() == name)
    }
}

/// `ReadWithoutQuorum` as `read-without-quorum`.
pub(super) fn kebab(name: &str) -> String {
    let mut out = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.extend(character.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bug_has_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Plant::all().map(|plant| plant.name()).collect();
        assert_eq!(names.len(), Plant::all().count());
        assert_eq!(
            Plant::named("read-without-quorum"),
            Some(Plant::Log(Mutant::ReadWithoutQuorum))
        );
        assert_eq!(Plant::named("no-such-bug"), None);
    }
}

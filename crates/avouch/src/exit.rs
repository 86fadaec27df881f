//! How a run of the command ends, so that a script can tell a verdict from a mishap.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | holds: the promise was kept |
//! | 1 | refuted: the evidence does not carry the claim, or a history breaks a promise |
//! | 2 | unknown: the verifier lacks an input, or nobody knows whether a write took effect |
//! | 3 | the caller's error: usage, a file, a configuration |
//! | 4 | the environment's: a time-out, a port in use, a full disk |
//! | 5 | a peer's: a node answered what no node should |
//! | 6 | corrupt data |

use avouch_check::Word;
use avouch_promise::Blame;
use avouch_promise::evidence::Verdict;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// With a verdict.
    Verdict(Verdict),
    /// With an error by blame.
    Error(Blame),
}

impl Exit {
    /// Well, for commands that judge nothing.
    pub const DONE: Self = Self::Verdict(Verdict::Holds);

    /// The process's exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Verdict(verdict) => verdict.exit_code(),
            Self::Error(Blame::Caller) => 3,
            Self::Error(Blame::Environment) => 4,
            Self::Error(Blame::Peer) => 5,
            Self::Error(Blame::Corrupt) => 6,
        }
    }
}

/// The word of `check` in the words of `verify`.
pub const fn verdict(word: Word) -> Verdict {
    match word {
        Word::Holds => Verdict::Holds,
        Word::Violated => Verdict::Refuted,
        Word::Unknown => Verdict::Unknown,
    }
}

/// The worse of two verdicts: refuted, then unknown, then holds.
pub const fn worse(one: Verdict, other: Verdict) -> Verdict {
    match (one, other) {
        (Verdict::Refuted, _) | (_, Verdict::Refuted) => Verdict::Refuted,
        (Verdict::Unknown, _) | (_, Verdict::Unknown) => Verdict::Unknown,
        _ => Verdict::Holds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_a_code_of_its_own() {
        let verdicts = [Verdict::Holds, Verdict::Refuted, Verdict::Unknown].map(Exit::Verdict);
        let blames = [Blame::Caller, Blame::Environment, Blame::Peer, Blame::Corrupt];
        let codes: Vec<u8> =
            verdicts.into_iter().chain(blames.map(Exit::Error)).map(Exit::code).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn the_worst_verdict_counts() {
        use Verdict::{Holds, Refuted, Unknown};
        for (one, other, both) in [
            (Holds, Holds, Holds),
            (Holds, Unknown, Unknown),
            (Unknown, Refuted, Refuted),
            (Refuted, Holds, Refuted),
        ] {
            assert_eq!(worse(one, other), both);
            assert_eq!(worse(other, one), both);
        }
    }
}

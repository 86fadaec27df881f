//! What others say of this host's clock, and whether that can be.
//!
//! A claim is that the clock is off by at most so much. Where what was measured excludes all of
//! that, the claim is refuted: the clock is farther off, or what the measurement rests on is wrong.

use super::finding::Ahead;
use avouch_promise::Nanos;
use avouch_promise::evidence::Verdict as Word;

/// Who claims, and what.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    /// `chrony` or `clockbound`.
    pub(super) by: &'static str,
    /// Where it was asked.
    pub(super) at: String,
    /// By how much the clock is off at most, or why nothing is claimed.
    pub(super) bound: Result<Nanos, String>,
    /// What it says besides.
    pub(super) says: String,
}

impl Claim {
    /// Whether a measurement, by which this host's clock is ahead, excludes it.
    pub(super) fn is_refuted(&self, measured: Option<Ahead>) -> bool {
        let (Ok(bound), Some(measured)) = (&self.bound, measured) else { return false };
        let bound = i64::try_from(bound.0).unwrap_or(i64::MAX);
        measured.least > bound || measured.most < -bound
    }
}

/// The verdict on the clock by its measurement and by what is claimed: a refuted claim refutes; and
/// where no server was asked, claims are all there is.
pub(super) fn verdict(
    measured: Option<(Word, Option<Ahead>)>,
    claims: &[Claim],
    within: Option<Nanos>,
) -> Word {
    if let Some((word, ahead)) = measured {
        let refuted = claims.iter().any(|claim| claim.is_refuted(ahead));
        return if refuted { Word::Refuted } else { word };
    }
    let fits = |claim: &Claim| {
        claim.bound.as_ref().is_ok_and(|bound| within.is_none_or(|within| *bound <= within))
    };
    if !claims.is_empty() && claims.iter().all(fits) { Word::Holds } else { Word::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(bound: Option<u64>) -> Claim {
        let bound = bound.map(Nanos).ok_or_else(|| "nothing".to_owned());
        Claim { by: "chrony", at: String::new(), bound, says: String::new() }
    }

    #[test]
    fn a_claim_is_refuted_by_what_excludes_all_of_it() {
        for (least, most, refuted) in
            [(-9, 9, false), (10, 20, false), (11, 20, true), (-20, -11, true), (-20, -10, false)]
        {
            let measured = Some(Ahead { least, most });
            assert_eq!(claim(Some(10)).is_refuted(measured), refuted, "{least} {most}");
            let word = verdict(Some((Word::Holds, measured)), &[claim(Some(10))], None);
            assert_eq!(word == Word::Refuted, refuted);
        }
        assert!(!claim(None).is_refuted(Some(Ahead { least: 1, most: 2 })));
        assert!(!claim(Some(1)).is_refuted(None));
    }

    #[test]
    fn without_a_measurement_claims_are_all_there_is() {
        let word = |claims: &[Claim], within: Option<u64>| verdict(None, claims, within.map(Nanos));
        assert_eq!(word(&[], None), Word::Unknown);
        assert_eq!(word(&[claim(Some(5))], None), Word::Holds);
        assert_eq!(word(&[claim(Some(5))], Some(5)), Word::Holds);
        assert_eq!(word(&[claim(Some(5))], Some(4)), Word::Unknown);
        assert_eq!(word(&[claim(Some(5)), claim(None)], None), Word::Unknown);
    }
}

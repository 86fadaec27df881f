//! The table holds together, and its texts read back.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

use super::{Availability, Guarantee, Parameter, ROWS, Row, served_text};
use crate::error::Blame;
use crate::evidence::Kind;
use crate::quantity::Nanos;
use Guarantee as G;

/// One guarantee of each row.
fn all() -> Vec<Guarantee> {
    let of = |row: &Row| match row.parameter {
        Parameter::None => row.plain.unwrap(),
        Parameter::Time => Guarantee::staleness_by_time(Nanos::from_secs(2)).unwrap(),
        Parameter::Versions => Guarantee::staleness_by_versions(5).unwrap(),
    };
    ROWS.iter().map(of).collect()
}

/// Whether the edges of these rows have a cycle: a row that is among those that follow from it.
fn cyclic(rows: &[Row]) -> bool {
    let edges = |row: &Row| row.implies.to_vec();
    let find = |(name, parameter): (&str, Parameter)| {
        rows.iter().find(|row| row.name == name && row.parameter == parameter).copied()
    };
    rows.iter().any(|start| {
        let mut reached = edges(start);
        let mut place = 0;
        while let Some(row) = reached.get(place).copied().and_then(find) {
            let fresh: Vec<_> =
                edges(&row).into_iter().filter(|edge| !reached.contains(edge)).collect();
            reached.extend(fresh);
            place += 1;
        }
        reached.contains(&(start.name, start.parameter))
    })
}

#[test]
fn implication_has_no_cycle_and_one_would_be_found() {
    assert!(!cyclic(&ROWS));
    let mut planted = ROWS;
    let eventual = planted.iter_mut().find(|row| row.name == "eventual").unwrap();
    eventual.implies = &[("sequential", Parameter::None)];
    assert!(cyclic(&planted));
}

#[test]
fn implication_is_a_partial_order_with_the_published_relations() {
    let all = all();
    for (a, row) in all.iter().zip(&ROWS) {
        assert!(a.implies(a), "{a}");
        assert!(row.same_as(a.row()), "{a} finds its own row");
        for edge in row.implies {
            assert!(ROWS.iter().any(|to| (to.name, to.parameter) == *edge), "{a} -> {edge:?}");
        }
        for b in &all {
            assert!(a == b || !(a.implies(b) && b.implies(a)), "{a} and {b}");
            for c in &all {
                assert!(!(a.implies(b) && b.implies(c)) || a.implies(c), "{a} {b} {c}");
            }
        }
    }
    let eventual = Guarantee::Eventual;
    assert!(all.iter().all(|guarantee| guarantee.implies(&eventual)));
    for (stronger, weaker) in [
        (G::StrictSerializable, G::Linearizable),
        (G::StrictSerializable, G::SnapshotIsolation),
        (G::Linearizable, G::ReadYourWrites),
        (G::Sequential, G::ConsistentPrefix),
        (G::ByzantineStrictSerializable, G::Linearizable),
    ] {
        assert!(stronger.implies(&weaker), "{stronger} -> {weaker}");
    }
    for (not, that) in [
        (G::Serializable, G::Linearizable),
        (G::Linearizable, G::Serializable),
        (G::SnapshotIsolation, G::Serializable),
        (G::CausalPlus, G::ConsistentPrefix),
        (G::ConsistentPrefix, G::MonotonicReads),
        (G::Linearizable, G::ByzantineLinearizable),
    ] {
        assert!(!not.implies(&that), "{not} -> {that}");
    }
}

/// Whoever is available implies only what is at least as available.
#[test]
fn a_weaker_guarantee_is_never_less_available() {
    let exempt = |weaker: &Guarantee| {
        // A bound on staleness is given up in a partition although session order is not.
        matches!(weaker.row().availability, Availability::Unavailable)
    };
    for stronger in all() {
        for weaker in all().iter().filter(|weaker| stronger.implies(weaker)) {
            let worse = weaker.row().availability < stronger.row().availability;
            assert!(!worse || exempt(weaker), "{stronger} {weaker}");
            assert!(!worse, "{stronger} is more available than {weaker}, which it implies");
        }
    }
}

#[test]
fn a_tighter_bound_implies_a_looser_one_of_its_kind_only() {
    let time = |nanos| Guarantee::staleness_by_time(Nanos(nanos)).unwrap();
    let versions = |count| Guarantee::staleness_by_versions(count).unwrap();
    assert!(time(5).implies(&time(6)) && !time(6).implies(&time(5)));
    assert!(versions(5).implies(&versions(6)) && !versions(6).implies(&versions(5)));
    assert!(!time(1).implies(&versions(100)) && !versions(1).implies(&time(100)));
    assert!(Guarantee::Linearizable.implies(&time(1)));
    assert!(Guarantee::Linearizable.implies(&versions(1)));
}

#[test]
fn names_are_different_and_every_row_says_everything() {
    for (place, row) in ROWS.iter().enumerate() {
        assert!(ROWS.iter().skip(place + 1).all(|other| !other.same_as(row)), "{}", row.name);
        assert!(row.obligation.ends_with('.') && row.obligation.matches(". ").count() == 0);
        assert!(!row.evidence.is_empty() && !row.price.is_empty() && !row.section.is_empty());
        assert_eq!(row.plain.is_none(), row.parameter != Parameter::None, "{}", row.name);
    }
}

/// I2, and that the table and the kinds say the same of each other.
#[test]
fn a_served_row_has_evidence_that_is_verified_and_carries_it() {
    for (row, guarantee) in ROWS.iter().zip(all()).filter(|(row, _)| row.served_now) {
        let carries = |kind: &&Kind| kind.achieves().is_some_and(|a| a.implies(&guarantee));
        assert!(row.evidence.iter().any(|kind| carries(&kind)), "{}", row.name);
        let verified = row.evidence.iter().filter(|kind| kind.is_verified());
        assert!(verified.clone().all(|kind| carries(&kind)), "{}", row.name);
    }
    for kind in Kind::ALL {
        assert!(ROWS.iter().any(|row| row.evidence.contains(&kind)), "{} carries", kind.name());
        assert_eq!(Kind::from_byte(kind as u8), Some(kind));
        if let Some(achieved) = kind.achieves() {
            assert!(achieved.row().evidence.contains(&kind) && achieved.row().served_now);
        }
    }
}

#[test]
fn texts_read_back_and_print_canonically() {
    for guarantee in all() {
        assert_eq!(guarantee.to_string().parse(), Ok(guarantee));
    }
    for (text, canonical) in [
        ("bounded-staleness=2000ms", "bounded-staleness=2s"),
        ("bounded-staleness=1500us", "bounded-staleness=1500us"),
        ("bounded-staleness=1000000ns", "bounded-staleness=1ms"),
        ("bounded-staleness=7ns", "bounded-staleness=7ns"),
        ("bounded-staleness=05v", "bounded-staleness=5v"),
    ] {
        assert_eq!(text.parse::<Guarantee>().unwrap().to_string(), canonical);
    }
}

//= §1.3.1 per-request-guarantee test
#[test]
fn an_unknown_guarantee_is_the_callers_error_with_the_nearest_name() {
    for (text, hint) in [
        ("linearisable", "did you mean `linearizable`?"),
        ("Linearizable", "did you mean `linearizable`?"),
        ("read_your_writes", "did you mean `read-your-writes`?"),
        ("bounded-staleness", "name its bound"),
        ("bounded-staleness=", "write `bounded-staleness=2s`"),
        ("bounded-staleness=0s", "write `bounded-staleness=2s`"),
        ("bounded-staleness=-1s", "write `bounded-staleness=2s`"),
        ("bounded-staleness=99999999999s", "write `bounded-staleness=2s`"),
        ("bounded-staleness=2 s", "write `bounded-staleness=2s`"),
        ("bounded", "name its bound"),
        ("causal", "did you mean `causal-plus`?"),
        ("strong", "did you mean `linearizable`?"),
        ("strict", "did you mean `strict-serializable`?"),
        ("SI", "did you mean `snapshot-isolation`?"),
        ("xyzzy", "eventual; `avouch guarantees` lists all 17"),
        ("", "served now: linearizable"),
    ] {
        let error = text.parse::<Guarantee>().unwrap_err();
        assert_eq!(error.blame, Blame::Caller, "{text}");
        assert!(error.hint.contains(hint), "{text}: {error}");
    }
    let error = "eventual=3".parse::<Guarantee>().unwrap_err();
    assert!(error.expected.contains("without a bound"), "{error}");
    let long = "x".repeat(100_000).parse::<Guarantee>().unwrap_err();
    assert!(long.to_string().len() < 1_000, "{}", long.to_string().len());
}

#[test]
fn what_is_not_served_is_refused_and_the_refusal_names_what_is() {
    for guarantee in all() {
        let served = guarantee.require_served();
        assert_eq!(served.is_ok(), guarantee.row().served_now, "{guarantee}");
        if let Err(error) = served {
            for name in ["linearizable", "consistent-prefix", "eventual", "write", "read-index"] {
                assert!(error.hint.contains(name), "{error}");
            }
        }
    }
    assert_eq!(
        served_text(),
        "linearizable (evidence: write, read-index); \
         bounded-staleness=TIME (evidence: read-index, staleness-by-time); \
         consistent-prefix (evidence: consistent-prefix, write, read-index); \
         eventual (evidence: eventual, consistent-prefix, write, read-index)"
    );
}

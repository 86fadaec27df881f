//! Consensus by a rotating coordinator, explored exhaustively with an adversary for a detector,
//! and its planted bugs, each killed there.

use avouch_agreement::Killer;
use avouch_agreement::rotating::Mutant;
use avouch_agreement::rotating::explore::{Scope, three};

fn holds(scope: Scope) {
    let report = three(scope, None).run();
    println!("{report}");
    report.verdict().unwrap();
    assert!(report.exhausted, "not all states were explored");
}

#[test]
//= §1.2.2 eventually strong failure detector; Chandra-Toueg consensus on it test
fn three_nodes_agree_whatever_they_suspect() {
    // In three rounds each node coordinates once.
    holds(Scope { proposals: [1, 2, 2], rounds: 3, ..Scope::SMALL });
}

#[test]
fn a_crash_and_a_word_said_again_change_nothing() {
    holds(Scope { crashes: 1, resends: 1, ..Scope::SMALL });
    holds(Scope { proposals: [1, 2, 3], resends: 2, ..Scope::SMALL });
}

const ONE_CRASH: Scope = Scope { crashes: 1, ..Scope::SMALL };

/// In which world each bug is killed: always by two values that are decided. n2 coordinates round 1
/// and n3 round 2; n1 and n2 propose 1, n3 proposes 2.
const KILLED: [(Mutant, Scope); 8] = [
    // 1 is decided with n1's yes; n3 hears of it from n1, and proposes 2.
    (Mutant::ProposeOwn, Scope::SMALL),
    // 1 is decided with n1's yes; n3 asks nobody and proposes 2.
    (Mutant::GatherBelowMajority, Scope::SMALL),
    // n2 decides 1 and n3 decides 2, each alone.
    (Mutant::DecideBelowMajority, Scope::SMALL),
    // n1 refuses, and n2 decides 1 all the same; n3 has never heard of it.
    (Mutant::CountRefusals, Scope::SMALL),
    // 1 is decided with n1's yes; what n1 tells n3 looks as old as n3's own proposal.
    (Mutant::ForgetStamp, Scope { proposals: [2, 1, 2], ..Scope::SMALL }),
    // 1 is decided with n1's yes; n1 tells n3 of its own proposal.
    (Mutant::AgreeWithoutAdopting, Scope { proposals: [2, 1, 2], ..Scope::SMALL }),
    // n1 refuses n2's proposal and tells n3 of its own; then it says yes to n2 after all.
    (Mutant::AdoptAfterRefusing, Scope::SMALL),
    // n1 says yes to 1, which is decided, comes back, and tells n3 of its own proposal.
    (Mutant::ComeBack, Scope { proposals: [2, 1, 2], ..ONE_CRASH }),
];

#[test]
fn every_bug_is_killed() {
    for mutant in Mutant::ALL {
        assert_eq!(mutant.killer(), Killer::Explorer);
        let listed = KILLED.iter().filter(|(bug, _)| bug == mutant).count();
        assert_eq!(listed, 1, "{mutant:?}");
    }
    for (mutant, scope) in KILLED {
        let report = three(scope, Some(mutant)).run();
        let violation = report.violation.expect("the planted bug survived");
        println!("{mutant:?}: {} after {} states\n{violation}", violation.detail, report.unique);
        assert_eq!(violation.detail, "two values are decided", "{mutant:?}: {violation}");
        holds(scope);
    }
}

//! Two-phase commit against the published numbers of its TLA+ specification, its mutants, and the
//! explorer's own habits (replay, determinism, symmetry) on a protocol that means something.

#[path = "../examples/two_phase_commit/model.rs"]
mod model;
#[path = "../examples/two_phase_commit/protocol.rs"]
mod protocol;

use avouch_machine::explorer::{Bounds, Snapshot, System};
use avouch_promise::NodeId;
use model::{faults, specification};
use protocol::{Mutant, Phase, TwoPhaseCommit};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

/// TLC, stateright and Spin agree on these for the specification `TwoPhase`.
const UNIQUE: [(u32, u64); 3] = [(3, 288), (5, 8_832), (7, 296_448)];

#[test]
fn as_many_states_as_the_specification() {
    for (participants, unique) in UNIQUE {
        let report = specification(participants, None).run();
        report.verdict().expect("two-phase commit is safe");
        assert!(report.exhausted, "{report}");
        assert_eq!(report.unique, unique, "{participants} participants\n{report}");
        assert_eq!(report.per_depth.iter().sum::<u64>(), unique);
        // The longest life: each vote cast and counted, the decision, each participant following.
        assert_eq!(report.depth, 3 * participants + 1);
    }
}

#[test]
fn laws_change_no_count() {
    let unchecked = specification(5, None).without_laws().run();
    assert_eq!(unchecked.unique, 8_832);
    assert!(unchecked.bounds.contains("laws not checked"));
}

#[test]
fn survives_crashes_and_duplicates() {
    let report = faults(2, None).run();
    report.verdict().expect("a durable vote is kept");
    assert!(report.exhausted);
    let taken = &report.taken;
    assert!(taken.lost_syncs > 0 && taken.duplicated > 0 && taken.starts > 0, "{report}");
}

#[test]
fn commit_without_all_votes_is_caught_in_two_steps() {
    let report = specification(7, Some(Mutant::CommitWithoutAll)).run();
    let violation = report.violation.clone().expect("a mutant");
    assert!(!report.exhausted);
    // The decision and one participant that follows it: nothing shorter is wrong.
    assert_eq!(violation.choices.len(), 1 + 2, "{violation}");
    let told = violation.to_string();
    assert!(told.contains("n1 timer Commit -> persist 1 Committed"), "{told}");
    assert!(told.contains("committed without a vote"), "{told}");
}

#[test]
fn a_vote_before_its_record_needs_a_crash_to_be_caught() {
    let mutant = Some(Mutant::VoteBeforeDurable);
    let report = faults(2, mutant).run();
    let violation = report.violation.clone().expect("a mutant");
    assert_eq!(violation.property, "all or nothing");
    assert!(violation.to_string().contains("n2 crashes, keeping up to 0 -> loses 1 records"));
    // With every crash taken away nothing is wrong: the crash is what was needed.
    let calm = faults(2, mutant).bounds(Bounds { duplicates: 1, ..Bounds::default() }).run();
    calm.verdict().expect("no crash, no loss");
    // Likewise with a disk that is part of the step.
    let immediate = faults(2, mutant).disk(avouch_machine::explorer::Sync::Immediate).run();
    immediate.verdict().expect("nothing is ever unsynced");
}

#[test]
fn a_violation_replays_and_a_mended_protocol_passes() {
    let mutant = faults(2, Some(Mutant::VoteBeforeDurable));
    let violation = mutant.run().violation.expect("a mutant");
    let story = mutant.replay(&violation.choices).expect("its own choices");
    assert_eq!(story.lines, violation.story);
    assert_eq!(story.violated, Some((violation.property.clone(), violation.detail.clone())));
    let short = mutant.replay(&violation.choices[..violation.choices.len() - 1]);
    assert_eq!(short.expect("a prefix").violated, None);
    let error = mutant.replay(&[0, 99]).expect_err("no such step");
    assert!(error.to_string().contains("expected step 1 to be one of 0.."), "{error}");
    assert!(mutant.replay(&[]).is_err());
}

#[test]
fn two_runs_report_the_same() {
    assert_eq!(faults(2, None).run(), faults(2, None).run());
}

#[test]
fn bounds_stop_and_say_so() {
    let bounds = Bounds { depth: 4, ..Bounds::default() };
    let report = specification(3, None).bounds(bounds).run();
    let full = specification(3, None).run();
    assert!(!report.exhausted);
    assert_eq!(report.per_depth, full.per_depth[..5]);
    assert_eq!(report.cut, [("depth or states".to_owned(), full.per_depth[4])]);
    assert!(report.verdict().expect_err("a goal is not reached").contains("everyone committed"));

    let bounds = Bounds { states: 100, ..Bounds::default() };
    let report = specification(3, None).bounds(bounds).run();
    assert!(!report.exhausted && report.unique >= 100 && report.unique < 288, "{report}");

    let few = specification(3, None).within("at most one vote", |system| {
        system.nodes().skip(1).filter(|node| !node.disk.records.is_empty()).count() <= 1
    });
    let report = few.run();
    assert!(report.exhausted && report.unique < 288, "{report}");
    assert_eq!(report.cut[0].0, "at most one vote");
}

/// Participants are alike: puts them in one order and renames them everywhere.
fn sort_participants(snapshot: &mut Snapshot<TwoPhaseCommit, ()>) {
    let votes = snapshot.nodes[0].state.as_ref().map(|state| state.votes.clone());
    let votes = votes.unwrap_or_default();
    let said = |snapshot: &Snapshot<TwoPhaseCommit, ()>, id: NodeId| {
        let concern = snapshot.messages.iter().filter(|each| each.from == id || each.to == id);
        let mut messages: Vec<_> = concern.map(|each| (each.from == id, each.message)).collect();
        messages.sort_unstable();
        messages
    };
    let mut order: Vec<_> = snapshot.nodes[1..]
        .iter()
        .map(|node| {
            let mut anonymous = DefaultHasher::new();
            (&node.state, &node.disk, &node.timers).hash(&mut anonymous);
            let counted = votes.contains(&node.id);
            ((anonymous.finish(), counted, said(snapshot, node.id)), node.id)
        })
        .collect();
    order.sort();
    let renamed = |id: NodeId| match order.iter().position(|(_, old)| *old == id) {
        Some(at) => NodeId(at as u32 + 2),
        None => id,
    };
    let old = snapshot.nodes.clone();
    for (node, (_, from)) in snapshot.nodes[1..].iter_mut().zip(&order) {
        node.clone_from(&old[from.0 as usize - 1]);
    }
    if let Some(state) = &mut snapshot.nodes[0].state {
        state.votes = votes.into_iter().map(renamed).collect();
    }
    for each in &mut snapshot.messages {
        (each.from, each.to) = (renamed(each.from), renamed(each.to));
    }
}

#[test]
fn symmetry_leaves_one_state_of_each_orbit() {
    // A participant's part of a state is one of a few kinds, and the coordinator's part is
    // symmetric, so orbits are counted by multisets of kinds; here by brute force instead.
    let orbits = Rc::new(RefCell::new(BTreeSet::new()));
    let collected = Rc::clone(&orbits);
    let all = specification(4, None).invariant("collect", move |system| {
        let mut parts: Vec<_> = system
            .nodes()
            .skip(1)
            .map(|node| (node.state.as_ref().map(|state| state.phase), part(system, node.id)))
            .collect();
        parts.sort();
        collected.borrow_mut().insert((system.state(NodeId(1)).map(|state| state.phase), parts));
        true
    });
    let all = all.run();
    let sorted = specification(4, None).canonical(sort_participants).run();
    sorted.verdict().expect("safe up to symmetry");
    assert_eq!(sorted.unique, orbits.borrow().len() as u64, "{sorted}");
    assert!(sorted.unique * 5 < all.unique, "{} of {}", sorted.unique, all.unique);
    let broken = specification(4, Some(Mutant::CommitWithoutAll)).canonical(sort_participants);
    let violation = broken.run().violation.expect("a mutant");
    assert_eq!(broken.replay(&violation.choices).expect("replays").lines, violation.story);
}

/// Whether a participant's vote was cast and counted: all else follows from the phases.
fn part(system: &System<'_, TwoPhaseCommit>, id: NodeId) -> (bool, bool) {
    let cast = system.messages().any(|each| each.from == id);
    let counted = system.state(NodeId(1)).is_some_and(|state| state.votes.contains(&id));
    (cast, counted)
}

#[test]
fn phases_only_advance_in_every_reached_state() {
    let report = faults(2, None)
        .invariant("records tell a life", |system| {
            system.nodes().all(|node| {
                let phases: Vec<Phase> = node.disk.records.iter().map(|(_, each)| *each).collect();
                phases.windows(2).all(|pair| pair[0] == Phase::Prepared && pair[1] > pair[0])
            })
        })
        .run();
    report.verdict().expect("a node decides once");
}

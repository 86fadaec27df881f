//! Every planted bug is noticed by a story or a property; without a bug nothing is noticed.

use super::moments::the_past_outlives_a_compaction;
use super::properties::projections_tell_histories_apart;
use super::story::{STORIES, tell};
use crate::mutant::{Mutant, plant};

/// Whether anything differs from how it should be, and where.
fn noticed() -> Option<&'static str> {
    let told = |story: &'static str| std::panic::catch_unwind(|| tell(story)).ok();
    let story = STORIES.iter().find(|(_, story)| told(story).as_deref() != Some(*story));
    story
        .map(|(name, _)| *name)
        .or_else(|| (!projections_tell_histories_apart()).then_some("projection"))
        .or_else(|| (!the_past_outlives_a_compaction()).then_some("moments"))
}

#[test]
fn every_planted_bug_is_noticed() {
    assert_eq!(noticed(), None);
    for mutant in Mutant::ALL {
        plant(Some(*mutant));
        let by = noticed();
        plant(None);
        println!("{mutant:?} noticed by {by:?}");
        assert!(by.is_some(), "{mutant:?} is not noticed");
    }
}

//! What the judge must know of an action and its outcome beyond running it.

use avouch_promise::history::{Action, Outcome};

/// Whether an action changes no state whatever.
pub fn only_reads(action: &Action) -> bool {
    match action {
        Action::Get { .. } | Action::Range { .. } => true,
        Action::Transaction { then, otherwise, .. } => then.iter().chain(otherwise).all(only_reads),
        _ => false,
    }
}

/// Whether this outcome says that the action changed nothing, whatever the state was.
pub fn changed_nothing(action: &Action, outcome: &Outcome) -> bool {
    match (action, outcome) {
        (Action::CompareAndSwap { .. }, Outcome::Swapped(false))
        | (Action::Delete { .. } | Action::DeleteRange { .. }, Outcome::Deleted(0)) => true,
        (
            Action::Transaction { then, otherwise, .. },
            Outcome::Transaction { succeeded, outcomes },
        ) => {
            let branch = if *succeeded { then } else { otherwise };
            branch.len() == outcomes.len()
                && branch.iter().zip(outcomes).all(|(action, own)| changed_nothing(action, own))
        }
        _ => only_reads(action),
    }
}

/// Whether a history may have recorded the outcome `own` as `seen`: a bare "done" stands for the
/// outcome of any deletion.
pub(super) fn is_recorded_as(own: &Outcome, seen: &Outcome) -> bool {
    match (own, seen) {
        (Outcome::Deleted(_), Outcome::Done) => true,
        (
            Outcome::Transaction { succeeded, outcomes },
            Outcome::Transaction { succeeded: seen_succeeded, outcomes: seen_outcomes },
        ) => {
            succeeded == seen_succeeded
                && outcomes.len() == seen_outcomes.len()
                && outcomes.iter().zip(seen_outcomes).all(|(own, seen)| is_recorded_as(own, seen))
        }
        _ => own == seen,
    }
}

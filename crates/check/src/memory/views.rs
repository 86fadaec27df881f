//! Deciding the models that are questions of views: one for each session, or one for all.

use super::closure::{Closed, Closure, Rule};
use super::model::Model;
use super::mutant::Mutant;
use super::registers::{Registers, Source};
use super::view::View;
use super::{order, verify};
use crate::limits::{Budget, Exhausted};
use std::collections::BTreeSet;

/// What was found of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It holds; orders show it, which were checked again apart, unless there were too many.
    Holds {
        /// The one order, where one serves all.
        order: Vec<u32>,
        checked: bool,
    },
    /// These operations break it.
    Violated(BTreeSet<u32>),
    /// It cannot be decided, for this reason.
    Open(String),
    /// The judge found what its verifier does not accept.
    Fault,
}

/// What nobody wrote and somebody read.
pub(super) fn nowhere(from: &Registers) -> Option<Found> {
    let of = |one: &super::registers::Operation| one.read == Some(Source::Nowhere);
    let read = from.operations.iter().position(of)?;
    Some(Found::Violated([read as u32].into()))
}

/// Whether a model has one view for each session, or one for all.
fn is_by_session(model: Model) -> bool {
    !matches!(model, Model::Causal | Model::CausalConvergence)
}

//= §2.1.2 read-your-writes, monotonic-reads, monotonic-writes, writes-follow-reads
/// Decides a model.
pub(super) fn decide(
    from: &Registers,
    model: Model,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Found, Exhausted> {
    if let Some(found) = nowhere(from) {
        return Ok(found);
    }
    let sessions: Vec<Option<u64>> = if is_by_session(model) {
        from.readers().into_iter().map(Some).collect()
    } else {
        vec![None]
    };
    let mut holds = Found::Holds { order: Vec::new(), checked: true };
    for session in sessions {
        let view = View::new(from, model, session, mutant);
        let (sorted, forced) = match Closure::new(&view).run(Rule::of(model), budget, mutant)? {
            Closed::Cyclic(operations) => return Ok(Found::Violated(operations)),
            Closed::Open(sorted, forced) => (sorted, forced),
        };
        let order = order::of(from, &view, model, session, &sorted, &forced);
        let accepted = if is_by_session(model) {
            Some(verify::accepts_view(from, model, session, &order))
        } else {
            verify::accepts_arbitration(from, model, &order)
        };
        match accepted {
            Some(false) => return Ok(Found::Fault),
            accepted if !is_by_session(model) => {
                holds = Found::Holds { order, checked: accepted.is_some() };
            }
            _ => {}
        }
    }
    Ok(holds)
}

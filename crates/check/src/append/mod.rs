//! Transactions that append to lists and read them whole: a read shows every version before it, so
//! the order of versions is there to be read (Kingsbury and Alvaro, "Elle", VLDB 2020).
//!
//! ```text
//! file -> history (what was appended, and how much of each longest list every read saw)
//!      -> versions (who installed which), flaws (what no order can mend)
//!      -> edges (ww, wr, rw, process, real time) -> dependency: a verdict on each level
//! ```

mod ancestry;
mod builder;
mod edges;
mod evidence;
mod flaws;
mod history;
mod mutant;
mod replay;
mod unseen;
mod versions;
mod ways;

#[cfg(test)]
mod exhaustive;
#[cfg(test)]
mod proscribed;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_ways;
#[cfg(test)]
mod visible;

use crate::dependency::{self, Inferred};
use crate::limits::{Budget, Exhausted, Limits};
use crate::report::{Finding, Report};
use crate::transaction::Level;

pub use builder::Builder;
pub use history::Appends;

pub(crate) use builder::Misfit;
pub(crate) use history::Act;
use mutant::Mutant;
#[cfg(test)]
pub(crate) use tests::at_random;
use versions::Versions;

/// Judges a history: by one level, or by all of them.
pub fn judge(history: &Appends, asked: Option<Level>, limits: &Limits) -> Report {
    let mut budget = Budget::new(*limits);
    let findings = match infer(history, &mut budget, Mutant::None) {
        Ok(inferred) => dependency::judge(history, &inferred, asked, &mut budget),
        Err(met) => {
            let reason = met.to_string();
            let level = asked.unwrap_or(Level::StrictSerializable);
            vec![(level, Finding::Unknown { reason, story: None })]
        }
    };
    let about = (history.format, history.operations.len(), history.notes.clone());
    dependency::report(&history.frames, findings, asked, about, &budget)
}

/// What a history says of the order of its transactions.
fn infer(history: &Appends, budget: &mut Budget, mutant: Mutant) -> Result<Inferred, Exhausted> {
    let size = history.operations.len() * 40 + history.frames.all().len() * 120;
    budget.step(size)?;
    let versions = Versions::find(history, mutant);
    let flaws = flaws::find(history, &versions, mutant);
    Ok(edges::infer(history, versions, flaws, mutant))
}

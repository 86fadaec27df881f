//! A report looked at again by somebody else: does the history say what its witnesses say it does?
//!
//! ```text
//!   report (JSON) -> what it claims (claim)  -> each operation, edge, fact and fault, asked of
//!   history       -> as it was read (view)      the history (edge, proof, fault, calls)
//!                                            -> and whether the level forbids that (rule)
//! ```
//!
//! Nothing here is inferred and nothing of the judge is used: neither its graphs nor its own
//! verifiers. What the report names is looked up, and a witness may lean on no operation that it
//! does not show. What is shared is the reader of histories, the names of levels, and which
//! implies which.
//!
//! A claim is `confirmed`, `refuted` (with what does not hold), or `open`: the report does not
//! carry enough to look.

mod claim;
mod edge;
mod fault;
mod order;
mod proof;
mod rule;
mod told;
mod view;

#[cfg(test)]
mod tests;

pub use claim::{Reported, read};
pub use told::{Of, Rechecked, Said};

use crate::input::Input;
use crate::transaction::Level;
use claim::{Part, Witness};
use view::View;

/// What is left of a claim: nothing to say against it, or what does not hold.
type Held = Result<(), String>;

impl Reported {
    /// Looks at every guarantee of the report again.
    pub fn recheck(&self, input: &Input) -> Rechecked {
        let view = View::of(input);
        let mut parts: Vec<told::Part> = self
            .guarantees
            .iter()
            .map(|part| told::Part {
                guarantee: part.guarantee.clone(),
                verdict: part.verdict.clone(),
                said: match view {
                    Some(view) => of_part(view, part),
                    None => vec![Said::open("histories of this kind are not looked at again yet")],
                },
            })
            .collect();
        for (at, part) in self.guarantees.iter().enumerate() {
            if let Some(weaker) = part.witness.as_ref().and_then(|of| of.weaker.as_ref()) {
                parts[at].said = vec![of_weaker(&part.guarantee, weaker, &parts)];
            }
        }
        for at in 0..parts.len() {
            if parts[at].verdict == "holds"
                && parts[at].of() == Of::Open
                && let Some(said) = of_stronger(&parts[at].guarantee, &parts)
            {
                parts[at].said = vec![said];
            }
        }
        Rechecked { parts }
    }
}

/// A violation that follows from that of another guarantee of the same report.
fn of_weaker(guarantee: &str, weaker: &str, parts: &[told::Part]) -> Said {
    let (Ok(stronger), Ok(level)) = (level_of(guarantee), level_of(weaker)) else {
        return Said::open(format!("whether {guarantee} implies {weaker} is not known here"));
    };
    if stronger == level || !stronger.implies(level) {
        return Said::refuted(format!("{guarantee} does not imply {weaker}"));
    }
    let of_level = |part: &&told::Part| level_of(&part.guarantee) == Ok(level);
    match parts.iter().find(of_level) {
        Some(part) if part.verdict == "violated" => match part.of() {
            Of::Confirmed => Said::confirmed(format!("it implies {weaker}, confirmed above")),
            Of::Refuted => Said::refuted(format!("it implies {weaker}, refuted here")),
            Of::Open => Said::open(format!("it implies {weaker}, which is open here")),
        },
        Some(part) => Said::refuted(format!("it implies {weaker}, which {} here", part.verdict)),
        None => Said::open(format!("it implies {weaker}, of which the report tells nothing")),
    }
}

/// The level that a guarantee names.
fn level_of(guarantee: &str) -> Result<Level, ()> {
    guarantee.split(' ').next().unwrap_or_default().parse().map_err(|_| ())
}

fn of_part(view: View<'_>, part: &Part) -> Vec<Said> {
    match (part.verdict.as_str(), &part.witness, &part.order) {
        ("violated", Some(witness), _) => of_witness(view, part, witness),
        ("violated", None, _) => vec![Said::refuted("violated, and no witness of it")],
        ("holds", _, Some(order)) => vec![of_order(view, part, order)],
        ("holds", _, None) => vec![Said::open(NO_ORDER)],
        ("unknown", ..) => vec![Said::open("unknown claims nothing")],
        (other, ..) => vec![Said::refuted(format!("`{other}` is no verdict"))],
    }
}

/// What is said of what holds without an order.
const NO_ORDER: &str = "the report carries no order that shows it";

fn of_order(view: View<'_>, part: &Part, order: &[usize]) -> Said {
    let Ok(level) = level_of(&part.guarantee) else {
        return Said::open(format!("`{}` is no level known here", part.guarantee));
    };
    let count = order.len();
    match order::check(view, level, order) {
        Ok(by) if by == level => Said::confirmed(format!("an order of {count} transactions")),
        Ok(by) => Said::confirmed(format!("an order of {count} transactions, as of {by}")),
        Err((why, true)) => Said::refuted(format!("an order of {count} transactions: {why}")),
        Err((why, false)) => Said::open(format!(
            "an order of {count} transactions: how it shows {level} is not known here, and as one \
             of a stronger level: {why}"
        )),
    }
}

/// What holds without an order of its own follows from what implies it and is confirmed.
fn of_stronger(guarantee: &str, parts: &[told::Part]) -> Option<Said> {
    let level = level_of(guarantee).ok()?;
    let stronger = parts.iter().find(|part| {
        part.verdict == "holds"
            && part.of() == Of::Confirmed
            && level_of(&part.guarantee).is_ok_and(|one| one != level && one.implies(level))
    })?;
    Some(Said::confirmed(format!("{} implies it, confirmed here", stronger.guarantee)))
}

/// Whether what forbids a cycle is not written down here.
fn is_unknown(view: View<'_>, level: Level) -> bool {
    let own = matches!(level, Level::UpdateAtomic | Level::CursorStability);
    own && matches!(view, View::Registers(_))
}

fn of_witness(view: View<'_>, part: &Part, witness: &Witness) -> Vec<Said> {
    let Ok(level) = level_of(&part.guarantee) else {
        return vec![Said::open(format!("`{}` is no level known here", part.guarantee))];
    };
    let mut said = Vec::new();
    for operation in &witness.operations {
        if let Err(why) = view.is_shown_rightly(operation) {
            said.push(Said::refuted(why));
        }
    }
    let shown: Vec<usize> = witness.operations.iter().map(|one| one.place).collect();
    let of_it = if let Some(fault) = &witness.fault {
        vec![Said::of(fault::tell(fault), fault::check(view, &shown, level, &witness.title, fault))]
    } else if is_unknown(view, level) {
        vec![Said::open(format!(
            "how a cycle shows that registers break {level} is not known here"
        ))]
    } else if witness.cycle.is_empty() && witness.cases.is_empty() {
        vec![Said::open("the witness carries neither a cycle nor a fault")]
    } else {
        proof::check(view, &shown, level, witness)
    };
    said.extend(of_it);
    said
}

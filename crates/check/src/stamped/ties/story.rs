//! Reads that no order of equal stamps serves, as a short story: who has one stamp, and what each
//! order of them does not serve.

use super::{Checked, Tried, Unserved};
use crate::report::Story;
use crate::stamped::follow::Content;
use crate::stamped::history::{Access, Stamped};
use crate::stamped::story::{content, line, steps, value};
use std::collections::{BTreeMap, BTreeSet};

/// So many transactions are shown.
const SHOWN: usize = 12;

/// Tells it of a level.
pub(in crate::stamped) fn tell(
    history: &Stamped,
    level: &str,
    unserved: &Unserved,
    checked: &Checked,
) -> Story {
    let all = history.transactions();
    let keys: BTreeSet<u32> =
        unserved.reads.iter().map(|(place, step)| all[*place].steps[*step].key).collect();
    let mut shown: BTreeSet<usize> = unserved.reads.iter().map(|(place, _)| *place).collect();
    let mut conclusion = Vec::new();
    let name = |place: usize| format!("T{}", all[place].who.name);
    let names =
        |places: &[usize]| places.iter().map(|place| name(*place)).collect::<Vec<_>>().join(", ");
    let (orders, told) = match checked {
        Checked::Refused(orders, told) => (Some(*orders), &told[..]),
        Checked::TooMany | Checked::Served => (None, &[][..]),
    };
    let open: BTreeSet<usize> = told.iter().flat_map(|tried| tried.order.iter().copied()).collect();
    let mut stamps: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for place in open {
        stamps.entry(all[place].who.rank()).or_default().push(place);
    }
    for ((stamp, _), places) in &stamps {
        conclusion.push(format!("{} commit at {stamp}: their order is open", names(places)));
        shown.extend(places);
    }
    for Tried { order, read: (place, step), found } in told {
        let read = &all[*place].steps[*step];
        let got = match &read.access {
            Access::ReadList(list) => content(&Content::List(list.to_vec())),
            Access::Read(read) => value(*read),
            Access::Write(_) | Access::Append(_) => String::new(),
        };
        conclusion.push(format!(
            "as {}: {} finds {} in {}, and read {got}",
            names(order),
            name(*place),
            content(found),
            history.key(read.key)
        ));
    }
    conclusion.push(match orders {
        Some(orders) if orders > told.len() => {
            format!("none of their {orders} orders serves these reads: each was tried again apart")
        }
        Some(_) => "no other order is left: each was tried again apart".to_owned(),
        None => "no order of equal stamps serves these reads; there are too many to try them all \
                 again apart"
            .to_owned(),
    });
    if shown.len() > SHOWN {
        conclusion.push(format!("{SHOWN} of {} transactions are shown", shown.len()));
    }
    let key = (keys.len() == 1).then(|| keys.first().copied()).flatten();
    let lines = shown.iter().take(SHOWN).map(|place| {
        let one = &all[*place];
        line(history, level, &one.who, Some(steps(history, one, key)))
    });
    let lines = lines.collect();
    let title = "TIES: no order of those with equal stamps serves every read".to_owned();
    Story { title, lines, conclusion, minimal: unserved.minimal, ..Story::default() }
}

//! Read uncommitted (Adya's PL-1) of registers, with sessions or in real time.
//!
//! It forbids cycles of ww edges (G0), with those of sessions or of real time where the level's
//! name says so. Registers show no order of versions: any one order of all transactions that keeps
//! to sessions and times is one without such a cycle, and there is always one. So nothing is left
//! to ask but that somebody wrote what was read, be it of what aborted.

use super::history::{Span, Transactions};
use super::level::Level;
use crate::report::Finding;

/// The finding on a history in which every read is of what somebody wrote; nothing where the level
/// asks for times and there are none.
pub(super) fn judge(history: &Transactions, level: Level) -> Option<Finding> {
    let spans = history.spans();
    if level == Level::StrongReadUncommitted && spans.is_none() {
        return None;
    }
    let mut order: Vec<usize> =
        (0..history.len()).filter(|one| history.is_committed(*one as u32)).collect();
    if let Some(spans) = spans {
        order.sort_by_key(|one| spans.get(*one).map(|span| span.began));
    }
    let keeps = match level {
        Level::ReadUncommitted => true,
        Level::StrongSessionReadUncommitted => keeps_sessions(history, &order),
        _ => spans.is_some_and(|spans| keeps_time(spans, &order)),
    };
    Some(if keeps { Finding::Holds { order, checked: true } } else { Finding::fault("an order") })
}

/// Whether each session's transactions come in its order.
fn keeps_sessions(history: &Transactions, order: &[usize]) -> bool {
    let mut last = vec![None; history.sessions().len()];
    order.iter().all(|one| {
        let session = history.transactions()[*one].session as usize;
        last[session].replace(*one).is_none_or(|before| before < *one)
    })
}

/// Whether nobody comes after one who began when it had ended.
fn keeps_time(spans: &[Span], order: &[usize]) -> bool {
    let mut earliest = Span::NEVER;
    order.iter().rev().all(|one| {
        let Some(span) = spans.get(*one) else { return false };
        let is_in_time = earliest >= span.began;
        earliest = earliest.min(span.ended);
        is_in_time
    })
}

#[cfg(test)]
mod tests {
    use super::{Span, keeps_time};

    #[test]
    fn an_order_against_real_time_is_refused() {
        let spans = [(0, 2), (1, 5), (3, 4)].map(|(began, ended)| Span { began, ended });
        for (order, keeps) in [(&[0, 1, 2][..], true), (&[1, 0, 2], true), (&[1, 2, 0], false)] {
            assert_eq!(keeps_time(&spans, order), keeps, "{order:?}");
        }
    }
}

//! Names a fault once it was found several times in a row, and takes the name back when it was not
//! found for a while.

use super::verdict::{Verdict, What};
use avouch_promise::Nanos;
use std::collections::BTreeMap;

/// How often reports are made and combined.
pub const PERIOD: Nanos = Nanos::from_millis(500);
/// Found so often in a row, a fault is named.
const CONFIRMED: u32 = 3;
/// Not found for so many times in a row, it is over.
const OVER: u32 = 10;

/// One fault's run of findings.
#[derive(Clone, Debug)]
struct Run {
    found: u32,
    missed: u32,
    verdict: Verdict,
    named: bool,
}

/// The faults that are found, and those that are named.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    runs: BTreeMap<What, Run>,
}

impl Watch {
    /// Takes in what was found now; what is named by that for the first time.
    pub fn take(&mut self, found: Vec<Verdict>) -> Vec<Verdict> {
        for run in self.runs.values_mut() {
            run.missed += 1;
        }
        let mut fresh = Vec::new();
        for verdict in found {
            let what = verdict.what.clone();
            let run = self.runs.entry(what).or_insert_with(|| Run {
                found: 0,
                missed: 1,
                verdict: verdict.clone(),
                named: false,
            });
            run.found = if run.missed > 1 && !run.named { 1 } else { run.found + 1 };
            (run.missed, run.verdict) = (0, verdict);
            if run.found >= CONFIRMED && !run.named {
                run.named = true;
                fresh.push(run.verdict.clone());
            }
        }
        self.runs.retain(|_, run| run.missed < OVER);
        fresh
    }

    /// What is named now.
    pub fn named(&self) -> impl Iterator<Item = &Verdict> {
        self.runs.values().filter(|run| run.named).map(|run| &run.verdict)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::NodeId;

    #[test]
    fn a_fault_is_named_once_after_three_findings_in_a_row() {
        let slow = || vec![Verdict { what: What::SlowNode(NodeId(1)), evidence: vec![] }];
        let mut watch = Watch::default();
        let pattern = [true, true, false, true, true, true, true];
        let named: Vec<_> =
            pattern.map(|found| watch.take(if found { slow() } else { vec![] }).len()).into();
        assert_eq!(named, [0, 0, 0, 0, 0, 1, 0]);
        (0..9).for_each(|_| assert!(watch.take(vec![]).is_empty()));
        assert_eq!(watch.named().count(), 1);
        watch.take(vec![]);
        assert_eq!(watch.named().count(), 0);
    }
}

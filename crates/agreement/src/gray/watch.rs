//! Names a fault once it was found several times with hardly a gap, and takes the name back when it
//! was not found for a while.
//!
//! A fault that comes and goes, as a process that stops now and then does, is found in most windows
//! and not in all: one miss between two findings is no sign that it is over, two are.

use super::verdict::{Verdict, What};
use avouch_promise::Nanos;
use std::collections::BTreeMap;

/// How often reports are made and combined.
pub const PERIOD: Nanos = Nanos::from_millis(500);
/// Found so often, a fault is named.
const CONFIRMED: u32 = 3;
/// Missed so many times in a row meanwhile, it is counted anew.
const ANEW: u32 = 2;
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
            // This turn was counted as missed, too.
            run.found = if run.missed > ANEW && !run.named { 1 } else { run.found + 1 };
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
    fn a_fault_is_named_once_after_three_findings_with_no_two_misses_between() {
        let slow = || vec![Verdict { what: What::SlowNode(NodeId(1)), evidence: vec![] }];
        let mut watch = Watch::default();
        let mut named = |pattern: &str| -> Vec<usize> {
            let found = pattern.chars().map(|at| if at == 'x' { slow() } else { vec![] });
            found.map(|found| watch.take(found).len()).collect()
        };
        assert_eq!(named("x.x..xx..xx.xxx"), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
        (0..9).for_each(|_| assert!(watch.take(vec![]).is_empty()));
        assert_eq!(watch.named().count(), 1);
        watch.take(vec![]);
        assert_eq!(watch.named().count(), 0);
    }
}

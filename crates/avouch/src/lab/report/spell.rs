//! Faults as a person reads them: what, whom, how strongly, from when until when. A fault and the
//! one that takes it back are one spell.

use crate::lab::run::Ran;
use crate::lab::scenario::{Scenario, words};
use avouch_promise::{Nanos, NodeId};
use avouch_world::{Fault, Script};

/// A fault while it lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spell {
    pub(super) from: Nanos,
    /// None for what happens in a moment.
    pub(super) until: Option<Nanos>,
    /// The fault's word.
    pub(super) word: &'static str,
    /// The nodes or links that it concerns.
    pub(super) whom: String,
    /// Its other members.
    pub(super) how: String,
}

impl Spell {
    /// The fault and whom it concerns.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.word, self.whom).trim_end().to_owned()
    }
}

/// A value of a scenario's file without the file's signs: `n1 n2 | n3`.
fn plain(value: &str) -> String {
    let parts = value.replace("], [", " | ");
    parts.chars().filter(|sign| !"[]\",".contains(*sign)).collect()
}

/// The fault in words: whom it concerns, and how.
pub(super) fn said(fault: &Fault) -> (&'static str, String, String) {
    let (word, members) = words::speak(fault);
    let (mut whom, mut how) = (Vec::new(), Vec::new());
    for (key, value) in members {
        let value = plain(&value);
        match key {
            "node" | "nodes" | "sides" | "from" => whom.push(value),
            "to" => whom.push(format!("to {value}")),
            "links" if value == "all" => whom.push("all links".to_owned()),
            "links" => whom.push(value.replace('*', "all")),
            "probability" => how.push(match value.parse::<f64>() {
                Ok(share) => format!("{:.0} %", share * 100.0),
                Err(_) => value,
            }),
            "factor" => how.push(format!("{value} times slower")),
            _ => how.push(format!("{key} {value}")),
        }
    }
    (word, whom.join(" "), how.join(", "))
}

/// The faults of a run in order, each up to what undoes it; `end` undoes all.
pub(super) fn spells(scenario: &Scenario, ran: &Ran) -> Vec<Spell> {
    of(&ran.script, scenario.duration.min(ran.ended))
}

fn of(script: &Script, end: Nanos) -> Vec<Spell> {
    let faults: Vec<_> = script.iter().collect();
    let mut spent = vec![false; faults.len()];
    let mut spells = Vec::new();
    for (place, (at, fault)) in faults.iter().enumerate() {
        if spent[place] {
            continue;
        }
        let mut next = |undo: &Fault| {
            let later = place + 1..faults.len();
            let found = later.into_iter().find(|other| !spent[*other] && faults[*other].1 == *undo);
            found.map(|other| {
                spent[other] = true;
                faults[other].0
            })
        };
        let until = match fault {
            Fault::Pause { duration, .. } | Fault::Clog { duration, .. } => {
                Some(at.plus(*duration).min(end))
            }
            Fault::Outage { nodes } => {
                let back = |node: &NodeId| next(&Fault::Restart { node: *node }).unwrap_or(end);
                nodes.iter().map(back).max()
            }
            Fault::Isolate { .. } => {
                let heals = |other: &&&(Nanos, Fault)| other.1 == Fault::Heal;
                Some(faults[place..].iter().find(heals).map_or(end, |heal| heal.0))
            }
            fault => words::undo(fault).map(|undo| next(&undo).unwrap_or(end)),
        };
        let (word, whom, how) = said(fault);
        spells.push(Spell { from: *at, until, word, whom, how });
    }
    spells
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_world::{Family, Nemesis};

    fn at(millis: u64) -> Nanos {
        Nanos::from_millis(millis)
    }

    #[test]
    fn a_fault_and_what_takes_it_back_are_one_spell() {
        let sides = vec![vec![NodeId(1), NodeId(4)], vec![NodeId(2)]];
        let nodes = vec![NodeId(1), NodeId(2)];
        let script = Script::new()
            .at(at(100), Fault::Partition { sides: sides.clone() })
            .at(at(200), Fault::Outage { nodes })
            .at(at(250), Fault::Pause { node: NodeId(3), duration: at(50) })
            .at(at(300), Fault::Restart { node: NodeId(1) })
            .at(at(400), Fault::Restart { node: NodeId(2) })
            .at(at(500), Fault::Rejoin { sides })
            .at(at(600), Fault::RotCheckpoint { node: NodeId(5) })
            .at(at(700), Fault::Crash { node: NodeId(2) });
        let told: Vec<_> = of(&script, at(1_000))
            .iter()
            .map(|spell| (spell.title(), spell.from, spell.until))
            .collect();
        let expected = [
            ("partition n1 n4 | n2", 100, Some(500)),
            ("outage n1 n2", 200, Some(400)),
            ("pause n3", 250, Some(300)),
            ("rot-checkpoint n5", 600, None),
            ("crash n2", 700, Some(1_000)),
        ];
        let expected = expected.map(|(t, from, until)| (t.to_owned(), at(from), until.map(at)));
        assert_eq!(told, expected);
    }

    /// Every family of faults, as drawn: no sign of the file's format is left.
    #[test]
    fn no_fault_is_told_in_brackets() {
        let mut seen = 0;
        for family in Family::ALL {
            let script = Nemesis::new(5, Nanos::from_secs(60)).rate(family, 0.5).script(1);
            for (_, fault) in script.iter() {
                let (word, whom, how) = said(fault);
                let text = format!("{word} {whom} {how}");
                assert!(!text.contains(['[', ']', '"', '*']), "{text}");
                seen += 1;
            }
        }
        assert!(seen > 100);
    }
}

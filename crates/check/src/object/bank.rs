//! A bank: transfers between accounts, and reads of all balances. Transfers keep the total, so that
//! every read adds up to the same one, whatever the order (Jepsen's `bank`).
//!
//! The total and the accounts are those of the first read that ended. Nobody goes below zero.

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part, push};
use crate::limits::Exhausted;
use crate::meter::{Meter, entry};
use avouch_promise::Error;
use avouch_promise::quantity::counted;
use std::collections::BTreeSet;

/// Accounts and their balances.
pub(super) type Balances = Vec<(Datum, Option<i64>)>;

/// The balances that a read saw: accounts by name, or by place.
pub(super) fn balances(one: &Operation) -> Option<Balances> {
    match one.answer().filter(|_| one.is("read"))? {
        Datum::Map(map) => {
            Some(map.iter().map(|(name, value)| (name.clone(), value.integer())).collect())
        }
        Datum::List(list) => {
            let named =
                list.iter().zip(0..).map(|(value, at)| (Datum::Integer(at), value.integer()));
            Some(named.collect())
        }
        _ => None,
    }
}

/// Refuses balances that are no numbers; one that is nothing is missing.
pub(super) fn check(all: &[Operation]) -> Result<(), Error> {
    for one in all.iter().filter(|one| one.is("read")) {
        let Some(answer) = one.answer().filter(|answer| **answer != Datum::Nil) else { continue };
        let is_balance = |value: &&Datum| **value == Datum::Nil || value.integer().is_some();
        let wrong = match answer {
            Datum::Map(map) => map.iter().map(|(_, value)| value).find(|one| !is_balance(one)),
            Datum::List(list) => list.iter().find(|one| !is_balance(one)),
            other => Some(other),
        };
        if let Some(wrong) = wrong {
            return Err(one.refused("a balance of each account", wrong, one.ended_line));
        }
    }
    Ok(())
}

/// What balances add up to; nothing if one is missing.
pub(super) fn total(balances: &[(Datum, Option<i64>)]) -> Option<i128> {
    balances.iter().try_fold(0, |sum, (_, balance)| Some(sum + i128::from((*balance)?)))
}

/// What is wrong of the reads.
#[derive(Default)]
struct Bank {
    reads: usize,
    accounts: usize,
    found: Vec<Anomaly>,
}

/// Judges a bank.
pub(super) fn judge(all: &[Operation], meter: &mut Meter<'_>, mutant: Mutant) -> Judged {
    let mut bank = Bank::default();
    // The bound that it may have met is asked of the meter.
    let _ = bank.look(all, meter, mutant);
    let Bank { reads, accounts, found } = bank;
    let notes = match (reads, meter.met()) {
        (0, None) => vec!["no balances were read".to_owned()],
        _ => vec![format!("{} of {}", counted(reads, "read"), counted(accounts, "account"))],
    };
    Judged { parts: vec![Part::new("bank", found, None, meter)], notes }
}

impl Bank {
    fn look(
        &mut self,
        all: &[Operation],
        meter: &mut Meter<'_>,
        mutant: Mutant,
    ) -> Result<(), Exhausted> {
        let mut reads: Vec<usize> = Vec::new();
        meter.pass("operations", all.len(), 0..10);
        for (place, one) in all.iter().enumerate() {
            meter.next()?;
            if matches!(one.answer(), Some(Datum::Map(_) | Datum::List(_))) && one.is("read") {
                meter.hold(size_of::<usize>());
                reads.push(place);
            }
        }
        reads.sort_by_key(|place| all[*place].ended);
        let Some(first) = reads.first().copied() else { return Ok(()) };
        let expected = balances(&all[first]).unwrap_or_default();
        let known: BTreeSet<&Datum> = expected.iter().map(|(account, _)| account).collect();
        meter.hold(expected.len() * (size_of::<(Datum, Option<i64>)>() + entry::<&Datum>()));
        self.accounts = expected.len();
        meter.pass("reads", reads.len(), 10..100);
        for place in reads {
            meter.next()?;
            let balances = balances(&all[place]).unwrap_or_default();
            meter.look(balances.len())?;
            self.reads += 1;
            for (account, balance) in &balances {
                if balance.is_none() {
                    let one = Anomaly::new(Kind::MissingBalance, &[place], &[account]);
                    push(&mut self.found, one, meter);
                } else if balance.is_some_and(|balance| balance < 0) {
                    let one = Anomaly::new(Kind::NegativeBalance, &[place], &[account]);
                    push(&mut self.found, one, meter);
                }
                if !known.contains(account) {
                    let both = [first, place];
                    let one = Anomaly::new(Kind::UnexpectedAccount, &both, &[account]);
                    push(&mut self.found, one, meter);
                }
            }
            if let (Some(right), Some(seen)) = (total(&expected), total(&balances))
                && right != seen
                && mutant != Mutant::ForgetTotal
            {
                let totals = [&Datum::number(right), &Datum::number(seen)];
                let one = Anomaly::new(Kind::WrongTotal, &[first, place], &totals);
                push(&mut self.found, one, meter);
            }
        }
        Ok(())
    }
}

//! A bank: transfers between accounts, and reads of all balances. Transfers keep the total, so that
//! every read adds up to the same one, whatever the order (Jepsen's `bank`).
//!
//! The total and the accounts are those of the first read that ended. Nobody goes below zero.

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part};
use avouch_promise::Error;

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

/// Judges a bank.
pub(super) fn judge(all: &[Operation], mutant: Mutant) -> Judged {
    let mut reads: Vec<(usize, Balances)> = Vec::new();
    for (place, one) in all.iter().enumerate() {
        reads.extend(balances(one).map(|balances| (place, balances)));
    }
    reads.sort_by_key(|(place, _)| all[*place].ended);
    let mut found = Vec::new();
    let Some((first, expected)) = reads.first() else {
        let notes = vec!["no balances were read".to_owned()];
        return Judged { parts: vec![Part::new("bank", found, None)], notes };
    };
    for (place, balances) in &reads {
        for (account, balance) in balances {
            if balance.is_none() {
                found.push(Anomaly::new(Kind::MissingBalance, &[*place], &[account]));
            } else if balance.is_some_and(|balance| balance < 0) {
                found.push(Anomaly::new(Kind::NegativeBalance, &[*place], &[account]));
            }
            if !expected.iter().any(|(other, _)| other == account) {
                found.push(Anomaly::new(Kind::UnexpectedAccount, &[*first, *place], &[account]));
            }
        }
        if let (Some(right), Some(seen)) = (total(expected), total(balances))
            && right != seen
            && mutant != Mutant::ForgetTotal
        {
            let totals = [&Datum::number(right), &Datum::number(seen)];
            found.push(Anomaly::new(Kind::WrongTotal, &[*first, *place], &totals));
        }
    }
    let notes = vec![format!("{} reads of {} accounts", reads.len(), expected.len())];
    Judged { parts: vec![Part::new("bank", found, None)], notes }
}

//! A bank: transfers between accounts, and reads of all balances. Transfers keep the total, so that
//! every read adds up to the same one, whatever the order (Jepsen's `bank`).
//!
//! The total and the accounts are those of the first read that ended. Nobody goes below zero.

use super::anomaly::{Anomaly, Kind};
use super::datum::Datum;
use super::history::Operation;
use super::mutant::Mutant;
use super::{Judged, Part};

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

/// What balances add up to.
pub(super) fn total(balances: &[(Datum, Option<i64>)]) -> Option<i64> {
    balances.iter().try_fold(0_i64, |sum, (_, balance)| sum.checked_add((*balance)?))
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
            let totals = [&Datum::Integer(right), &Datum::Integer(seen)];
            found.push(Anomaly::new(Kind::WrongTotal, &[*first, *place], &totals));
        }
    }
    let notes = vec![format!("{} reads of {} accounts", reads.len(), expected.len())];
    Judged { parts: vec![Part::new("bank", found, None)], notes }
}

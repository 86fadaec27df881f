//! Transactions: judge every comparison, check the steps that will be taken, take them.
//!
//! ```text
//! choose  --->  check puts  --->  check ranges  --->  take the steps, in order
//! (all comparisons, nested too,   (nothing is        (at one revision; later steps
//!  on the state before)            changed yet)       see earlier ones)
//! ```
//!
//! Invariant: I1, a transaction that is refused changed nothing.

use super::Store;
use super::write::Writing;
use crate::error::Error;
use crate::mutant::{Mutant, planted};
use crate::operation::{
    Compare, DeleteRangeRequest, Operand, PutRequest, RangeRequest, Relation, TxnOperation,
    TxnRequest,
};
use crate::response::{Response, TxnResponse};
use std::cmp::Ordering;

/// The branch that a transaction takes.
struct Branch<'a> {
    succeeded: bool,
    steps: Vec<Step<'a>>,
}

enum Step<'a> {
    Range(&'a RangeRequest),
    Put(&'a PutRequest),
    DeleteRange(&'a DeleteRangeRequest),
    Txn(&'a TxnRequest, Branch<'a>),
}

impl Store {
    /// Carries out a transaction that [`crate::Operation::check`] let through.
    pub fn txn(&mut self, request: &TxnRequest) -> Result<TxnResponse, Error> {
        let branch = Branch::choose(self, request);
        branch.each(&mut |step| match step {
            Step::Put(put) => self.check_put(put),
            _ => Ok(()),
        })?;
        branch.each(&mut |step| match step {
            Step::Range(range) => self.check_range(range),
            _ => Ok(()),
        })?;
        // Only a put that keeps an old value can fail after the checks: if a step before it
        // deleted the key.
        let mut keeps_old = false;
        let _: Result<(), Error> = branch.each(&mut |step| {
            keeps_old |= matches!(step, Step::Put(put) if put.ignore_value || put.ignore_lease);
            Ok(())
        });
        let before = keeps_old.then(|| self.clone());
        let mut writing = Writing::begin(self);
        match branch.take(&mut writing) {
            Ok(mut response) => {
                response.revision = writing.end();
                if planted(Mutant::ReadTakesRevision) && request.is_read_only() {
                    self.revision += 1;
                }
                Ok(response)
            }
            Err(error) => {
                if let Some(before) = before.filter(|_| !planted(Mutant::RefusalIsHalfDone)) {
                    *self = before;
                }
                Err(error)
            }
        }
    }

    fn check_put(&self, put: &PutRequest) -> Result<(), Error> {
        let exists = || self.select(&put.key, &[], self.revision).next().is_some();
        if (put.ignore_value || put.ignore_lease) && !exists() {
            return Err(Error::KeyNotFound);
        }
        check_lease(put)
    }

    /// Unlike a range by itself, one in a transaction may not ask for a revision below 0.
    fn check_range(&self, range: &RangeRequest) -> Result<(), Error> {
        match range.revision {
            0 => Ok(()),
            asked if asked > self.revision => Err(Error::FutureRevision),
            asked if asked < self.compacted => Err(Error::Compacted),
            asked => self.readable(asked, self.revision).map(drop),
        }
    }

    /// Whether a comparison holds.
    fn holds(&self, compare: &Compare) -> bool {
        let mut found = self.select(&compare.key, &compare.range_end, self.revision).peekable();
        if found.peek().is_none() {
            return match &compare.operand {
                Operand::Value(value) if planted(Mutant::MissingValueIsEmpty) => {
                    relation_holds(compare.relation, b"".as_slice().cmp(value))
                }
                Operand::Value(_) => false,
                Operand::Version(n) | Operand::Create(n) | Operand::Mod(n) | Operand::Lease(n) => {
                    relation_holds(compare.relation, 0.cmp(n))
                }
            };
        }
        let mut one = found.map(|(_, revision, written)| {
            let order = match &compare.operand {
                Operand::Version(version) => written.version.cmp(version),
                Operand::Create(create) => written.create_revision.cmp(create),
                Operand::Mod(last) => revision.main.cmp(last),
                Operand::Value(value) => written.value.cmp(value),
                Operand::Lease(lease) => written.lease.cmp(lease),
            };
            relation_holds(compare.relation, order)
        });
        if planted(Mutant::CompareAnyOfRange) {
            one.any(|holds| holds)
        } else {
            one.all(|holds| holds)
        }
    }
}

fn relation_holds(relation: Relation, order: Ordering) -> bool {
    match relation {
        Relation::Equal => order.is_eq(),
        Relation::NotEqual => order.is_ne(),
        Relation::Greater => order.is_gt(),
        Relation::Less => order.is_lt(),
    }
}

/// Until there are leases, none is found.
pub(super) fn check_lease(put: &PutRequest) -> Result<(), Error> {
    if put.lease == 0 { Ok(()) } else { Err(Error::LeaseNotFound) }
}

impl<'a> Branch<'a> {
    fn choose(store: &Store, request: &'a TxnRequest) -> Self {
        let succeeded = request.compare.iter().all(|compare| store.holds(compare));
        let chosen = if succeeded { &request.success } else { &request.failure };
        let step = |step: &'a TxnOperation| match step {
            TxnOperation::Nothing => None,
            TxnOperation::Range(range) => Some(Step::Range(range)),
            TxnOperation::Put(put) => Some(Step::Put(put)),
            TxnOperation::DeleteRange(delete) => Some(Step::DeleteRange(delete)),
            TxnOperation::Txn(nested) => Some(Step::Txn(nested, Self::choose(store, nested))),
        };
        Self { succeeded, steps: chosen.iter().filter_map(step).collect() }
    }

    /// Visits every step that will be taken, in order.
    fn each(&self, visit: &mut impl FnMut(&Step<'a>) -> Result<(), Error>) -> Result<(), Error> {
        self.steps.iter().try_for_each(|step| match step {
            Step::Txn(_, nested) => nested.each(visit),
            step => visit(step),
        })
    }

    fn take(&self, writing: &mut Writing<'_>) -> Result<TxnResponse, Error> {
        let responses = self.steps.iter().map(|step| {
            Ok(match step {
                Step::Range(range) => Response::Range(writing.range(range)?),
                Step::Put(put) => Response::Put(writing.put((*put).clone())?),
                Step::DeleteRange(delete) => Response::DeleteRange(writing.delete_range(delete)),
                Step::Txn(request, _) if planted(Mutant::NestedCompareSeesWrites) => {
                    let mut seen = writing.store().clone();
                    seen.revision += 1;
                    Response::Txn(Branch::choose(&seen, request).take(writing)?)
                }
                Step::Txn(_, nested) => Response::Txn(nested.take(writing)?),
            })
        });
        let responses = responses.collect::<Result<_, Error>>()?;
        Ok(TxnResponse { revision: 0, succeeded: self.succeeded, responses })
    }
}

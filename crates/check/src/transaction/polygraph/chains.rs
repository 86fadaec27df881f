//! Transactions in chains: each commits before the next of its chain reads.
//!
//! A chain is a session; where real time counts, transactions of which each had ended before the
//! next began, so that there are no more chains than ran at once. Where neither does, chains are
//! grown along reads, each transaction behind one from which it reads while that is the last of its
//! chain: where keys are read and written again, as most are, there are far fewer chains than
//! writers. Who writes nothing is in none, as nobody asks what it reaches by its commit.

use super::real_time;
use super::shape::Shape;
use crate::transaction::history::Transactions;
use crate::transaction::mutant::Mutant;
use crate::transaction::sources::{INITIAL, Sources};

/// No chain.
const NONE: (u32, u32) = (u32::MAX, 0);

/// The chains of a history.
#[derive(Clone, Debug)]
pub(super) struct Chains {
    /// Chain and place in it, by transaction; [`NONE`] for who is in none.
    at: Vec<(u32, u32)>,
    /// How many chains there are.
    pub(super) width: usize,
}

impl Chains {
    pub(super) fn new(
        history: &Transactions,
        sources: &Sources,
        shape: Shape,
        mutant: Mutant,
    ) -> Self {
        if shape.timed {
            let is_in = |one: u32| !sources.writes(one).is_empty();
            let (at, width) = real_time::chains(history, is_in, NONE, mutant);
            return Self { at, width };
        }
        if !shape.sessions {
            return Self::along_reads(history, sources);
        }
        let start = |session: u32| history.sessions()[session as usize].start;
        let all = (0..).zip(history.transactions());
        let at = all.map(|(number, one)| (one.session, number - start(one.session))).collect();
        Self { at, width: history.sessions().len() }
    }

    fn along_reads(history: &Transactions, sources: &Sources) -> Self {
        let count = history.len();
        let mut readers = vec![Vec::new(); count];
        let mut waits = vec![0_u32; count];
        for reader in 0..count as u32 {
            for read in sources.reads(reader).iter().filter(|read| read.from != INITIAL) {
                readers[read.from as usize].push(reader);
                waits[reader as usize] += 1;
            }
        }
        let mut ready: Vec<u32> =
            (0..count as u32).filter(|one| waits[*one as usize] == 0).collect();
        // Those that wait for each other are chains of one: no order exists for them anyway.
        let mut at = vec![NONE; count];
        let mut last: Vec<u32> = Vec::new();
        let mut done = 0;
        while let Some(next) = ready.get(done).copied() {
            done += 1;
            let of_last = |from: u32| {
                let (chain, place) = at.get(from as usize).copied().unwrap_or(NONE);
                (last.get(chain as usize) == Some(&from)).then_some((chain, place + 1))
            };
            let mut before = sources.reads(next).iter().filter_map(|read| of_last(read.from));
            let place = before.next().unwrap_or((last.len() as u32, 0));
            if !sources.writes(next).is_empty() {
                match last.get_mut(place.0 as usize) {
                    Some(last) => *last = next,
                    None => last.push(next),
                }
                at[next as usize] = place;
            }
            for reader in &readers[next as usize] {
                waits[*reader as usize] -= 1;
                if waits[*reader as usize] == 0 {
                    ready.push(*reader);
                }
            }
        }
        let mut width = last.len();
        let is_left = |one: &usize| at[*one] == NONE && !sources.writes(*one as u32).is_empty();
        for one in (0..count).filter(is_left).collect::<Vec<_>>() {
            at[one] = (width as u32, 0);
            width += 1;
        }
        Self { at, width }
    }

    /// How many transactions there are.
    pub(super) fn count(&self) -> u32 {
        self.at.len() as u32
    }

    /// Whether a transaction is in a chain.
    pub(super) fn has(&self, transaction: u32) -> bool {
        self.at[transaction as usize] != NONE
    }

    /// A transaction's chain and place in it.
    pub(super) fn at(&self, transaction: u32) -> (u32, u32) {
        self.at[transaction as usize]
    }
}

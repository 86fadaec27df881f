//! Escrow-based coalescing: processes that come and go share one entry of a vector, whose numbers
//! they draw in blocks.
//!
//! **What is held.** An account stands for a group of processes and has one entry in every stamp.
//! It hands out blocks of numbers, each number once, every block above all before. Until its
//! process settles it, a block is in escrow: the account does not know which of its numbers were
//! used. A process has one block at a time.
//!
//! **What is merged.** A process that has used up its block, or knows of numbers of its account
//! above it, settles: the account merges what the process knows, and hands on with the next block
//! all that it knows itself. Entries of processes that are gone are no more than the highest number
//! that they used.
//!
//! **What may be wrong.** A stamp says of an account only the highest number that it knows of. It
//! knows all events of the blocks that were settled when the block of that number was handed
//! out; of the blocks that were in escrow then, at most one for each other member, it may know less
//! than it says. (Settling is a message to the account and its answer one back: what they carry
//! has happened before.) So in a group of `g` members with blocks of `b` numbers at most
//! `(g - 1) b` events of each account look as if they had happened before a stamp that does not
//! know them: never the other way round. With one member in each account it is a vector clock;
//! with blocks of one number every event asks the account.
//!
//! No published algorithm goes by this name; the rule that a number is above all that its process
//! knows of its account is Lamport's, account by account, and the blocks are O'Neil's escrow
//! ("The escrow transactional method", TODS 1986), with numbers for money.

//= §3.2.2 escrow-based coalescing

use super::vector::VectorStamp;
use super::{Errs, LogicalClock, Relation};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A bug that a test plants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mutant {
    /// No bug.
    #[default]
    None,
    /// A block comes without what the account knows.
    GrantNothing,
    /// Blocks are twice as large as was said.
    TwiceTheBlock,
    /// A process goes on with its block although it knows of numbers above it.
    StayBelow,
}

/// What a group of processes shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    number: u32,
    block: u64,
    next: u64,
    known: VectorStamp,
    mutant: Mutant,
}

impl Account {
    /// An account with a number among all accounts, which hands out blocks of so many numbers; one
    /// at least.
    pub fn new(number: u32, block: u64) -> Arc<Mutex<Self>> {
        Self::with(number, block, Mutant::None)
    }

    pub(super) fn with(number: u32, block: u64, mutant: Mutant) -> Arc<Mutex<Self>> {
        let (block, known) = (block.max(1), VectorStamp::default());
        Arc::new(Mutex::new(Self { number, block, next: 1, known, mutant }))
    }

    /// Takes in what a process knows that has done with its block, and hands it the next.
    fn settle(&mut self, known: &mut VectorStamp) -> std::ops::Range<u64> {
        self.known.merge(known);
        if self.mutant != Mutant::GrantNothing {
            known.merge(&self.known);
        }
        let first = self.next;
        self.next += if self.mutant == Mutant::TwiceTheBlock { self.block * 2 } else { self.block };
        first..self.next
    }
}

/// What is known of each account: the highest number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CoalescedStamp {
    known: VectorStamp,
    /// The event's own number.
    own: (u32, u64),
}

/// A process's clock.
#[derive(Clone, Debug)]
pub struct Coalesced {
    account: Arc<Mutex<Account>>,
    number: u32,
    block: std::ops::Range<u64>,
    known: VectorStamp,
    mutant: Mutant,
}

impl Coalesced {
    /// The clock of a new process of an account.
    pub fn new(account: &Arc<Mutex<Account>>) -> Self {
        let (account, known) = (Arc::clone(account), VectorStamp::default());
        let (number, mutant) = {
            let held = locked(&account);
            (held.number, held.mutant)
        };
        Self { account, number, block: 0..0, known, mutant }
    }

    /// Takes in what a message says, before the event of its arrival.
    pub fn hear(&mut self, stamp: &CoalescedStamp) {
        self.known.merge(&stamp.known);
    }

    /// Whether its next event has to ask the account, which is then heard of, too.
    pub fn draws(&self) -> bool {
        let above = self.known.known(self.number) + 1;
        let is_below = self.mutant == Mutant::StayBelow;
        self.block.is_empty() || (!is_below && above >= self.block.end)
    }

    /// Gives back what is left of its block, with what it knows: it is gone.
    pub fn leave(mut self) {
        let mut known = std::mem::take(&mut self.known);
        let mut account = locked(&self.account);
        account.known.merge(&known);
        known.merge(&account.known);
    }
}

fn locked(account: &Arc<Mutex<Account>>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

impl LogicalClock for Coalesced {
    type Stamp = CoalescedStamp;
    const ERRS: Errs = Errs::ByOrderingMore;

    fn event(&mut self) -> CoalescedStamp {
        if self.mutant != Mutant::StayBelow {
            self.block.start = self.block.start.max(self.known.known(self.number) + 1);
        }
        if self.block.is_empty() {
            self.block = locked(&self.account).settle(&mut self.known);
        }
        let own = (self.number, self.block.start);
        self.block.start += 1;
        self.known.merge(&VectorStamp::of([own]));
        CoalescedStamp { known: self.known.clone(), own }
    }

    fn receive(&mut self, stamp: &CoalescedStamp) -> CoalescedStamp {
        self.hear(stamp);
        self.event()
    }

    fn relation(first: &CoalescedStamp, second: &CoalescedStamp) -> Relation {
        let knows = |one: &CoalescedStamp, (account, number): (u32, u64)| {
            one.known.known(account) >= number
        };
        if first.own == second.own {
            return Relation::Equal;
        }
        Relation::of(knows(second, first.own), knows(first, second.own))
    }

    fn bytes(stamp: &CoalescedStamp) -> usize {
        12 + stamp.known.entries().len() * 12
    }
}

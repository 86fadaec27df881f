//! Who wrote which value to which key: one table of open addressing, a slot a write.

use super::history::{Access, Outcome, Step, Transactions};
use super::mutant::Mutant;
use super::sources::{INITIAL, Impossible, Unsourced};
use crate::hash::mix;

/// What is known of a write, as flags beside its writer's number.
const OVERWRITTEN: u32 = 1 << 31;
const ABORTED: u32 = 1 << 30;
const TWICE: u32 = 1 << 29;
const NUMBER: u32 = TWICE - 1;
/// Nobody: an empty slot.
const NOBODY: u32 = u32::MAX;

/// What a read of no one's value is called.
pub(super) const THIN_AIR: &str = "thin air: a read of a value that nobody wrote";

/// A write: also a slot of the table.
#[derive(Clone, Copy)]
pub(super) struct Write {
    value: i64,
    key: u32,
    /// The writer's number and the flags.
    writer: u32,
}

impl Write {
    /// An empty slot.
    pub(super) const NONE: Self = Self { value: 0, key: 0, writer: NOBODY };

    /// A step of this writer, which aborted or not, and overwrites it itself or not.
    pub(super) fn new(step: &Step, writer: u32, outcome: Outcome, is_overwritten: bool) -> Self {
        let aborted = if outcome == Outcome::Aborted { ABORTED } else { 0 };
        let overwritten = if is_overwritten { OVERWRITTEN } else { 0 };
        Self { value: step.value, key: step.key, writer: writer | aborted | overwritten }
    }
}

/// The table.
#[derive(Default)]
pub(super) struct Writers {
    slots: Vec<Write>,
}

fn hash(key: u32, value: i64) -> usize {
    mix(value.cast_unsigned() ^ u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15)) as usize
}

impl Writers {
    /// The slots for so many writes.
    pub(super) fn slots(writes: usize) -> usize {
        (writes * 2).next_power_of_two().max(2)
    }

    /// The table of a whole history.
    pub(super) fn new(history: &Transactions) -> Self {
        let mut writes = Vec::new();
        let mut last = LastWrites::new(history);
        for (number, one) in (0..).zip(history.transactions()) {
            let steps = history.steps(number);
            last.look(number, steps);
            for (place, step) in steps.iter().enumerate() {
                if step.access == Access::Write {
                    let is_overwritten = last.is_overwritten(number, steps, place);
                    writes.push(Write::new(step, number, one.outcome, is_overwritten));
                }
            }
        }
        let mut table = Self::default();
        table.fill(&writes);
        table
    }

    /// Makes it the table of these writes, and no others.
    pub(super) fn fill(&mut self, writes: &[Write]) {
        self.slots.clear();
        self.slots.resize(Self::slots(writes.len()), Write::NONE);
        for write in writes {
            self.insert(write);
        }
    }

    fn insert(&mut self, write: &Write) {
        let at = self.place(write.key, write.value);
        let slot = &mut self.slots[at];
        if slot.writer == NOBODY {
            *slot = *write;
        } else {
            slot.writer |= TWICE;
        }
    }

    /// The slot of a value of a key, or the empty one where it would be.
    #[inline]
    fn place(&self, key: u32, value: i64) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash(key, value) & mask;
        loop {
            let slot = &self.slots[at];
            if slot.writer == NOBODY || (slot.value == value && slot.key == key) {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    /// Who wrote a value of a key, if nothing more is to be said of it: nobody else wrote it, and
    /// its writer committed and left it so.
    #[inline]
    pub(super) fn plain(&self, key: u32, value: i64) -> Option<u32> {
        let writer = self.slots[self.place(key, value)].writer;
        (writer <= NUMBER).then_some(writer)
    }

    //= §2.3.1 aborted or dirty read G1a
    //= §2.3.1 intermediate read G1b
    /// Whose write a read of another transaction's saw; nothing if it was written twice.
    pub(super) fn source(
        &self,
        reader: u32,
        step: &Step,
        mutant: Mutant,
    ) -> Result<Option<u32>, Unsourced> {
        if step.access == Access::ReadInitial {
            return Ok(Some(INITIAL));
        }
        let writer = self.slots[self.place(step.key, step.value)].writer;
        let title = match writer {
            NOBODY => THIN_AIR,
            writer if writer & TWICE != 0 => return Ok(None),
            writer if writer & NUMBER == reader => {
                "internal, future read: a transaction sees a write that it makes later"
            }
            writer if writer & ABORTED != 0 && mutant != Mutant::BelieveAborted => {
                "G1a, aborted read: a read of a transaction that aborted"
            }
            writer if writer & OVERWRITTEN != 0 && mutant != Mutant::BelieveIntermediate => {
                "G1b, intermediate read: a read of a value that its writer overwrote itself"
            }
            writer => return Ok(Some(writer & NUMBER)),
        };
        Err(self.impossible(title, reader, step))
    }

    /// A read of a value that nobody wrote, whoever else did what.
    pub(super) fn thin_air(&self, history: &Transactions) -> Option<Impossible> {
        let committed = |one: &u32| history.is_committed(*one);
        (0..history.len() as u32).filter(committed).find_map(|reader| {
            let is_of_nobody = |step: &&Step| {
                step.access == Access::Read
                    && self.slots[self.place(step.key, step.value)].writer == NOBODY
            };
            let step = history.steps(reader).iter().find(is_of_nobody)?;
            Some(Impossible { title: THIN_AIR, reader, step: *step, writer: None })
        })
    }

    /// A read that no level allows.
    pub(super) fn impossible(&self, title: &'static str, reader: u32, step: &Step) -> Unsourced {
        let writer = self.slots[self.place(step.key, step.value)].writer;
        let writer = (writer != NOBODY).then_some(writer & NUMBER);
        Unsourced::Impossible(Impossible { title, reader, step: *step, writer })
    }
}

/// Transactions of so few steps are looked through, faster than a table is asked.
pub(super) const FEW: usize = 16;

/// Which write of a key is its transaction's last: of the one looked at, only.
pub(super) struct LastWrites {
    /// By key: the transaction, and the place of the step.
    by_key: Vec<(u32, u32)>,
}

impl LastWrites {
    /// Of no transaction yet.
    pub(super) fn new(history: &Transactions) -> Self {
        let transactions = history.transactions();
        let is_long = transactions.iter().any(|one| one.count as usize > FEW);
        let keys = if is_long { history.keys() } else { 0 };
        Self { by_key: vec![(u32::MAX, 0); keys] }
    }

    /// Looks at a transaction.
    pub(super) fn look(&mut self, number: u32, steps: &[Step]) {
        if steps.len() > FEW {
            for (place, step) in (0..).zip(steps).filter(|(_, step)| step.access == Access::Write) {
                self.by_key[step.key as usize] = (number, place);
            }
        }
    }

    /// Whether the transaction looked at writes the key of its write at this place again.
    #[inline]
    pub(super) fn is_overwritten(&self, number: u32, steps: &[Step], place: usize) -> bool {
        let key = steps[place].key;
        if steps.len() > FEW {
            return self.by_key[key as usize] != (number, place as u32);
        }
        let mut later = steps[place + 1..].iter();
        later.any(|step| step.access == Access::Write && step.key == key)
    }
}

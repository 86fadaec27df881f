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

#[derive(Clone, Copy)]
struct Slot {
    value: i64,
    key: u32,
    /// The writer's number and the flags.
    writer: u32,
}

/// The table.
pub(super) struct Writers {
    slots: Vec<Slot>,
}

fn hash(step: &Step) -> usize {
    mix(step.value.cast_unsigned() ^ u64::from(step.key).wrapping_mul(0x9e37_79b9_7f4a_7c15))
        as usize
}

impl Writers {
    fn slots(history: &Transactions) -> usize {
        let writes = history.steps.iter().filter(|step| step.access == Access::Write).count();
        (writes * 2).next_power_of_two().max(2)
    }

    /// How many bytes the table of a history holds.
    pub(super) fn bytes(history: &Transactions) -> usize {
        Self::slots(history) * size_of::<Slot>()
    }

    pub(super) fn new(history: &Transactions) -> Self {
        let empty = Slot { value: 0, key: 0, writer: NOBODY };
        let mut table = Self { slots: vec![empty; Self::slots(history)] };
        // Which transaction wrote a key later: of the one looked at, only.
        let mut later = vec![u32::MAX; history.keys()];
        for (number, one) in (0..).zip(history.transactions()) {
            let aborted = if one.outcome == Outcome::Aborted { ABORTED } else { 0 };
            for step in history.steps(number).iter().rev() {
                if step.access == Access::Write {
                    let seen = &mut later[step.key as usize];
                    let overwritten = if *seen == number { OVERWRITTEN } else { 0 };
                    *seen = number;
                    table.insert(step, number | aborted | overwritten);
                }
            }
        }
        table
    }

    fn insert(&mut self, step: &Step, writer: u32) {
        let at = self.place(step);
        let slot = &mut self.slots[at];
        if slot.writer == NOBODY {
            *slot = Slot { value: step.value, key: step.key, writer };
        } else {
            slot.writer |= TWICE;
        }
    }

    /// The slot of a value of a key, or the empty one where it would be.
    fn place(&self, step: &Step) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash(step) & mask;
        loop {
            let slot = &self.slots[at];
            if slot.writer == NOBODY || (slot.value == step.value && slot.key == step.key) {
                return at;
            }
            at = (at + 1) & mask;
        }
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
        let writer = self.slots[self.place(step)].writer;
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
                step.access == Access::Read && self.slots[self.place(step)].writer == NOBODY
            };
            let step = history.steps(reader).iter().find(is_of_nobody)?;
            Some(Impossible { title: THIN_AIR, reader, step: *step, writer: None })
        })
    }

    /// A read that no level allows.
    pub(super) fn impossible(&self, title: &'static str, reader: u32, step: &Step) -> Unsourced {
        let writer = self.slots[self.place(step)].writer;
        let writer = (writer != NOBODY).then_some(writer & NUMBER);
        Unsourced::Impossible(Impossible { title, reader, step: *step, writer })
    }
}

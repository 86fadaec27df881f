//! Writes and reads in parts by key, each of which fits the cache: in one table of a million writes
//! every read waits for memory.
//!
//! ```text
//!   history, in order --> writes of part 0 | writes of part 1 | ...      counted first, then laid out
//!                     --> reads of part 0  | reads of part 1  | ...
//!   for each part: a table of its writes, asked by its reads
//! ```

use super::history::{Access, Transactions};
use super::sources::Read;
use super::writers::{Write, Writers};

/// So many writes are in a part, if keys are alike: a table of 512 KiB at most.
const WRITES: usize = 1 << 14;
const PARTS_MAX: usize = 1 << 10;

/// A read whose writer is looked for.
#[derive(Clone, Copy, Default)]
struct Wanted {
    value: i64,
    key: u32,
    /// Its place among all reads.
    place: u32,
}

/// Things in parts: those of a part stand together, in the order in which they came.
struct Laid<T> {
    all: Vec<T>,
    starts: Vec<usize>,
    ends: Vec<usize>,
}

impl<T: Copy> Laid<T> {
    fn new(counts: &[usize], empty: T) -> Self {
        let mut sum = 0;
        let start = |count: &usize| {
            sum += count;
            sum - count
        };
        let starts: Vec<usize> = counts.iter().map(start).collect();
        Self { all: vec![empty; sum], ends: starts.clone(), starts }
    }

    #[inline]
    fn push(&mut self, part: usize, one: T) {
        let end = &mut self.ends[part];
        self.all[*end] = one;
        *end += 1;
    }

    fn part(&self, part: usize) -> &[T] {
        &self.all[self.starts[part]..self.ends[part]]
    }
}

/// The parts of a history.
pub(super) struct Parts {
    mask: usize,
    writes: Laid<Write>,
    reads: Laid<Wanted>,
}

impl Parts {
    /// Room for the writes and reads of a history.
    pub(super) fn new(history: &Transactions) -> Self {
        let steps = &history.steps;
        let of = |access| steps.iter().filter(|step| step.access == access).count();
        let parts = of(Access::Write).div_ceil(WRITES).next_power_of_two().min(PARTS_MAX);
        let (mut writes, mut reads) = (vec![0; parts], vec![0; parts]);
        for step in steps {
            match step.access {
                Access::Write => writes[step.key as usize & (parts - 1)] += 1,
                Access::Read => reads[step.key as usize & (parts - 1)] += 1,
                Access::ReadInitial => {}
            }
        }
        let (writes, reads) =
            (Laid::new(&writes, Write::NONE), Laid::new(&reads, Wanted::default()));
        Self { mask: parts - 1, writes, reads }
    }

    /// A write of this key.
    #[inline]
    pub(super) fn write(&mut self, key: u32, write: Write) {
        self.writes.push(key as usize & self.mask, write);
    }

    /// A read, the next of all.
    #[inline]
    pub(super) fn read(&mut self, key: u32, value: i64, place: u32) {
        self.reads.push(key as usize & self.mask, Wanted { value, key, place });
    }

    /// Tells each read its writer, or `odd` where more must be said.
    pub(super) fn resolve(&self, reads: &mut [Read], odd: u32) {
        let mut table = Writers::default();
        for part in 0..=self.mask {
            table.fill(self.writes.part(part));
            for wanted in self.reads.part(part) {
                let from = table.plain(wanted.key, wanted.value);
                reads[wanted.place as usize].from = from.unwrap_or(odd);
            }
        }
    }

    /// Bytes held, with the largest table.
    pub(super) fn bytes(&self) -> usize {
        let parts = self.writes.starts.iter().zip(&self.writes.ends);
        let largest = parts.map(|(start, end)| end - start).max().unwrap_or(0);
        let lists =
            self.writes.all.len() * size_of::<Write>() + self.reads.all.len() * size_of::<Wanted>();
        lists + Writers::slots(largest) * size_of::<Write>()
    }
}

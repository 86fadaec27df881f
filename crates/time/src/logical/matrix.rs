//! Matrix clocks: what a process knows of what each other one knows (Wuu and Bernstein 1984; Sarin
//! and Lynch 1987). The lowest entry of a column says how many events of a process all know of:
//! whatever was kept for those who do not yet can go.

//= §3.2.2 matrix clocks
//= §3.2.2 garbage collection of entries

use super::vector::VectorStamp;
use super::{Errs, LogicalClock, Relation, Vector};

/// What a message carries: the sender's row, and all rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixStamp {
    process: u32,
    rows: Vec<VectorStamp>,
}

/// A process's matrix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    process: u32,
    rows: Vec<VectorStamp>,
}

impl Matrix {
    /// The clock of a process of a group of so many, which are numbered from 0.
    pub fn new(process: u32, group: usize) -> Self {
        let group = group.max(process as usize + 1);
        Self { process, rows: vec![VectorStamp::default(); group] }
    }

    /// How many events of a process everybody knows of, as far as is known here: those can be
    /// forgotten.
    pub fn known_by_all(&self, process: u32) -> u64 {
        self.rows.iter().map(|row| row.known(process)).min().unwrap_or(0)
    }

    fn own(&mut self) -> &mut VectorStamp {
        &mut self.rows[self.process as usize]
    }
}

impl LogicalClock for Matrix {
    type Stamp = MatrixStamp;
    const ERRS: Errs = Errs::Never;

    fn event(&mut self) -> MatrixStamp {
        let process = self.process;
        self.own().raise(process);
        MatrixStamp { process, rows: self.rows.clone() }
    }

    fn receive(&mut self, stamp: &MatrixStamp) -> MatrixStamp {
        for (mine, theirs) in self.rows.iter_mut().zip(&stamp.rows) {
            mine.merge(theirs);
        }
        if let Some(row) = stamp.rows.get(stamp.process as usize) {
            self.own().merge(row);
        }
        self.event()
    }

    fn relation(first: &MatrixStamp, second: &MatrixStamp) -> Relation {
        let row = |of: &MatrixStamp| of.rows.get(of.process as usize).cloned().unwrap_or_default();
        Vector::relation(&row(first), &row(second))
    }

    fn bytes(stamp: &MatrixStamp) -> usize {
        4 + stamp.rows.iter().map(Vector::bytes).sum::<usize>()
    }
}

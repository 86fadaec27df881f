//! How often each span came: a histogram whose cells are 1/512 of an octave wide at most, read from
//! the number's own bits. Quantiles are then good to 0.1 %, whatever the unit.

/// Cells an octave: the first nine bits of the fraction.
const CELLS_BITS: u32 = 9;
/// Octaves below and above 1 that are told apart; what is beyond counts as the end.
const OCTAVES: i64 = 44;
const CELLS: usize = (2 * OCTAVES as usize) << CELLS_BITS;

/// Counts of spans.
#[derive(Clone)]
pub(super) struct Histogram {
    cells: Vec<u32>,
    /// Spans of no length.
    zero: u64,
    count: u64,
}

fn cell(span: f64) -> usize {
    let low = (1023 - OCTAVES) << CELLS_BITS;
    let at = (span.to_bits() >> (52 - CELLS_BITS)).cast_signed() - low;
    usize::try_from(at.max(0)).unwrap_or(0).min(CELLS - 1)
}

fn start(cell: usize) -> f64 {
    let low = (1023 - OCTAVES).cast_unsigned() << CELLS_BITS;
    f64::from_bits((low + cell as u64) << (52 - CELLS_BITS))
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self { cells: vec![0; CELLS], zero: 0, count: 0 }
    }

    pub(super) fn add(&mut self, span: f64) {
        self.count += 1;
        if span > 0.0 { self.cells[cell(span)] += 1 } else { self.zero += 1 }
    }

    /// Takes the other's counts and leaves it empty.
    pub(super) fn take(&mut self, other: &mut Self) {
        for (mine, theirs) in self.cells.iter_mut().zip(&mut other.cells) {
            *mine += std::mem::take(theirs);
        }
        self.zero += std::mem::take(&mut other.zero);
        self.count += std::mem::take(&mut other.count);
    }

    /// The span that a share `p` of all stays below, between the ends of its cell.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub(super) fn quantile(&self, p: f64) -> f64 {
        let wanted = p * self.count as f64;
        let mut below = self.zero as f64;
        if wanted <= below {
            return 0.0;
        }
        for (at, count) in self.cells.iter().enumerate() {
            let count = f64::from(*count);
            if below + count >= wanted {
                let (from, to) = (start(at), start(at + 1));
                return from + (to - from) * ((wanted - below) / count);
            }
            below += count;
        }
        start(CELLS - 1)
    }

    /// The share of spans that have a length.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub(super) fn above_zero(&self) -> f64 {
        1.0 - self.zero as f64 / (self.count as f64).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{CELLS, Histogram, cell, start};

    #[test]
    fn cells_are_narrow_and_meet() {
        for span in [1e-12, 3e-5, 0.99999, 1.0, 1.5, 7.25, 1e9] {
            let at = cell(span);
            assert!(start(at) <= span && span < start(at + 1), "{span}");
            assert!(start(at + 1) / start(at) < 1.002, "{span}");
        }
        assert_eq!((cell(f64::MIN_POSITIVE), cell(f64::INFINITY)), (0, CELLS - 1));
    }

    #[test]
    fn quantiles_of_evenly_spread_spans_are_their_places() {
        let (mut all, mut part) = (Histogram::new(), Histogram::new());
        for i in 0..10_000 {
            part.add(f64::from(i) / 100.0);
            if i % 1_000 == 999 {
                all.take(&mut part);
            }
        }
        for p in [0.1, 0.5, 0.95, 0.99] {
            assert!((all.quantile(p) / (100.0 * p) - 1.0).abs() < 1e-3, "{p}: {}", all.quantile(p));
        }
        assert!((all.above_zero() - 0.9999).abs() < 1e-12 && all.quantile(0.0) == 0.0);
    }
}

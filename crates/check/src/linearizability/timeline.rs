//! The starts and ends of the operations not placed yet, in the order of time: the list that
//! Wing and Gong's search walks and cuts.
//!
//! ```text
//! head -> start a -> start b -> end a -> start c -> ...     a and b may come next, c may not
//! ```
//!
//! I1: cutting an operation out and putting it back in the reverse order restores the list.

use crate::operation::Moment;

/// A doubly linked list over `2 n + 1` places: starts are even, ends odd, the last is the head.
pub(super) struct Timeline {
    next: Vec<u32>,
    previous: Vec<u32>,
    has_end: Vec<bool>,
}

impl Timeline {
    /// The list of operations with these spans.
    pub(super) fn new(spans: &[(Moment, Option<Moment>)]) -> Self {
        let mut places = Vec::with_capacity(spans.len() * 2);
        for (number, (earliest, latest)) in spans.iter().enumerate() {
            let start = number as u32 * 2;
            places.push((*earliest, false, start));
            places.extend(latest.map(|latest| (latest, true, start + 1)));
        }
        // At equal moments starts come first: operations that only touch are concurrent.
        places.sort_unstable();
        let head = spans.len() as u32 * 2;
        let mut timeline = Self {
            next: vec![head; spans.len() * 2 + 1],
            previous: vec![head; spans.len() * 2 + 1],
            has_end: spans.iter().map(|(_, latest)| latest.is_some()).collect(),
        };
        let mut last = head;
        for (_, _, place) in places {
            timeline.next[last as usize] = place;
            timeline.previous[place as usize] = last;
            last = place;
        }
        timeline.next[last as usize] = head;
        timeline.previous[head as usize] = last;
        timeline
    }

    fn head(&self) -> u32 {
        self.next.len() as u32 - 1
    }

    /// The first operation that may come next.
    pub(super) fn first(&self) -> Option<u32> {
        self.candidate(self.next[self.head() as usize])
    }

    /// The next operation after this one that may come next as well; works also for an operation
    /// just cut out.
    pub(super) fn after(&self, operation: u32) -> Option<u32> {
        self.candidate(self.next[operation as usize * 2])
    }

    fn candidate(&self, place: u32) -> Option<u32> {
        (place.is_multiple_of(2) && place != self.head()).then_some(place / 2)
    }

    /// Cuts an operation out.
    pub(super) fn cut(&mut self, operation: u32) {
        self.unlink(operation * 2);
        if self.has_end[operation as usize] {
            self.unlink(operation * 2 + 1);
        }
    }

    /// Puts back the operation that was cut out last.
    pub(super) fn restore(&mut self, operation: u32) {
        if self.has_end[operation as usize] {
            self.relink(operation * 2 + 1);
        }
        self.relink(operation * 2);
    }

    fn unlink(&mut self, place: u32) {
        let (previous, next) = (self.previous[place as usize], self.next[place as usize]);
        self.next[previous as usize] = next;
        self.previous[next as usize] = previous;
    }

    fn relink(&mut self, place: u32) {
        let (previous, next) = (self.previous[place as usize], self.next[place as usize]);
        self.next[previous as usize] = place;
        self.previous[next as usize] = place;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(list: &Timeline) -> Vec<u32> {
        std::iter::successors(list.first(), |operation| list.after(*operation)).collect()
    }

    #[test]
    fn only_operations_that_start_before_the_first_end_may_come_next() {
        let span = |from, to| (Moment(from), Some(Moment(to)));
        let spans = [span(0, 2), span(1, 5), span(3, 4), (Moment(2), None)];
        let mut list = Timeline::new(&spans);
        assert_eq!(candidates(&list), [0, 1, 3], "a start at the moment of an end is concurrent");
        list.cut(0);
        assert_eq!(candidates(&list), [1, 3, 2]);
        list.cut(2);
        assert_eq!(candidates(&list), [1, 3]);
        list.restore(2);
        list.restore(0);
        assert_eq!(candidates(&list), [0, 1, 3]);
    }
}

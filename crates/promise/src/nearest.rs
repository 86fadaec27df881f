//! The name that a mistyped one was probably meant to be, for hints.
//!
//! Edit distance of Wagner and Fischer (1974), over characters, one row at a time.

/// The candidate nearest to `word` by edit distance; none when nothing is nearer than half of
/// the word's length (and at least two edits), because a far-fetched hint misleads.
///
/// ```
/// use avouch_promise::nearest::nearest;
/// assert_eq!(nearest("linearisable", ["eventual", "linearizable"]), Some("linearizable"));
/// assert_eq!(nearest("banana", ["eventual", "linearizable"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let tolerated = (word.chars().count() / 2).max(2);
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= tolerated)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// How many characters must be inserted, deleted or replaced to turn `left` into `right`.
pub fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        let mut beside = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right.chars()) {
            let above = *cell;
            let replaced = diagonal + usize::from(a != b);
            *cell = replaced.min(above + 1).min(beside + 1);
            (diagonal, beside) = (above, *cell);
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances_known_from_textbooks() {
        for (left, right, edits) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("flaw", "lawn", 2)]
        {
            assert_eq!(distance(left, right), edits, "{left} {right}");
            assert_eq!(distance(right, left), edits, "{right} {left}");
        }
    }
}

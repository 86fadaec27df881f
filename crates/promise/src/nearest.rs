//! The known name nearest to an unknown one, for the hint of an error: "did you mean".
//!
//! Distance is the number of letters to insert, delete or replace (Levenshtein, 1966), case
//! ignored. A name farther away than half its letters is no help and is not offered.

/// The name of `known` nearest to `asked`, or none that is near enough.
///
/// ```
/// # use avouch_promise::nearest::nearest;
/// assert_eq!(nearest("linearisable", ["eventual", "linearizable"]), Some("linearizable"));
/// assert_eq!(nearest("xyz", ["eventual", "linearizable"]), None);
/// ```
pub fn nearest<'a>(asked: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (distance(asked, name), name))
        .filter(|(far, name)| far * 2 <= name.chars().count())
        .min_by_key(|(far, _)| *far)
        .map(|(_, name)| name)
}

/// Letters to insert, delete or replace to make `left` of `right`.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, from) in left.chars().map(|letter| letter.to_ascii_lowercase()).enumerate() {
        let mut next = vec![i + 1];
        for (to, pair) in right.iter().zip(row.windows(2)) {
            if let (&[diagonal, above], Some(&beside)) = (pair, next.last()) {
                let replaced = diagonal + usize::from(from != *to);
                next.push(replaced.min(above + 1).min(beside + 1));
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distances_as_in_the_textbook() {
        for (left, right, expected) in
            [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("same", "SAME", 0)]
        {
            assert_eq!(distance(left, right), expected, "{left} -> {right}");
            assert_eq!(distance(right, left), expected, "{right} -> {left}");
        }
    }

    #[test]
    fn the_first_of_equally_near_names_is_offered() {
        assert_eq!(nearest("eu-west-9", ["eu-west-1", "eu-west-2"]), Some("eu-west-1"));
    }
}

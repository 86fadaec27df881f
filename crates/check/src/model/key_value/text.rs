//! One line for the eye: what was asked, and what was answered.

use avouch_promise::history::{Action, Compare, Outcome};
use bytes::Bytes;

/// The longest value that a text shows whole, in bytes.
const SHOWN: usize = 40;

/// Bytes for the eye: plain text as it is, the rest escaped, the middle of long ones left out, and
/// the blanks that only make a value long.
pub fn shown(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "\"\"".to_owned();
    }
    let bare = bytes.trim_ascii_end();
    let blanks = &bytes[bare.len()..];
    if blanks.len() > 1 && blanks.iter().all(|blank| *blank == b' ') && bare.len() <= SHOWN {
        return format!("{} ({} bytes)", bare.escape_ascii(), bytes.len());
    }
    if bytes.len() <= SHOWN {
        return bytes.escape_ascii().to_string();
    }
    let (start, end) = (&bytes[..SHOWN / 2], &bytes[bytes.len() - SHOWN / 2..]);
    format!("{}...{} ({} bytes)", start.escape_ascii(), end.escape_ascii(), bytes.len())
}

fn or_nothing(bytes: Option<&Bytes>) -> String {
    bytes.map_or_else(|| "nothing".to_owned(), |bytes| shown(bytes))
}

fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    if items.is_empty() {
        return "nothing".to_owned();
    }
    items.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn range(from: &Bytes, to: Option<&Bytes>) -> String {
    format!("[{}, {})", shown(from), to.map_or_else(|| "end".to_owned(), |to| shown(to)))
}

fn compare(compare: &Compare) -> String {
    format!("{} = {}", shown(&compare.key), or_nothing(compare.expected.as_ref()))
}

/// What was asked.
pub fn asked(action: &Action) -> String {
    match action {
        Action::Get { key } => format!("get {}", shown(key)),
        Action::Put { key, value } => format!("put {} = {}", shown(key), shown(value)),
        Action::Append { key, value } => format!("append {} to {}", shown(value), shown(key)),
        Action::Delete { key } => format!("delete {}", shown(key)),
        Action::DeleteRange { from, to } => format!("delete {}", range(from, to.as_ref())),
        Action::CompareAndSwap { key, expected, value } => {
            format!("swap {}: {} for {}", shown(key), or_nothing(expected.as_ref()), shown(value))
        }
        Action::Range { from, to, limit } => {
            let limit = limit.map_or_else(String::new, |limit| format!(" limit {limit}"));
            format!("range {}{limit}", range(from, to.as_ref()))
        }
        Action::Transaction { compares, then, otherwise } => format!(
            "if {} then {} else {}",
            list(compares, compare),
            list(then, asked),
            list(otherwise, asked)
        ),
    }
}

/// What was answered.
pub fn answered(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "done".to_owned(),
        Outcome::Value(value) => or_nothing(value.as_ref()),
        Outcome::Deleted(count) => format!("{count} deleted"),
        Outcome::Swapped(true) => "swapped".to_owned(),
        Outcome::Swapped(false) => "not swapped".to_owned(),
        Outcome::Entries(entries) => {
            let entry =
                |(key, value): &(Bytes, Bytes)| format!("{} = {}", shown(key), shown(value));
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Outcome::Transaction { succeeded, outcomes } => {
            format!("{}: {}", if *succeeded { "then" } else { "else" }, list(outcomes, answered))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn blanks_that_pad_a_value_are_counted_and_not_shown() {
        assert_eq!(shown(format!("{:16}", "7.16").as_bytes()), "7.16 (16 bytes)");
        assert_eq!(shown(format!("{:1400}", "7.16").as_bytes()), "7.16 (1400 bytes)");
        for plain in ["7.16", "7.16 ", "a  b"] {
            assert_eq!(shown(plain.as_bytes()), plain);
        }
        assert_eq!(shown(b"a\n\n"), "a\\n\\n");
        let long = format!("{}{:4}", "x".repeat(60), "");
        assert!(shown(long.as_bytes()).ends_with("x     (64 bytes)"), "the end is shown as it is");
    }
}

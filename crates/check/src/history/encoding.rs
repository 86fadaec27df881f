//! How the bytes of a file carry a text: UTF-8, perhaps with a byte order mark, which says nothing.
//! Compressed files and UTF-16 are known by their first bytes and told by name, with what unpacks
//! them.
//!
//! References: the Unicode Standard, 23.8 (byte order mark); RFC 1952 (gzip), RFC 8878 (Zstandard).

use avouch_promise::{Blame, Error};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// First bytes, what begins with them, and the command that makes text of it.
const PACKED: [(&[u8], &str, &str); 9] = [
    (b"\x1f\x8b", "a gzip-compressed file", "gzip -dc"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard-compressed file", "zstd -dc"),
    (b"PK\x03\x04", "a zip archive", "unzip -p"),
    (b"PK\x05\x06", "an empty zip archive", "unzip -p"),
    (b"\xfd7zXZ\x00", "an xz-compressed file", "xz -dc"),
    (b"BZh", "a bzip2-compressed file", "bzip2 -dc"),
    (b"\x04\x22\x4d\x18", "an LZ4-compressed file", "lz4 -dc"),
    (b"\xff\xfe", "a text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "a text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
];

/// How many bytes tell UTF-16 without a mark: of ASCII every other one is zero.
const SEEN: usize = 64;

/// The bytes without a byte order mark.
pub(crate) fn unmarked(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(MARK).unwrap_or(bytes)
}

/// Whether there is nothing to read: white space alone, or an empty list.
pub(crate) fn is_nothing(bytes: &[u8]) -> bool {
    let rest = unmarked(bytes).trim_ascii();
    let within = |open: u8, close: u8| {
        let inner = rest.strip_prefix(&[open])?.strip_suffix(&[close])?;
        inner.trim_ascii().is_empty().then_some(())
    };
    rest.is_empty() || within(b'[', b']').is_some() || within(b'(', b')').is_some()
}

/// Refuses what has to be unpacked first.
///
/// # Errors
/// `Caller`, with the command that unpacks it.
pub(crate) fn unpacked(bytes: &[u8]) -> Result<(), Error> {
    let found = PACKED.iter().find(|(start, ..)| bytes.starts_with(start));
    let found = found.map(|(_, what, command)| (*what, *command)).or_else(|| {
        let wide = [(1, "iconv -f UTF-16LE -t UTF-8"), (0, "iconv -f UTF-16BE -t UTF-8")];
        let found = wide.into_iter().find(|(first, _)| is_wide(bytes, *first));
        found.map(|(_, command)| ("a text in UTF-16", command))
    });
    let Some((what, command)) = found else { return Ok(()) };
    let expected =
        "a history as it was written, not packed: text in UTF-8, or one of the binary formats";
    Err(Error::new(Blame::Caller, expected, what)
        .hint(format!("unpack it with `{command} FILE > HISTORY`, and judge what comes out")))
}

/// Whether every other byte is zero, from `first` on, and the others are not.
fn is_wide(bytes: &[u8], first: usize) -> bool {
    let seen = bytes.get(..bytes.len().min(SEEN)).unwrap_or_default();
    let is_zero = |(at, byte): (usize, &u8)| (*byte == 0) == (at % 2 == first);
    seen.len() >= 4 && seen.iter().enumerate().all(is_zero)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may")]
mod tests {
    use super::{is_nothing, unmarked, unpacked};

    #[test]
    fn what_has_to_be_unpacked_is_told_by_name() {
        let wide: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "{\"a\":1}".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = [b"\xff\xfe", &wide[..]].concat();
        for (bytes, what, command) in [
            (&b"\x1f\x8b\x08\x00"[..], "gzip", "`gzip -dc FILE"),
            (b"\x28\xb5\x2f\xfd\x04", "Zstandard", "`zstd -dc FILE"),
            (b"PK\x03\x04\x14", "zip archive", "`unzip -p FILE"),
            (b"\xfd7zXZ\x00", "xz", "`xz -dc FILE"),
            (b"BZh91AY", "bzip2", "`bzip2 -dc FILE"),
            (&wide, "UTF-16", "UTF-16LE"),
            (&big, "UTF-16", "UTF-16BE"),
            (&marked, "UTF-16", "iconv -f UTF-16 "),
        ] {
            let error = unpacked(bytes).unwrap_err();
            assert!(error.got.contains(what) && error.hint.contains(command), "{error}");
        }
        for text in ["", "{", "{\"avouch_history\":1}", "w(4,2,0,7)\n", "INFO  jepsen.util"] {
            assert_eq!(unpacked(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_mark_says_nothing_and_nothing_is_told_from_something() {
        assert_eq!(unmarked("\u{feff}{}".as_bytes()), b"{}");
        assert_eq!(unmarked(b"{}"), b"{}");
        for text in ["", " \n", "\u{feff}", "[]", " [ \n ]\n", "()"] {
            assert!(is_nothing(text.as_bytes()), "{text:?}");
        }
        for text in ["[", "[)", "{}", "[[]]", "x", "0"] {
            assert!(!is_nothing(text.as_bytes()), "{text:?}");
        }
    }
}

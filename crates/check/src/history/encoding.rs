//! How the bytes of a file carry a text: UTF-8, perhaps with a byte order mark, which says nothing.
//! Compressed files and UTF-16 are known by their first bytes and told by name, with what unpacks
//! them; so are files of common kinds that hold no history.
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

/// First bytes, and what begins with them and is no history.
const FOREIGN: [(&[u8], &str); 17] = [
    (b"\x7fELF", "an ELF program or library"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\xca\xfe\xba\xbe", "a Java class or a program of macOS"),
    (b"\xcf\xfa\xed\xfe", "a program of macOS"),
    (b"MZ\x90\x00", "a program of Windows"),
    (b"\x00asm", "a WebAssembly module"),
    (b"!<arch>\n", "an archive of object files"),
    (b"PAR1", "a Parquet table"),
    (b"Obj\x01", "an Avro file"),
    (b"\xd4\xc3\xb2\xa1", "a capture of packets"),
    (b"\x0a\x0d\x0d\x0a", "a capture of packets"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"RIFF", "a sound or a picture in RIFF"),
];

/// How far into a file a byte that no text has is looked for.
const LOOKED: usize = 4096;

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

/// Refuses what has to be unpacked first, and what is no text.
///
/// # Errors
/// `Corrupt`, with the command that unpacks it or with what it looks like.
pub(crate) fn unpacked(bytes: &[u8]) -> Result<(), Error> {
    let found = PACKED.iter().find(|(start, ..)| bytes.starts_with(start));
    let found = found.map(|(_, what, command)| (*what, *command)).or_else(|| {
        let wide = [(1, "iconv -f UTF-16LE -t UTF-8"), (0, "iconv -f UTF-16BE -t UTF-8")];
        let found = wide.into_iter().find(|(first, _)| is_wide(bytes, *first));
        found.map(|(_, command)| ("a text in UTF-16", command))
    });
    let Some((what, command)) = found else { return is_text(bytes) };
    let expected =
        "a history as it was written, not packed: text in UTF-8, or one of the binary formats";
    Err(Error::new(Blame::Corrupt, expected, format!("what looks like {what}"))
        .hint(format!("unpack it with `{command} FILE > HISTORY`, and judge what comes out")))
}

/// Refuses files of other kinds, and bytes that are no text.
fn is_text(bytes: &[u8]) -> Result<(), Error> {
    let expected = "a history: text in UTF-8, or one of the binary formats";
    let wrong = |got: String| {
        Err(Error::new(Blame::Corrupt, expected, got).hint("docs/formats.md shows every format"))
    };
    if let Some((_, what)) = FOREIGN.iter().find(|(start, _)| bytes.starts_with(start)) {
        return wrong(format!("what looks like {what}"));
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return wrong("what looks like a tar archive".to_owned());
    }
    let looked = bytes.get(..bytes.len().min(LOOKED)).unwrap_or_default();
    match looked.iter().position(|byte| *byte == 0) {
        Some(at) => wrong(format!("a binary file of no format known: byte {at} is zero")),
        None => Ok(()),
    }
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
    use super::{Blame, is_nothing, unmarked, unpacked};

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
    fn what_is_no_history_is_told_by_what_it_looks_like() {
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (bytes, what) in [
            (&b"\x7fELF\x02\x01"[..], "an ELF program"),
            (b"\x89PNG\r\n\x1a\n\x00", "a PNG picture"),
            (b"%PDF-1.7\n", "a PDF document"),
            (b"SQLite format 3\x00\x10", "an SQLite database"),
            (&tar, "a tar archive"),
            (b"abc\x00def", "byte 3 is zero"),
        ] {
            let error = unpacked(bytes).unwrap_err();
            assert_eq!(error.blame, Blame::Corrupt, "{error}");
            assert!(error.got.contains(what), "{error}");
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

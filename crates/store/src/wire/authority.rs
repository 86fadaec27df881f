//! Lets etcdctl 3.4 ask for `endpoint status` with endpoints written as URLs.
//!
//! For procedures that are about one node, etcd's client 3.4 puts the whole endpoint into the
//! pseudo-header `:authority`, scheme included: `http://127.0.0.1:2379`. That is malformed, etcd's
//! own server does not mind, and the HTTP/2 library here resets the stream before any of our code
//! sees it. So the first three characters that do not belong there are replaced on their way in:
//!
//! ```text
//! http://127.0.0.1:2379  ->  httpx--127.0.0.1:2379
//! ```
//!
//! The replacement is as long as the original, both as text and in HPACK's Huffman code, so that
//! frames keep their length and the dynamic tables of both sides keep their sizes (RFC 7541,
//! sections 4.1, 6.2 and 5.2). Nobody reads the authority afterwards.
//!
//! Invariants
//! - I1: as many bytes go out as came in, in order, and none is changed but those three.
//! - I2: a connection whose first header block is in order is looked at no further.

use super::mutant::{Mutant, planted};
use bytes::{Buf, BytesMut};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEADER: usize = 9;
const HEADERS: u8 = 1;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;
/// HPACK's static index of `:authority`.
const AUTHORITY: usize = 1;

/// `http://` in HPACK's Huffman code, 41 bits, and what takes its place.
const HUFFMAN: [u8; 6] = [0x9d, 0x29, 0xae, 0xe3, 0x0c, 0x00];
const HUFFMAN_MENDED: [u8; 6] = [0x9d, 0x29, 0xaf, 0xca, 0xcb, 0x00];
const PLAIN: &[u8] = b"http://";
const PLAIN_MENDED: &[u8] = b"httpx--";

/// An integer with a prefix of `bits` bits (RFC 7541, section 5.1), and how long it is.
fn integer(block: &[u8], bits: u32) -> Option<(usize, usize)> {
    let most = (1_usize << bits) - 1;
    let prefix = usize::from(*block.first()?) & most;
    if prefix < most {
        return Some((prefix, 1));
    }
    let mut value = most;
    for (index, byte) in block.iter().enumerate().skip(1).take(4) {
        value += usize::from(byte & 0x7f) << (7 * (index - 1));
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

/// Mends the authority of one header block, if it has one that needs it; whether it did.
fn mend(block: &mut [u8]) -> bool {
    walk(block).unwrap_or(false)
}

/// `None` at the first thing that is cut short, which is for the HTTP/2 library to judge.
fn walk(block: &mut [u8]) -> Option<bool> {
    let mut at = 0;
    while let Some(&first) = block.get(at) {
        let bits = match first {
            0x80.. => 7,      // indexed
            0x40..=0x7f => 6, // literal, added to the table
            0x20..=0x3f => 5, // size update
            _ => 4,           // literal, not added
        };
        let (name, length) = integer(block.get(at..)?, bits)?;
        at += length;
        if first >= 0x80 || bits == 5 {
            continue;
        }
        if name == 0 {
            let (length, prefix) = integer(block.get(at..)?, 7)?;
            at += prefix + length;
        }
        let huffman = block.get(at)? & 0x80 != 0;
        let (length, prefix) = integer(block.get(at..)?, 7)?;
        at += prefix;
        let value = block.get_mut(at..at.checked_add(length)?)?;
        if name == AUTHORITY && replace(value, huffman) {
            return Some(true);
        }
        at += length;
    }
    Some(false)
}

fn replace(value: &mut [u8], huffman: bool) -> bool {
    if !huffman {
        let found = value.starts_with(PLAIN);
        if found && let Some(start) = value.get_mut(..PLAIN.len()) {
            start.copy_from_slice(PLAIN_MENDED);
        }
        return found;
    }
    let Some(start) = value.first_chunk_mut::<6>() else { return false };
    let [.., last] = *start;
    let [.., slash] = HUFFMAN;
    if start[..5] != HUFFMAN[..5] || (last ^ slash) & 0x80 != 0 {
        return false;
    }
    *start = HUFFMAN_MENDED;
    let [.., end] = start;
    *end |= last & 0x7f; // the last of the 41 bits is 0 before and after
    true
}

enum Phase {
    /// Not a word yet.
    Start,
    /// Frame after frame; whether an authority was mended before.
    Frames(bool),
    /// I2.
    Through,
}

/// A connection whose client may have written a URL for an authority.
pub(super) struct Mended<S> {
    inner: S,
    phase: Phase,
    /// What came and is not judged yet.
    raw: BytesMut,
    /// What may be read.
    done: BytesMut,
    ended: bool,
}

impl<S> Mended<S> {
    /// Watches the beginning of `inner`.
    pub(super) fn new(inner: S) -> Self {
        let (raw, done) = (BytesMut::new(), BytesMut::new());
        Self { inner, phase: Phase::Start, raw, done, ended: false }
    }

    /// Moves what can be judged from `raw` to `done`.
    fn judge(&mut self) {
        if let Phase::Start = self.phase {
            let known = self.raw.len().min(PREFACE.len());
            if self.raw.get(..known) != PREFACE.get(..known) {
                self.phase = Phase::Through; // HTTP/1.1, or nothing we know
            } else if known == PREFACE.len() {
                self.done.unsplit(self.raw.split_to(known));
                self.phase = Phase::Frames(false);
            }
        }
        while let Phase::Frames(before) = self.phase {
            let Some(&[a, b, c, kind, flags, ..]) = self.raw.first_chunk::<FRAME_HEADER>() else {
                break;
            };
            let length = u32::from_be_bytes([0, a, b, c]) as usize;
            if length > 16_384 {
                self.phase = Phase::Through; // larger than we allow: for the library to refuse
                break;
            }
            if self.raw.len() < FRAME_HEADER + length {
                break;
            }
            let mut frame = self.raw.split_to(FRAME_HEADER + length);
            if kind == HEADERS {
                let padded = usize::from(flags & PADDED != 0);
                let skipped = FRAME_HEADER + padded + if flags & PRIORITY != 0 { 5 } else { 0 };
                let mended = frame.get_mut(skipped..).is_some_and(mend);
                if !mended && !before {
                    self.phase = Phase::Through;
                } else {
                    self.phase = Phase::Frames(true);
                }
            }
            if planted(Mutant::AuthorityShortened) {
                frame.truncate(frame.len() - 1);
            }
            self.done.unsplit(frame);
        }
        if self.ended || matches!(self.phase, Phase::Through) {
            self.done.unsplit(self.raw.split());
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Mended<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.done.is_empty() {
                let count = this.done.len().min(out.remaining());
                out.put_slice(this.done.get(..count).unwrap_or_default());
                this.done.advance(count);
                return Poll::Ready(Ok(()));
            }
            if this.ended || matches!(this.phase, Phase::Through) {
                return Pin::new(&mut this.inner).poll_read(context, out);
            }
            let mut space = [0; 4096];
            let mut read = ReadBuf::new(&mut space);
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut read))?;
            this.ended = read.filled().is_empty();
            this.raw.extend_from_slice(read.filled());
            this.judge();
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Mended<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, bytes)
    }
    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::wire::mutant::killed;
    use avouch_promise::Random;

    /// HPACK's Huffman code (RFC 7541, appendix B) of the characters used here: code, bits.
    fn huffman(text: &str) -> Vec<u8> {
        let mut bits = String::new();
        for c in text.chars() {
            bits += match c {
                'h' => "100111",
                't' => "01001",
                'p' => "101011",
                'd' => "100100",
                'x' => "1111001",
                ':' => "1011100",
                '/' => "011000",
                '-' => "010110",
                '.' => "010111",
                '0' => "00000",
                '1' => "00001",
                '2' => "00010",
                '3' => "011001",
                '7' => "011101",
                '9' => "011111",
                _ => unreachable!("not in the table"),
            };
        }
        while !bits.len().is_multiple_of(8) {
            bits.push('1');
        }
        let byte = |at| u8::from_str_radix(&bits[at..at + 8], 2).unwrap();
        (0..bits.len()).step_by(8).map(byte).collect()
    }

    /// A block with an authority between other headers.
    fn block(first: u8, coded: bool, authority: &str) -> Vec<u8> {
        let value = if coded { huffman(authority) } else { authority.as_bytes().to_vec() };
        let mut block = vec![0x83, 0x86, 0x00, 3, b'a', b'-', b'b', 2, b'h', b'i', first];
        block.push(value.len() as u8 | if coded { 0x80 } else { 0 });
        block.extend(value);
        block.extend([0x44, 1, b'/']);
        block
    }

    #[test]
    fn a_url_becomes_an_authority_of_the_same_length_in_either_code() {
        let mut mended = 0;
        for first in [0x41, 0x01, 0x11] {
            for coded in [false, true] {
                for rest in ["127.0.0.1:2379", "1", "0.0.0.0:9", "2.2.2.2:2"] {
                    let mut before = block(first, coded, &format!("http://{rest}"));
                    assert!(mend(&mut before));
                    assert_eq!(before, block(first, coded, &format!("httpx--{rest}")));
                    mended += 1;
                }
                for fine in ["127.0.0.1:2379", "httpd.0:2379", "http", "http:-/1"] {
                    let mut before = block(first, coded, fine);
                    assert!(!mend(&mut before), "{fine}");
                    assert_eq!(before, block(first, coded, fine));
                }
            }
        }
        assert_eq!(mended, 24);
        let mut path = block(0x44, true, "http://1"); // another header keeps its value
        assert!(!mend(&mut path));
    }

    /// What is read of `stream` when it arrives in pieces of `step` bytes.
    fn read_through(stream: &[u8], step: usize) -> Vec<u8> {
        let mut mended = Mended::new(());
        let mut out = Vec::new();
        for piece in stream.chunks(step) {
            mended.raw.extend_from_slice(piece);
            mended.judge();
            out.extend_from_slice(&mended.done.split());
        }
        mended.ended = true;
        mended.judge();
        out.extend_from_slice(&mended.done.split());
        out
    }

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, 0x4, 0, 0, 0, 1];
        frame.extend(payload);
        frame
    }

    fn conversation(authority: &str) -> Vec<u8> {
        let data = block(0x41, true, "http://1"); // looks like headers, but is data
        let headers = block(0x41, true, authority);
        let frames = [frame(4, &[]), frame(HEADERS, &headers), frame(0, &data)];
        [PREFACE, &frames.concat(), &frame(HEADERS, &headers)].concat()
    }

    #[test]
    fn streams_are_mended_however_they_are_cut_and_data_are_left_alone() {
        let (before, after) =
            (conversation("http://127.0.0.1:2379"), conversation("httpx--127.0.0.1:2379"));
        for step in [1, 2, 9, 24, 33, 1000] {
            assert_eq!(read_through(&before, step), after);
            assert_eq!(read_through(&after, step), after);
        }
    }

    #[test]
    fn any_other_stream_goes_through_unchanged() {
        let seed = Random::seed_from_environment();
        let mut random = Random::new(seed);
        for _ in 0..5_000 {
            let mut stream = conversation("127.0.0.1:2379");
            for _ in 0..random.below(4) {
                let at = random.below(stream.len() as u64) as usize;
                match random.below(3) {
                    0 => stream[at] = random.bits() as u8,
                    1 => stream.truncate(at.max(1)),
                    _ => stream.insert(at, random.bits() as u8),
                }
            }
            let step = 1 + random.below(50) as usize;
            assert_eq!(read_through(&stream, step), stream, "I1; AVOUCH_SEED={seed}");
        }
    }

    #[test]
    fn the_checks_above_notice_their_planted_bugs() {
        assert!(
            killed(
                Mutant::AuthorityShortened,
                streams_are_mended_however_they_are_cut_and_data_are_left_alone
            ),
            "AuthorityShortened"
        );
    }
}

//! Frames between nodes: how a stream of bytes is cut into messages again.
//!
//! ```text
//! frame = length (u32) | checksum (u32) | payload (length bytes)
//! checksum = CRC-32C over the four bytes of length, then the payload; integers little-endian
//! ```
//!
//! Invariants
//! - I1: a payload is handed out only whole and with its checksum right.
//! - I2: after the first broken frame nothing is handed out any more: a stream that lost its place
//!   is closed, and its sender dials again.
//! - I3: memory follows the bytes that came, never a length that was only claimed.

use crate::wire::mutant::{Mutant, planted};
use avouch_promise::{Blame, Error, invariant};
use bytes::{Buf, BufMut, Bytes, BytesMut};

/// The bytes before a payload.
pub const HEADER: usize = 8;
/// The largest payload between nodes: a batch of requests at etcd's limit fits many times over.
pub const PAYLOAD_MAX: usize = 16 << 20;
/// The largest payload during a handshake, when the other side is still a stranger.
pub const HANDSHAKE_MAX: usize = 4 << 10;

//= §4.1.3 silent corruption found by end-to-end checksums
//= §4.1.3 Byzantine-lite hardening: checksums
fn checksum(length: [u8; 4], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), payload)
}

/// Appends one frame to `out`. The caller has seen to it that the payload is at most
/// [`PAYLOAD_MAX`] long.
pub fn put(out: &mut BytesMut, payload: &[u8]) {
    invariant!(I1, payload.len() <= PAYLOAD_MAX, "a payload of {} bytes", payload.len());
    let length = (payload.len() as u32).to_le_bytes();
    out.reserve(HEADER + payload.len());
    out.put_slice(&length);
    out.put_u32_le(checksum(length, payload));
    out.put_slice(payload);
}

/// Cuts a stream into frames. It reads from no socket: bytes are put into [`Decoder::room`], and
/// whole payloads are taken out with [`Decoder::take`].
#[derive(Debug)]
pub struct Decoder {
    buffer: BytesMut,
    limit: usize,
    broken: Option<Error>,
}

impl Decoder {
    /// A decoder of payloads of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit, broken: None }
    }

    /// The same stream with another limit: a stranger has become a peer.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Where bytes from the stream are appended.
    pub fn room(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole payload; `None` until more bytes come.
    pub fn take(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        self.cut().inspect_err(|error| {
            if !planted(Mutant::BrokenStreamGoesOn) {
                self.broken = Some(error.clone());
            }
        })
    }

    fn cut(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(&length) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let count = u32::from_le_bytes(length) as usize;
        if count > self.limit {
            let expected = format!("a frame of at most {} bytes", self.limit);
            let error = Error::new(Blame::Peer, expected, format!("one of {count} bytes"));
            return Err(error.hint("is that port an avouch peer port?"));
        }
        if self.buffer.len() < HEADER + count {
            return Ok(None);
        }
        self.buffer.advance(4);
        let claimed = self.buffer.get_u32_le();
        let payload = self.buffer.split_to(count).freeze();
        let found = checksum(length, &payload);
        if found == claimed || planted(Mutant::ChecksumIgnored) {
            return Ok(Some(payload));
        }
        let expected = format!("a frame with checksum {claimed:08x}");
        let error = Error::new(Blame::Corrupt, expected, format!("{found:08x}"));
        Err(error.hint("the connection is closed and made anew"))
    }

    /// The stream has ended: an error when it ended inside a frame.
    pub fn end(&self) -> Result<(), Error> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        let got = format!("the end after {} bytes of it", self.buffer.len());
        Err(Error::new(Blame::Peer, "the rest of a frame", got))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::wire::mutant::killed;
    use avouch_promise::Random;

    fn encode(payloads: &[Bytes]) -> BytesMut {
        let mut out = BytesMut::new();
        for payload in payloads {
            put(&mut out, payload);
        }
        out
    }

    /// What comes out when `stream` arrives in pieces of at most `step` bytes.
    fn decode(stream: &[u8], step: usize, limit: usize) -> (Vec<Bytes>, Result<(), Error>) {
        let mut decoder = Decoder::new(limit);
        let mut payloads = Vec::new();
        for piece in stream.chunks(step.max(1)) {
            decoder.room().put_slice(piece);
            loop {
                match decoder.take() {
                    Ok(Some(payload)) => payloads.push(payload),
                    Ok(None) => break,
                    Err(error) => {
                        assert_eq!(decoder.take(), Err(error.clone()), "I2");
                        return (payloads, Err(error));
                    }
                }
            }
        }
        let end = decoder.end();
        (payloads, end)
    }

    fn samples(random: &mut Random) -> Vec<Bytes> {
        let count = random.between(1, 4);
        (0..count)
            .map(|_| {
                let length = random.below(300) as usize;
                (0..length).map(|_| random.bits() as u8).collect::<Vec<_>>().into()
            })
            .collect()
    }

    #[test]
    fn frames_survive_every_way_of_being_cut_into_reads() {
        let seed = Random::seed_from_environment();
        let mut random = Random::new(seed);
        for _ in 0..200 {
            let payloads = samples(&mut random);
            let stream = encode(&payloads);
            for step in [1, 2, 7, 64, stream.len()] {
                assert_eq!(decode(&stream, step, PAYLOAD_MAX), (payloads.clone(), Ok(())));
            }
        }
    }

    #[test]
    fn every_flipped_bit_stops_the_stream_at_its_frame() {
        let payloads = [Bytes::from_static(b"first"), Bytes::from_static(b"second")];
        let stream = encode(&payloads);
        for bit in 0..stream.len() * 8 {
            let mut bent = stream.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            let (got, end) = decode(&bent, bent.len(), PAYLOAD_MAX);
            let intact = usize::from(bit / 8 >= HEADER + 5);
            assert_eq!(got, payloads[..intact], "bit {bit}");
            assert!(end.is_err(), "bit {bit} went unnoticed");
        }
    }

    #[test]
    fn an_oversize_claim_is_refused_at_once_and_takes_no_memory() {
        let mut decoder = Decoder::new(HANDSHAKE_MAX);
        decoder.room().put_slice(b"GET "); // somebody's browser: 542 MB if believed
        let error = decoder.take().unwrap_err();
        assert_eq!(error.blame, Blame::Peer);
        assert!(decoder.room().capacity() < 1024, "I3");
        assert!(error.to_string().contains("542393671 bytes"), "{error}");
    }

    #[test]
    fn any_bytes_decode_to_payloads_or_an_error_and_never_to_other_payloads() {
        let seed = Random::seed_from_environment();
        let mut random = Random::new(seed);
        for round in 0..3_000 {
            let payloads = samples(&mut random);
            let mut stream = encode(&payloads).to_vec();
            match random.below(4) {
                0 => stream.truncate(random.below(stream.len() as u64) as usize),
                1 => stream.extend(encode(&samples(&mut random)).iter().skip(3)),
                2 => {
                    let at = random.below(stream.len() as u64) as usize;
                    stream[at] = random.bits() as u8;
                }
                _ => {
                    let at = random.below(stream.len() as u64) as usize;
                    stream.drain(..at);
                }
            }
            let (got, end) = decode(&stream, 1 + random.below(99) as usize, 1 << 16);
            // What came out is canonical: it encodes to the very bytes that were read.
            let again = encode(&got);
            assert_eq!(
                &again[..],
                &stream[..again.len()],
                "round {round}; repro: AVOUCH_SEED={seed} cargo test -p avouch-store frame"
            );
            assert!(end.is_err() || again.len() == stream.len());
        }
    }

    #[test]
    fn the_checks_above_notice_their_planted_bugs() {
        assert!(
            killed(Mutant::ChecksumIgnored, every_flipped_bit_stops_the_stream_at_its_frame),
            "ChecksumIgnored"
        );
        assert!(
            killed(Mutant::BrokenStreamGoesOn, every_flipped_bit_stops_the_stream_at_its_frame),
            "BrokenStreamGoesOn"
        );
    }
}

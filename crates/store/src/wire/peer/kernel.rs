//! What the kernel knows of a connection: segments sent and sent again, round trip, time-out.
//!
//! ```text
//!   nlmsghdr 16 | inet_diag_req_v2 56 -->  kernel  --> nlmsghdr 16 | inet_diag_msg 72 | attributes
//!   SOCK_DIAG_BY_FAMILY: this one socket                             INET_DIAG_INFO: tcp_info
//! ```
//!
//! It is what `getsockopt(TCP_INFO)` gives, asked for over the kernel's own diagnostic socket
//! (`man 7 sock_diag`), since no safe wrapper of that option is at hand; any user may ask for the
//! sockets of its own network namespace. Layouts are those of Linux' `linux/inet_diag.h` and
//! `linux/tcp.h`, whose fields never move. Elsewhere it is refused.

use avouch_promise::{Blame, Error, Nanos};
use std::net::{IpAddr, SocketAddr};

/// The ends of one connection of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Ours.
    pub local: SocketAddr,
    /// The peer's.
    pub remote: SocketAddr,
}

/// What the kernel tells of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpInfo {
    /// The retransmission time-out in effect.
    pub rto: Nanos,
    /// The smoothed round trip.
    pub round_trip: Nanos,
    /// How often the time-out was doubled since something was acknowledged.
    pub backoff: u8,
    /// Segments sent, those sent again included.
    pub segments: u32,
    /// Segments sent again.
    pub retransmits: u32,
}

const HEADER: usize = 16;
const MESSAGE: usize = 72;
const BY_FAMILY: u16 = 20;
const ERROR: u16 = 2;
const FLAG_REQUEST: u16 = 1;
const INFO: u16 = 2;
const IPV4: u8 = 2;
const IPV6: u8 = 10;
const TCP: u8 = 6;

/// The question about one connection.
fn request(ends: &Ends) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + 56);
    let length = (HEADER + 56) as u32;
    out.extend(length.to_ne_bytes());
    out.extend(BY_FAMILY.to_ne_bytes());
    out.extend(FLAG_REQUEST.to_ne_bytes());
    out.extend(1_u32.to_ne_bytes()); // sequence
    out.extend(0_u32.to_ne_bytes()); // to the kernel
    let family = if ends.local.is_ipv4() { IPV4 } else { IPV6 };
    out.extend([family, TCP, 1 << (INFO - 1), 0]);
    out.extend(u32::MAX.to_ne_bytes()); // in any state
    out.extend(ends.local.port().to_be_bytes());
    out.extend(ends.remote.port().to_be_bytes());
    for ip in [ends.local.ip(), ends.remote.ip()] {
        let mut address = [0; 16];
        match ip {
            IpAddr::V4(ip) => address[..4].copy_from_slice(&ip.octets()),
            IpAddr::V6(ip) => address.copy_from_slice(&ip.octets()),
        }
        out.extend(address);
    }
    out.extend(0_u32.to_ne_bytes()); // on any interface
    out.extend([u8::MAX; 8]); // no cookie
    out
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The kernel's answer, understood.
fn parse(answer: &[u8]) -> Result<TcpInfo, Error> {
    let garbled = || Error::new(Blame::Environment, "the kernel's word of a connection", "less");
    if u16_at(answer, 4).ok_or_else(garbled)? == ERROR {
        let code = u32_at(answer, HEADER).ok_or_else(garbled)?.cast_signed();
        let error = std::io::Error::from_raw_os_error(-code);
        let what = "the kernel's word of a connection";
        return Err(Error::new(Blame::Environment, what, error.to_string()));
    }
    let mut attributes = answer.get(HEADER + MESSAGE..).ok_or_else(garbled)?;
    while !attributes.is_empty() {
        let length = usize::from(u16_at(attributes, 0).ok_or_else(garbled)?);
        let kind = u16_at(attributes, 2).ok_or_else(garbled)?;
        let value = attributes.get(4..length).ok_or_else(garbled)?;
        if kind == INFO {
            return info(value).ok_or_else(garbled);
        }
        attributes = attributes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Err(garbled())
}

/// `struct tcp_info`.
fn info(value: &[u8]) -> Option<TcpInfo> {
    let micros = |at| Some(Nanos::from_micros(u64::from(u32_at(value, at)?)));
    Some(TcpInfo {
        backoff: *value.get(4)?,
        rto: micros(8)?,
        round_trip: micros(68)?,
        retransmits: u32_at(value, 100)?,
        segments: u32_at(value, 136)?,
    })
}

/// What the kernel tells of a connection of this host now.
//= §4.1.2 tcp-retransmits
//= §4.1.2 rto-spikes
#[cfg(target_os = "linux")]
pub fn tcp_info(ends: &Ends) -> Result<TcpInfo, Error> {
    use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
    use rustix::net::sockopt::{Timeout, set_socket_timeout};
    use rustix::net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
    };

    let failed = |error: rustix::io::Errno| {
        Error::new(Blame::Environment, "the kernel's diagnostic socket", error.to_string())
    };
    let (family, flags) = (AddressFamily::NETLINK, SocketFlags::CLOEXEC);
    let socket = socket_with(family, SocketType::DGRAM, flags, Some(SOCK_DIAG)).map_err(failed)?;
    let patience = Some(std::time::Duration::from_secs(1));
    set_socket_timeout(&socket, Timeout::Recv, patience).map_err(failed)?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &request(ends), SendFlags::empty(), &kernel).map_err(failed)?;
    let mut answer = [0_u8; 8_192];
    let (length, _) = recv(&socket, &mut answer[..], RecvFlags::empty()).map_err(failed)?;
    parse(answer.get(..length).unwrap_or_default())
}

/// What the kernel tells of a connection: here, nothing.
#[cfg(not(target_os = "linux"))]
pub fn tcp_info(_: &Ends) -> Result<TcpInfo, Error> {
    let got = std::env::consts::OS;
    Err(Error::new(Blame::Environment, "Linux, whose kernel tells of its connections", got))
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::Random;

    fn ends() -> Ends {
        let address = |text: &str| text.parse().expect("an address");
        Ends { local: address("127.0.0.1:1234"), remote: address("127.0.0.1:80") }
    }

    /// An answer as a kernel gave it for a fresh connection, shortened to the fields that are read.
    fn answer() -> Vec<u8> {
        let mut info = vec![0; 232];
        info[4] = 2;
        info[8..12].copy_from_slice(&800_000_u32.to_ne_bytes());
        info[68..72].copy_from_slice(&70_250_u32.to_ne_bytes());
        info[100..104].copy_from_slice(&7_u32.to_ne_bytes());
        info[136..140].copy_from_slice(&1_900_u32.to_ne_bytes());
        let mut out = vec![0; HEADER + MESSAGE];
        out[4..6].copy_from_slice(&BY_FAMILY.to_ne_bytes());
        // Another attribute of one byte before it, padded to four.
        out.extend([5, 0, 8, 0, 9, 0, 0, 0].iter().copied());
        out.extend((info.len() as u16 + 4).to_ne_bytes());
        out.extend(INFO.to_ne_bytes());
        out.extend(info);
        out
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_fields_of_tcp_info_are_where_the_kernel_puts_them() {
        let told = parse(&answer()).expect("an answer");
        let expected = TcpInfo {
            rto: Nanos::from_millis(800),
            round_trip: Nanos::from_micros(70_250),
            backoff: 2,
            segments: 1_900,
            retransmits: 7,
        };
        assert_eq!(told, expected);
        let question = request(&ends());
        assert_eq!(question.len(), HEADER + 56);
        assert_eq!(question[24..28], [4, 210, 0, 80], "ports in the order of the network");
    }

    #[test]
    fn no_answer_is_taken_for_one_it_is_not() {
        let whole = answer();
        let mut random = Random::new(Random::seed_from_environment());
        for _ in 0..2_000 {
            let mut broken = whole.clone();
            let at = random.below(broken.len() as u64) as usize;
            broken[at] ^= 1 << random.below(8);
            broken.truncate(random.below(whole.len() as u64 + 1) as usize);
            let _ = parse(&broken);
        }
        for length in 0..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length} bytes of {}", whole.len());
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    //= §4.1.2 tcp-retransmits test
    //= §4.1.2 rto-spikes test
    fn the_kernel_tells_of_a_real_connection_and_of_none_that_is_gone() {
        use std::io::{Read, Write};
        use std::net::{TcpListener, TcpStream};

        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut there = TcpStream::connect(listener.local_addr().expect("it")).expect("open");
        let (mut here, _) = listener.accept().expect("a connection");
        let ends = Ends {
            local: there.local_addr().expect("an end"),
            remote: there.peer_addr().expect("an end"),
        };
        let before = tcp_info(&ends).expect("an answer");
        for _ in 0..50 {
            there.write_all(b"a word").expect("sent");
            here.read_exact(&mut [0; 6]).expect("read");
        }
        let after = tcp_info(&ends).expect("an answer");
        assert!(after.segments >= before.segments + 50, "{before:?} {after:?}");
        assert!(after.rto >= Nanos::from_millis(1) && after.round_trip > Nanos::ZERO, "{after:?}");
        assert!(after.retransmits <= after.segments, "{after:?}");
        let nobody = Ends { remote: "127.0.0.1:1".parse().expect("an address"), ..ends };
        let error = tcp_info(&nobody).expect_err("there is none");
        assert_eq!(error.blame, Blame::Environment);
    }
}

//! Small NTP servers of this test: one that tells this host's time, and those that do not.

use avouch_promise::{Nanos, WallTime};
use avouch_time::ntp::{Leap, NtpStamp, Packet};
use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    /// Its clock is ahead by so many nanoseconds.
    Ahead(i64),
    /// Its clock is ahead by what stands in [`MOVED`] there; it says that it may be 5 ms off.
    Moved(usize),
    /// It knows no time.
    Unsynchronised,
    /// It wants to be left alone.
    Kiss,
    /// It answers bytes of no meaning.
    Garbage,
    /// It takes requests and says nothing.
    Silent,
    /// It answers as if to another request, and then nothing else.
    Forged,
}

/// By how much clocks that a test moves are ahead, each test's at a place of its own.
pub(crate) static MOVED: [AtomicI64; 2] = [AtomicI64::new(0), AtomicI64::new(0)];

/// Sockets on 127.0.0.1, 127.0.0.2 and so on, all with one port.
fn sockets(count: u8) -> Vec<UdpSocket> {
    'again: loop {
        let first = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = first.local_addr().unwrap().port();
        let mut all = vec![first];
        for last in 2..=count {
            match UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), port)) {
                Ok(socket) => all.push(socket),
                Err(_) => continue 'again,
            }
        }
        return all;
    }
}

/// While such servers answer, does what is told their port: the first at 127.0.0.1, the next one at
/// 127.0.0.2.
pub(crate) fn serving<R>(manners: &[Manner], then: impl FnOnce(u16) -> R) -> R {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let all = sockets(u8::try_from(manners.len()).unwrap());
    let port = all[0].local_addr().unwrap().port();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (socket, manner) in all.iter().zip(manners) {
            socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    answer(socket, *manner);
                }
            });
        }
        let _stop = Stop(&stop);
        then(port)
    })
}

fn now() -> WallTime {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    WallTime(time.tv_sec * 1_000_000_000 + time.tv_nsec)
}

fn answer(socket: &UdpSocket, manner: Manner) {
    let mut bytes = [0; 512];
    let Ok((length, from)) = socket.recv_from(&mut bytes) else { return };
    let (ahead, dispersion) = match manner {
        Manner::Ahead(by) => (by, 15_000),
        Manner::Moved(place) => (MOVED[place].load(Ordering::Relaxed), 5_000_000),
        _ => (0, 15_000),
    };
    let clock = || NtpStamp::at(WallTime(now().0 + ahead));
    let receive = clock();
    let Ok(request) = Packet::decode(&bytes[..length]) else { return };
    let mut packet = request.answered(receive, Nanos(dispersion));
    match manner {
        Manner::Honest | Manner::Ahead(_) | Manner::Moved(_) => {}
        Manner::Unsynchronised => (packet.leap, packet.stratum) = (Leap::Unsynchronised, 16),
        Manner::Kiss => (packet.stratum, packet.reference_id) = (0, *b"DENY"),
        Manner::Forged => packet.origin = NtpStamp(packet.origin.0 ^ 1),
        Manner::Silent => return,
        Manner::Garbage => {
            let _ = socket.send_to(b"no packet", from);
            return;
        }
    }
    packet.transmit = clock();
    let _ = socket.send_to(&packet.encode(), from);
}

//! chronyd is asked over its command protocol, at a port or at its own socket, which answers more.

use super::address::{CHRONYD_PORT, resolved};
use super::{machine, nanos};
use avouch_promise::{Error, Nanos};
use avouch_time::chrony::{
    Question, REQUEST_BYTES, Refusal, Report, ServerStatistics, SourceReport, SourceStatistics,
    Tracking, accept, request,
};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long an answer is waited for, and how often it is asked for.
const PATIENCE: Duration = Duration::from_millis(500);
const ATTEMPTS: usize = 3;
/// More sources than anybody has.
const SOURCES_MAX: u32 = 1_024;

/// Where chronyd answers.
#[derive(Clone, Debug)]
pub enum Door {
    /// At a port, by default 323.
    Port(SocketAddr),
    /// At its own socket.
    Socket(PathBuf),
}

impl Door {
    /// A path with a slash in it is a socket; all else a host, and perhaps a port.
    ///
    /// # Errors
    /// As [`resolved`].
    pub fn of(name: &str) -> Result<Self, Error> {
        if name.contains('/') {
            return Ok(Self::Socket(name.into()));
        }
        resolved(name, CHRONYD_PORT).map(Self::Port)
    }
}

impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(address) => write!(f, "{address}"),
            Self::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What chronyd says.
#[derive(Clone, Debug)]
pub struct Chronyd {
    /// How it follows its source.
    pub tracking: Tracking,
    /// Its sources, and what it makes of each.
    pub sources: Vec<(SourceReport, SourceStatistics)>,
    /// What it serves, or why it does not say.
    pub served: Result<ServerStatistics, String>,
}

/// Asks it how it follows its source, and nothing else.
///
/// # Errors
/// In words, what hinders.
pub fn track(door: &Door) -> Result<Tracking, String> {
    let line = Line::open(door).map_err(|error| error.to_string())?;
    match line.ask(Question::Tracking)? {
        Report::Tracking(tracking) => Ok(tracking),
        _ => Err(other()),
    }
}

/// Asks it for everything.
///
/// # Errors
/// In words, what hinders.
pub fn ask(door: &Door) -> Result<Chronyd, String> {
    let line = Line::open(door).map_err(|error| error.to_string())?;
    let Report::Tracking(tracking) = line.ask(Question::Tracking)? else { return Err(other()) };
    let Report::Sources(count) = line.ask(Question::Sources)? else { return Err(other()) };
    let mut sources = Vec::new();
    for index in 0..count.min(SOURCES_MAX) {
        match (line.ask(Question::Source(index))?, line.ask(Question::SourceStatistics(index))?) {
            (Report::Source(source), Report::SourceStatistics(made)) => {
                sources.push((source, made));
            }
            _ => return Err(other()),
        }
    }
    let served = line.ask(Question::ServerStatistics).and_then(|report| match report {
        Report::ServerStatistics(served) => Ok(served),
        _ => Err(other()),
    });
    Ok(Chronyd { tracking, sources, served })
}

fn other() -> String {
    "a report that answers something else".to_owned()
}

/// A socket to chronyd.
enum Line {
    Port(UdpSocket),
    /// With the path at which it answers.
    Socket(UnixDatagram, PathBuf),
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Self::Socket(_, own) = self {
            let _ = std::fs::remove_file(own);
        }
    }
}

impl Line {
    fn open(door: &Door) -> std::io::Result<Self> {
        let line = match door {
            Door::Port(address) => {
                let any: SocketAddr = match address {
                    SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(address)?;
                Self::Port(socket)
            }
            Door::Socket(path) => {
                let own = path
                    .parent()
                    .unwrap_or(Path::new("."))
                    .join(format!("avouch.{}.sock", std::process::id()));
                let _ = std::fs::remove_file(&own);
                let line = Self::Socket(UnixDatagram::bind(&own)?, own);
                let Self::Socket(socket, own) = &line else { return Ok(line) };
                // chronyd may run as another user, who has to answer there.
                std::fs::set_permissions(own, std::fs::Permissions::from_mode(0o666))?;
                socket.connect(path)?;
                line
            }
        };
        Ok(line)
    }

    fn ask(&self, question: Question) -> Result<Report, String> {
        let sequence = getrandom::u32().map_err(|error| error.to_string())?;
        let bytes = request(question, sequence);
        let mut failed = "no answer".to_owned();
        for _ in 0..ATTEMPTS {
            match self.once(&bytes, question, sequence) {
                Ok(Some(answered)) => return answered.map_err(|refusal| refusal.to_string()),
                Ok(None) => {}
                Err(error) => failed = error.to_string(),
            }
        }
        Err(failed)
    }

    /// One request; nothing if no answer came to it.
    fn once(
        &self,
        bytes: &[u8; REQUEST_BYTES],
        question: Question,
        sequence: u32,
    ) -> std::io::Result<Option<Result<Report, Refusal>>> {
        match self {
            Self::Port(socket) => socket.send(bytes)?,
            Self::Socket(socket, _) => socket.send(bytes)?,
        };
        let begun = machine::steady();
        loop {
            let left = nanos(PATIENCE).minus(machine::steady().minus(begun));
            if left == Nanos::ZERO {
                return Ok(None);
            }
            let timeout = Some(Duration::from_nanos(left.0).max(Duration::from_micros(1)));
            let mut answer = [0; 1_024];
            let come = match self {
                Self::Port(socket) => {
                    socket.set_read_timeout(timeout).and_then(|()| socket.recv(&mut answer))
                }
                Self::Socket(socket, _) => {
                    socket.set_read_timeout(timeout).and_then(|()| socket.recv(&mut answer))
                }
            };
            let length = match come {
                Ok(length) => length,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(error),
            };
            match accept(&answer[..length], question, sequence) {
                Err(Refusal::NotToThis) => {}
                answered => return Ok(Some(answered)),
            }
        }
    }
}

//! Time that its server vouches for: keys are agreed on over TLS 1.3, each packet spends a cookie.
//!
//! ```text
//!   Trust --> agree (TCP, TLS 1.3, "ntske/1") --> Session: keys, cookies, where the time is served
//!                     ^                              |
//!                     `-- no cookie left, NTSN ------'  exchange: one cookie there, one comes back
//! ```
//!
//! A certificate is held against this host's own wall clock: one that is years off refuses every
//! server. Failed agreements are tried again after 10 s, then half as long again each time, up to
//! an hour (RFC 8915, section 4.2, allows days: a node should hear of a mended server sooner).
//!
//! The messages and the packets are [`avouch_time::nts`]'s; sockets and TLS are here.

use super::ntp::{Datagram, Exchange, asked, connected, random};
use super::{address, machine, nanos};
use avouch_promise::{Blame, Error, Nanos};
use avouch_time::nts::{
    self, Agreement, Asked, COOKIES_MAX, Direction, EXPORTER_LABEL, Keys, Refusal, Unprotected,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long an agreement may take: connection, handshake, both messages.
const PATIENCE: Duration = Duration::from_secs(5);
/// When an agreement that failed is tried again, at first and at the latest.
const AGAIN_FIRST: Nanos = Nanos::from_secs(10);
const AGAIN_MOST: Nanos = Nanos::from_secs(3_600);
/// Why an answer that nobody vouches for is none.
const PLAIN: &str = "nobody vouches for";

/// Who is believed when they say whose a key is.
#[derive(Clone, Debug)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// The authorities of this PEM file, or, without one, those of this machine.
    ///
    /// # Errors
    /// `Environment` for a file that cannot be read or holds no certificate, and for a machine that
    /// trusts nobody.
    pub fn new(file: Option<&Path>) -> Result<Self, Error> {
        let roots = match file {
            Some(path) => of_file(path)?,
            None => of_machine()?,
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| Error::new(Blame::Environment, "TLS 1.3", error.to_string()))?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![nts::ALPN.to_vec()];
        Ok(Self(Arc::new(config)))
    }
}

fn of_file(path: &Path) -> Result<RootCertStore, Error> {
    let expected = "certificates in PEM, of those who vouch for time servers";
    let wrong = |why: String| {
        Error::new(Blame::Environment, expected, format!("{}: {why}", path.display()))
            .hint("for a server with a self-signed certificate, that certificate")
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() { Err(wrong("no certificate".to_owned())) } else { Ok(roots) }
}

fn of_machine() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = found.errors.first().map_or("none".to_owned(), ToString::to_string);
        return Err(Error::new(Blame::Environment, "certificates that this machine trusts", why)
            .hint("install ca-certificates, or name a file of certificates"));
    }
    Ok(roots)
}

/// What a server and this client agreed on.
struct Session {
    keys: Keys,
    cookies: VecDeque<Vec<u8>>,
    socket: UdpSocket,
    /// Whether it was of use.
    answered: bool,
}

/// A server that is asked under NTS.
pub(super) struct Vouched {
    trust: Trust,
    address: SocketAddr,
    host: String,
    session: Option<Session>,
    /// When the next agreement may be tried, how long the wait after it is, and why it failed.
    failed: Option<(Nanos, Nanos, Failure)>,
}

/// Why keys were not agreed on.
#[derive(Clone)]
enum Failure {
    /// The server could not be reached.
    Silent(String),
    /// It was, and is not believed, or does not agree.
    Unvouched(String),
}

impl From<Failure> for Exchange {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Silent(why) => Self::Silent(Some(why)),
            Failure::Unvouched(why) => Self::Unvouched(why),
        }
    }
}

impl Vouched {
    pub(super) fn new(trust: Trust, address: SocketAddr, host: String) -> Self {
        Self { trust, address, host, session: None, failed: None }
    }

    /// One exchange; keys are agreed on before, where there are none.
    pub(super) fn exchange(&mut self) -> Result<Exchange, Error> {
        let mut session = match self.session.take() {
            Some(session) if !session.cookies.is_empty() => session,
            _ => match self.agreed() {
                Ok(session) => session,
                Err(failure) => return Ok(failure.into()),
            },
        };
        let (exchange, refused) = session.exchange()?;
        if !refused {
            self.failed = self.failed.take().filter(|_| !session.answered);
            self.session = Some(session);
        } else if !session.answered {
            // Keys that are refused at once will be so again.
            self.fail(Failure::Unvouched(Unprotected::Nak.to_string()));
        }
        Ok(exchange)
    }

    fn agreed(&mut self) -> Result<Session, Failure> {
        if let Some((until, _, why)) = &self.failed
            && machine::steady() < *until
        {
            return Err(why.clone());
        }
        self.agree().inspect_err(|failure| self.fail(failure.clone()))
    }

    /// No agreement is tried for a while, which is longer each time until an answer comes.
    fn fail(&mut self, why: Failure) {
        let wait = self.failed.as_ref().map_or(AGAIN_FIRST, |(_, wait, _)| *wait);
        let longer = Nanos(wait.0 / 2 * 3).min(AGAIN_MOST);
        self.failed = Some((machine::steady().plus(wait), longer, why));
    }

    fn agree(&self) -> Result<Session, Failure> {
        let (agreement, keys) = self.keys()?;
        let port = agreement.port.unwrap_or(address::NTP_PORT);
        let at = match &agreement.server {
            None => SocketAddr::new(self.address.ip(), port),
            Some(name) => address::resolved(name, port).map_err(|error| {
                Failure::Silent(format!("it names `{name}` for the time: {}", error.got))
            })?,
        };
        let socket = connected(at).map_err(|error| Failure::Silent(error.to_string()))?;
        Ok(Session { keys, cookies: agreement.cookies.into(), socket, answered: false })
    }

    /// Speaks to the server over TLS.
    fn keys(&self) -> Result<(Agreement, Keys), Failure> {
        let until = machine::steady().plus(nanos(PATIENCE));
        let silent = |error: io::Error| Failure::Silent(format!("no agreement on keys: {error}"));
        let tls =
            |error: rustls::Error| Failure::Unvouched(format!("no agreement on keys: {error}"));
        let name = ServerName::try_from(self.host.clone())
            .map_err(|error| Failure::Unvouched(error.to_string()))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.trust.0), name).map_err(tls)?;
        let stream = TcpStream::connect_timeout(&self.address, PATIENCE).map_err(silent)?;
        let mut patient = Patient { stream, until };
        let mut stream = Stream::new(&mut connection, &mut patient);
        let told = stream.write_all(&nts::request()).and_then(|()| stream.flush());
        let agreement = told.map_err(|error| failure(&error)).and_then(|()| read(&mut stream))?;
        if connection.alpn_protocol() != Some(nts::ALPN) {
            return Err(Failure::Unvouched("the server speaks TLS, and no NTS".to_owned()));
        }
        let export = |direction| {
            let context = nts::exporter_context(direction);
            connection.export_keying_material([0; 32], EXPORTER_LABEL, Some(&context)).map_err(tls)
        };
        let keys = Keys {
            to_server: export(Direction::ToServer)?,
            to_client: export(Direction::ToClient)?,
        };
        connection.send_close_notify();
        let _ = connection.write_tls(&mut patient);
        Ok((agreement, keys))
    }
}

/// The server's message, until it ends.
fn read(stream: &mut impl Read) -> Result<Agreement, Failure> {
    let mut message = Vec::new();
    let mut bytes = [0; 1_024];
    loop {
        let length = stream.read(&mut bytes).map_err(|error| failure(&error))?;
        message.extend(bytes.iter().take(length));
        match nts::accept(&message) {
            Err(Refusal::Cut) if length > 0 => {}
            agreed => return agreed.map_err(|why| Failure::Unvouched(why.to_string())),
        }
    }
}

/// An error of TLS, whose bytes came, or of the network.
fn failure(error: &io::Error) -> Failure {
    let says = format!("no agreement on keys: {error}");
    match error.kind() {
        ErrorKind::InvalidData => Failure::Unvouched(says),
        _ => Failure::Silent(says),
    }
}

impl Session {
    /// One exchange, and whether the server refused the cookie.
    fn exchange(&mut self) -> Result<(Exchange, bool), Error> {
        let Some(cookie) = self.cookies.pop_front() else {
            return Ok((Exchange::Silent(None), true));
        };
        let asked_for = Asked { nonce: u64::from_ne_bytes(random()?), unique: random()? };
        let Some(request) = nts::protect(&asked_for, &cookie, random()?, &self.keys) else {
            let why = "a cookie that is too long for a packet";
            return Ok((Exchange::Unvouched(why.to_owned()), true));
        };
        let mut renewed = Vec::new();
        let mut nak = false;
        let exchange = asked(&self.socket, &request, |bytes| {
            match nts::open(bytes, &asked_for, &self.keys) {
                Ok((answer, cookies)) => {
                    renewed = cookies;
                    Datagram::Answer(answer)
                }
                Err(Unprotected::Refused(refusal)) => Datagram::Last(Exchange::Refused(refusal)),
                // Anybody may have sent it: the server's own answer may follow.
                Err(why) => {
                    nak |= why == Unprotected::Nak;
                    Datagram::Other(Exchange::Unvouched(format!("{PLAIN}: {why}")))
                }
            }
        });
        self.cookies.extend(renewed);
        self.cookies.truncate(COOKIES_MAX);
        let answered = matches!(exchange, Exchange::Answered(..) | Exchange::Refused(_));
        self.answered |= answered;
        Ok((exchange, nak && !answered))
    }
}

/// A connection that as a whole takes no longer than it may.
struct Patient {
    stream: TcpStream,
    until: Nanos,
}

impl Patient {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.minus(machine::steady());
        if left == Nanos::ZERO {
            return Err(io::Error::new(ErrorKind::TimedOut, "it took longer than 5 s"));
        }
        Ok(Some(Duration::from_nanos(left.0).max(Duration::from_micros(1))))
    }
}

fn late(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock => io::Error::new(ErrorKind::TimedOut, "it took longer than 5 s"),
        _ => error,
    }
}

impl Read for Patient {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(bytes).map_err(late)
    }
}

impl Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes).map_err(late)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

//! The configuration of one real node, `node.toml`, and the founding of a cluster of such nodes.
//!
//! ```toml
//! node = "n1"                       # who this is: its key must be in the data folder
//! data = "."                        # from this file's folder
//! client = "10.0.0.1:2379"          # where clients reach it
//! peer = "10.0.0.1:2380"            # where its peers reach it
//! election-period = "500ms"         # longer than the longest round trip between voters
//! clock-bound = "2ms"               # optional: how far this machine's clock may be off, as you state
//! stamp-bound = "250ms"             # optional: how far off any clock may be whose stamps come here
//! quota = "2GiB"                    # optional: how much data the store may hold
//! record = "sampled"                # optional: off, sampled or full; which steps stand in steps.tsv
//! accept-torn-tail = true           # optional, for a sole voter: it starts although the end of its
//!                                   # log is torn, and gives up what was not yet acknowledged
//! [clock]                           # optional, instead of clock-bound: what tells the time
//! sources = ["192.0.2.1", "192.0.2.2:123", "time.example.org"]   # NTP servers that the node asks
//! drift = "50ppm"                   # by how much its oscillator may be off
//! poll = "16s"                      # how often each is asked
//! # segment = "/var/run/clockbound/shm0"   # or: what a ClockBound segment claims
//! # chrony = "127.0.0.1:323"               # or: what chronyd claims, with drift and poll as above
//! [peers]                           # where this node reaches each other one
//! n2 = "10.0.0.2:2380"
//! [clients]                         # optional: what `member list` says
//! n2 = "10.0.0.2:2379"
//! ```

use crate::arguments::Record;
use crate::cluster::read_text;
use crate::node_clock;
use crate::quantity::{self, nanos};
use avouch_promise::nearest::nearest;
use avouch_promise::trust::Trust;
use avouch_promise::{Blame, Error, Nanos, NodeId};
use avouch_store::clock::Source;
use avouch_store::host::{HostConfig, Listen};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};

/// The file's name in a node's folder.
pub const NAME: &str = "node.toml";
const MEMBERS: [&str; 13] = [
    "node",
    "data",
    "client",
    "peer",
    "election-period",
    "clock-bound",
    "clock",
    "stamp-bound",
    "quota",
    "record",
    "accept-torn-tail",
    "peers",
    "clients",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    node: String,
    data: PathBuf,
    client: String,
    peer: String,
    election_period: String,
    clock_bound: Option<String>,
    clock: Option<node_clock::Table>,
    stamp_bound: Option<String>,
    quota: Option<String>,
    #[serde(default)]
    record: Record,
    #[serde(default)]
    accept_torn_tail: bool,
    #[serde(default)]
    peers: BTreeMap<String, String>,
    #[serde(default)]
    clients: BTreeMap<String, String>,
}

/// Where in a file something stands, for errors.
struct Text<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Text<'_> {
    /// `nodes/n1/node.toml line 4`.
    fn at(&self, offset: usize) -> String {
        let before = self.text.get(..offset).unwrap_or(self.text);
        format!("{} line {}", self.path.display(), before.matches('\n').count() + 1)
    }

    /// The line on which a member is set.
    fn member(&self, name: &str) -> String {
        let is_it = |line: &str| line.split('=').next().is_some_and(|key| key.trim() == name);
        let mut offset = 0;
        for line in self.text.split_inclusive('\n') {
            if is_it(line) {
                return self.at(offset);
            }
            offset += line.len();
        }
        self.path.display().to_string()
    }

    /// An error of one member, told with its line.
    fn wrong(&self, name: &str, error: Error) -> Error {
        let expected = format!("{} as {name} in {}", error.expected, self.member(name));
        Error { blame: Blame::Caller, expected, ..error }
    }

    fn parse(&self) -> Result<Document, Error> {
        toml::from_str(self.text).map_err(|error| {
            let place = error.span().map_or(self.path.display().to_string(), |s| self.at(s.start));
            let told = error.message().lines().next().unwrap_or_default().to_owned();
            let unknown = told.strip_prefix("unknown field `").and_then(|t| t.split('`').next());
            let near = unknown
                .and_then(|name| nearest(name, MEMBERS.into_iter().chain(node_clock::MEMBERS)));
            let hint = near.map_or_else(
                || "`avouch init` writes a configuration to start from".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Error::new(Blame::Caller, format!("a node's configuration at {place}"), told).hint(hint)
        })
    }
}

/// Reads a node's configuration.
pub fn read(path: &Path) -> Result<HostConfig, Error> {
    let text = read_text(path, "a node's configuration")?;
    let text = Text { path, text: &text };
    let document = text.parse()?;
    let span = |name: &str, value: &str| -> Result<Nanos, Error> {
        quantity::span(value).map(nanos).map_err(|error| text.wrong(name, error))
    };
    let election = span("election-period", &document.election_period)?;
    let data = path.parent().unwrap_or(Path::new("")).join(&document.data);
    let mut config = HostConfig::read(&data, election)?;
    let trust = config.trust.clone();
    if node(&document.node, &trust).map_err(|error| text.wrong("node", error))? != config.me {
        let expected = format!("the key of {} in {}", document.node, data.display());
        let error = Error::new(Blame::Caller, expected, format!("that of {}", config.me));
        return Err(text.wrong("node", error.hint("each node has a folder of its own")));
    }
    config.client_listen = listen("client", &document.client, &text)?;
    config.peer_listen = listen("peer", &document.peer, &text)?;
    if document.client == document.peer {
        let error = Error::new(Blame::Caller, "another address than client's", &document.peer);
        return Err(text.wrong("peer", error.hint("clients and peers have a port each")));
    }
    config.peers = addresses(&document.peers, &trust, &text)?;
    config.peers.entry(config.me).or_insert(document.peer);
    config.clients = addresses(&document.clients, &trust, &text)?;
    config.clients.entry(config.me).or_insert(document.client);
    config.clock = node_clock::source(document.clock_bound.as_deref(), document.clock.as_ref())
        .map_err(|(member, error)| text.wrong(member, error))?;
    let bound = document.stamp_bound.as_deref();
    config.stamp_bound = bound.map(|bound| span("stamp-bound", bound)).transpose()?;
    if let (Some(stamp), Source::Stated(clock)) = (config.stamp_bound, &config.clock)
        && stamp < *clock
    {
        let expected = format!("at least clock-bound, {clock},");
        let error = Error::new(Blame::Caller, expected, stamp.to_string());
        return Err(text.wrong("stamp-bound", error.hint("it holds for this clock, too")));
    }
    if let Some(quota) = &document.quota {
        let quota = quantity::size(quota).map_err(|error| text.wrong("quota", error))?;
        config.node.limits.quota_bytes = quota;
    }
    config.recording = document.record.into();
    config.accept_torn_tail = document.accept_torn_tail;
    Ok(config)
}

/// A node by its number (`n2`) or its name.
fn node(text: &str, trust: &Trust) -> Result<NodeId, Error> {
    let members = trust.members();
    let is_meant = |member: &&avouch_promise::trust::Member| {
        member.name == text || member.node.to_string() == text
    };
    members.iter().find(is_meant).map(|member| member.node).ok_or_else(|| {
        let names: Vec<_> = members.iter().map(|member| member.node.to_string()).collect();
        Error::new(Blame::Caller, "a node of the trust file", format!("`{text}`"))
            .hint(format!("it names {}", names.join(" ")))
    })
}

fn addresses(
    given: &BTreeMap<String, String>,
    trust: &Trust,
    text: &Text<'_>,
) -> Result<BTreeMap<NodeId, String>, Error> {
    let entry = |(name, address): (&String, &String)| {
        let node = node(name, trust).map_err(|error| text.wrong(name, error))?;
        host_and_port(address).map_err(|error| text.wrong(name, error))?;
        Ok((node, address.clone()))
    };
    given.iter().map(entry).collect()
}

/// The parts of `host:port`.
pub fn host_and_port(address: &str) -> Result<(&str, u16), Error> {
    crate::address::split(address).ok_or_else(|| {
        Error::new(Blame::Caller, "an address host:port", format!("`{address}`"))
            .hint("write 10.0.0.1:2379")
    })
}

fn listen(name: &str, address: &str, text: &Text<'_>) -> Result<Listen, Error> {
    host_and_port(address).map_err(|error| text.wrong(name, error))?;
    let unknown = |got: String| {
        let error = Error::new(Blame::Caller, "an address of this machine", got);
        text.wrong(name, error.hint("name an address that this machine has, or 0.0.0.0"))
    };
    let mut found = address.to_socket_addrs().map_err(|error| unknown(error.to_string()))?;
    let found: Option<SocketAddr> = found.next();
    found.map(Listen::At).ok_or_else(|| unknown(format!("`{address}`, which is none")))
}

//! The trust file: the public JSON document that a verifier needs besides the evidence.
//!
//! ```text
//! { "avouch_trust": 1, "cluster": HEX16, "salt": HEX16,
//!   "nodes": [{"node": 1, "name": "...", "region": "...", "ed25519": HEX32}, ...],
//!   "voters": [1, 2, 3],
//!   "keyspaces": [{"id": 0, "name": "default", "policy": "log"}] }
//! ```
//!
//! Members that this version does not know are refused: a verifier must not pass over what it
//! does not understand. Configurations after the first join the file when they can be proved
//! from the first.

use super::{Founding, Keyspace, Member, Policy, PublicKey, Trust};
use crate::error::{Blame, Error};
use crate::identity::{KeyspaceId, NodeId};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    avouch_trust: u32,
    cluster: String,
    salt: String,
    nodes: Vec<NodeEntry>,
    voters: Vec<u32>,
    keyspaces: Vec<KeyspaceEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeEntry {
    node: u32,
    name: String,
    #[serde(default)]
    region: String,
    ed25519: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyspaceEntry {
    id: u32,
    name: String,
    policy: String,
}

pub(super) fn parse(text: &str) -> Result<Trust, Error> {
    let document: Document = serde_json::from_str(text).map_err(|error| {
        Error::new(Blame::Caller, "a trust file", error.to_string())
            .hint("the cluster's public trust file is written where the cluster was founded")
    })?;
    if document.avouch_trust != VERSION {
        let got = format!("version {}", document.avouch_trust);
        return Err(Error::new(Blame::Caller, format!("a trust file of version {VERSION}"), got));
    }
    let stated: [u8; 16] = hex("the cluster's identity", &document.cluster)?;
    let trust = Trust::found(founding(&document)?)?;
    if trust.cluster().0 != stated {
        return Err(Error::new(
            Blame::Caller,
            format!("the founding of cluster {}", document.cluster),
            format!("that of {}", trust.cluster()),
        )
        .hint("the file was changed after the cluster was founded; fetch an honest copy"));
    }
    Ok(trust)
}

fn founding(document: &Document) -> Result<Founding, Error> {
    let member = |entry: &NodeEntry| {
        Ok(Member {
            node: NodeId(entry.node),
            name: entry.name.clone(),
            region: entry.region.clone(),
            key: PublicKey(hex(&format!("the key of node {}", entry.node), &entry.ed25519)?),
        })
    };
    let keyspace = |entry: &KeyspaceEntry| {
        let policy = match entry.policy.as_str() {
            "log" => Policy::Log,
            other => {
                let got = format!("`{other}`");
                let error = Error::new(Blame::Caller, "a keyspace policy", got);
                return Err(error.hint("served now: log"));
            }
        };
        Ok(Keyspace { id: KeyspaceId(entry.id), name: entry.name.clone(), policy })
    };
    Ok(Founding {
        salt: hex("the salt", &document.salt)?,
        nodes: document.nodes.iter().map(member).collect::<Result<_, Error>>()?,
        voters: document.voters.iter().copied().map(NodeId).collect(),
        keyspaces: document.keyspaces.iter().map(keyspace).collect::<Result<_, Error>>()?,
    })
}

/// Reads exactly `N` bytes in lower-case hexadecimal, the one form that is printed.
fn hex<const N: usize>(what: &str, text: &str) -> Result<[u8; N], Error> {
    let error = || {
        let expected = format!("{what} as {} lower-case hexadecimal digits", 2 * N);
        Error::new(Blame::Caller, expected, format!("{} characters", text.chars().count()))
    };
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(error()),
    };
    if text.len() != 2 * N {
        return Err(error());
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return Err(error()) };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Ok(bytes)
}

fn print_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

pub(super) fn print(trust: &Trust) -> String {
    let Founding { salt, nodes, voters, keyspaces } = trust.founding();
    let node = |member: &Member| NodeEntry {
        node: member.node.0,
        name: member.name.clone(),
        region: member.region.clone(),
        ed25519: member.key.to_string(),
    };
    let keyspace = |keyspace: &Keyspace| KeyspaceEntry {
        id: keyspace.id.0,
        name: keyspace.name.clone(),
        policy: keyspace.policy.name().to_owned(),
    };
    let document = Document {
        avouch_trust: VERSION,
        cluster: trust.cluster().to_string(),
        salt: print_hex(salt),
        nodes: nodes.iter().map(node).collect(),
        voters: voters.iter().map(|voter| voter.0).collect(),
        keyspaces: keyspaces.iter().map(keyspace).collect(),
    };
    // Strings and numbers always serialize.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

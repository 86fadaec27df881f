//! Taking a data folder: it must be this node's of this cluster, and nobody else's now.

use super::config::HostConfig;
use super::founding::{self, KEY_FILE, TRUST_FILE};
use crate::disk::{Data, Identity, Options, SystemFolder};
use avouch_promise::{Blame, Error};
use std::sync::Arc;

/// Locks the folder, makes sure whose it is, and opens the log and the checkpoints in it.
pub(super) fn claim(config: &HostConfig) -> Result<Data, Error> {
    let folder = Arc::new(SystemFolder::open(&config.data)?);
    // Founding puts key and trust file there, and an identity: who has one has the other.
    let founded = [KEY_FILE, TRUST_FILE].iter().any(|name| config.data.join(name).exists());
    trust_file(config)?;
    key_file(config)?;
    let identity = Identity { cluster: config.trust.cluster(), node: config.me };
    let options =
        Options { segment_bytes: config.segment_bytes, may_be_new: !founded, ..Options::default() };
    Data::open_in(folder, identity, options)
}

/// The folder's trust file is this cluster's; a folder without one gets it.
fn trust_file(config: &HostConfig) -> Result<(), Error> {
    let path = config.data.join(TRUST_FILE);
    if !path.exists() {
        return founding::write(&path, &config.trust.to_json(), 0o644);
    }
    let found = founding::read_trust(&path)?;
    if found == config.trust {
        return Ok(());
    }
    Err(Error::new(
        Blame::Caller,
        format!("a data folder of cluster {} at {}", config.trust.cluster(), config.data.display()),
        format!("one of cluster {}", found.cluster()),
    )
    .hint("each node of each cluster has a data folder of its own"))
}

/// A key in the folder is the one that this node signs with.
fn key_file(config: &HostConfig) -> Result<(), Error> {
    let path = config.data.join(KEY_FILE);
    if !path.exists() {
        return Ok(());
    }
    let found = founding::read_key(&path)?.public();
    if found == config.signer.public() {
        return Ok(());
    }
    Err(Error::new(
        Blame::Caller,
        format!("the key of {} in {}", config.me, config.data.display()),
        format!("the key {found}"),
    )
    .hint("this is another node's folder: each node has its own"))
}

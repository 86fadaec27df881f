//! What this user's state folder remembers: the last cluster, and where each cluster's file lies.
//!
//! ```text
//!   $XDG_STATE_HOME/avouch/last-cluster       the path of a cluster file
//!   $XDG_STATE_HOME/avouch/clusters/HEX16     the same, of the cluster with this identity
//! ```
//!
//! (`~/.local/state` where `XDG_STATE_HOME` is not set.) A comfort: nothing is trusted because it
//! stands here. A trust file proves by itself whose it is, and a verdict names the one it used.

use super::{ClusterFile, NAME, replace};
use avouch_promise::{Blame, Error};
use std::path::{Path, PathBuf};

const LAST: &str = "last-cluster";
const CLUSTERS: &str = "clusters";

/// Where this user's clusters are noted.
fn folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("avouch"))
}

fn noted(note: &Path) -> Option<PathBuf> {
    let path = PathBuf::from(std::fs::read_to_string(note).ok()?);
    path.is_file().then_some(path)
}

fn write(note: &Path, path: &Path) -> Result<(), Error> {
    if noted(note).as_deref() == Some(path) {
        return Ok(());
    }
    let folder = note.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).map_err(|error| {
        let expected = format!("a state folder at {}", folder.display());
        Error::new(Blame::Environment, expected, error.to_string())
    })?;
    replace(note, path.as_os_str().as_encoded_bytes())
}

/// The file of the last cluster that `up` started or `init` founded.
pub fn last() -> Option<PathBuf> {
    noted(&folder()?.join(LAST))
}

/// The file of the cluster with this identity.
pub fn with_identity(cluster: &str) -> Option<PathBuf> {
    noted(&folder()?.join(CLUSTERS).join(cluster))
}

/// Every cluster file that is known, in the order of the clusters' identities.
pub fn all() -> Vec<PathBuf> {
    let notes = folder().and_then(|folder| std::fs::read_dir(folder.join(CLUSTERS)).ok());
    let mut notes: Vec<_> =
        notes.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    notes.sort();
    notes.iter().filter_map(|note| noted(note)).collect()
}

/// Notes where a cluster's file lies.
///
/// # Errors
/// `Environment` when there is no state folder or it cannot be written.
pub fn note(file: &ClusterFile, path: &Path) -> Result<(), Error> {
    let plain = file.cluster.len() == 32 && file.cluster.bytes().all(|b| b.is_ascii_hexdigit());
    let (folder, path) = placed(path)?;
    if plain { write(&folder.join(CLUSTERS).join(&file.cluster), &path) } else { Ok(()) }
}

/// Notes it as the last one as well.
///
/// # Errors
/// As [`note`].
pub fn remember(file: &ClusterFile, path: &Path) -> Result<(), Error> {
    note(file, path)?;
    let (folder, path) = placed(path)?;
    write(&folder.join(LAST), &path)
}

fn placed(path: &Path) -> Result<(PathBuf, PathBuf), Error> {
    let none =
        || Error::new(Blame::Environment, "a state folder", "neither HOME nor XDG_STATE_HOME");
    let whole = path.canonicalize().map_err(|error| {
        let expected = format!("{NAME} at {}", path.display());
        Error::new(Blame::Environment, expected, error.to_string())
    })?;
    Ok((folder().ok_or_else(none)?, whole))
}

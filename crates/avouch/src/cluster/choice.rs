//! Which cluster a command asks, and which trust file it judges with: decided here, nowhere else.
//!
//! ```text
//!   asking     --endpoint, or --cluster, or AVOUCH_CLUSTER, or the last cluster, or ./avouch-data
//!   trusting   --trust, or that cluster's own; for bare endpoints that of the known cluster that
//!              lists them all
//!   verifying  --trust or --cluster and nothing else; without them the trust file of the cluster
//!              that the evidence names, the one above first
//! ```
//!
//! What is typed beats the environment, and the environment beats what is remembered.

use super::{ClusterFile, DEFAULT_DATA, Endpoint, NAME, known, read_trust, within};
use crate::address;
use avouch_promise::trust::Trust;
use avouch_promise::{Blame, ClusterId, Error};
use avouch_store::host::TRUST_FILE;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The environment's name of a cluster file.
pub const VARIABLE: &str = "AVOUCH_CLUSTER";

/// A trust file, and where it lies.
#[derive(Clone, Debug)]
pub struct Trusted {
    /// Its path.
    pub path: PathBuf,
    /// What it says.
    pub trust: Trust,
}

impl Trusted {
    /// Reads it; a folder that holds one will do.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let path = within(path, TRUST_FILE);
        let trust = read_trust(&path)?;
        Ok(Self { path, trust })
    }
}

/// What was typed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typed<'a> {
    /// `--cluster`.
    pub cluster: Option<&'a Path>,
    /// `--endpoint`, of which there may be several.
    pub endpoint: &'a [String],
    /// `--trust`.
    pub trust: Option<&'a Path>,
    /// `--near`.
    pub near: Option<&'a str>,
}

/// Whom to ask, in which order, and what to judge their answers with.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Where the cluster file lies, if one was used.
    pub file: Option<PathBuf>,
    /// The nodes.
    pub endpoints: Vec<Endpoint>,
    /// The trust file, if there is one.
    pub trusted: Option<Trusted>,
}

/// The cluster file that the environment names.
pub fn named_by_environment() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The cluster file to use.
fn find(typed: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(path) = typed.map(Path::to_owned).or_else(named_by_environment) {
        return Ok(within(&path, NAME));
    }
    let default = Path::new(DEFAULT_DATA).join(NAME);
    known::last().into_iter().chain([default]).find(|path| path.is_file()).ok_or_else(|| {
        Error::new(Blame::Caller, "a cluster file", "none")
            .hint("start a cluster with `avouch up`, or name one with --cluster FILE")
    })
}

/// Decides whom to ask.
pub fn choose(typed: &Typed<'_>) -> Result<Choice, Error> {
    let trusted = typed.trust.map(Trusted::read).transpose()?;
    if !typed.endpoint.is_empty() {
        return bare(typed.endpoint, trusted);
    }
    let path = find(typed.cluster)?;
    let file = ClusterFile::read(&path)?;
    if typed.cluster.is_some() {
        let _ = known::note(&file, &path); // a comfort; the command goes on without it
    }
    let endpoints = file.nearest_first(typed.near)?;
    let trusted = trusted.map_or_else(|| Trusted::read(&file.trust), Ok)?;
    Ok(Choice { file: Some(path), endpoints, trusted: Some(trusted) })
}

/// Bare addresses: the known cluster that lists them all says whose they are.
fn bare(addresses: &[String], trusted: Option<Trusted>) -> Result<Choice, Error> {
    let addresses: Vec<_> =
        addresses.iter().map(|text| address::parse(text)).collect::<Result<_, _>>()?;
    let remembered = find(None).ok().into_iter().chain(known::all());
    let files = remembered.filter_map(|path| ClusterFile::read(&path).ok());
    let endpoint = |file: &ClusterFile, address: &String| {
        file.endpoints.iter().find(|known| known.address == *address).cloned()
    };
    let mut found = files.filter_map(|file| {
        let all: Option<Vec<_>> = addresses.iter().map(|a| endpoint(&file, a)).collect();
        Some((file, all?))
    });
    let unknown =
        |address: &String| Endpoint { node: 0, region: String::new(), address: address.clone() };
    let own = trusted.is_none().then(|| found.next()).flatten();
    let (endpoints, trusted) = match own {
        Some((file, endpoints)) => (endpoints, Trusted::read(&file.trust).ok()),
        None => (addresses.iter().map(unknown).collect(), trusted),
    };
    Ok(Choice { file: None, endpoints, trusted })
}

/// The trust files that evidence is verified with.
#[derive(Debug)]
pub struct Trusts {
    /// The one that was named, or is used first.
    pub first: Option<Trusted>,
    /// Whether it was typed: then no other is used.
    typed: bool,
    others: BTreeMap<ClusterId, Option<Trusted>>,
}

impl Trusts {
    /// Those of a command with `--trust` or `--cluster`, or neither.
    ///
    /// # Errors
    /// When the file that is named, here or by the environment, cannot be used.
    pub fn choose(trust: Option<&Path>, cluster: Option<&Path>) -> Result<Self, Error> {
        let typed = trust.is_some() || cluster.is_some();
        let of = |path: PathBuf| Trusted::read(&ClusterFile::read(&path)?.trust);
        let first = match trust {
            Some(path) => Some(Trusted::read(path)?),
            None if cluster.is_some() || named_by_environment().is_some() => {
                Some(of(find(cluster)?)?)
            }
            None => find(None).and_then(of).ok(),
        };
        Ok(Self { first, typed, others: BTreeMap::new() })
    }

    /// The one for evidence of this cluster.
    pub fn of(&mut self, cluster: ClusterId) -> Option<&Trusted> {
        if self.first.as_ref().is_some_and(|first| first.trust.cluster() == cluster) {
            return self.first.as_ref();
        }
        if self.typed {
            return None;
        }
        let look = || {
            let file = ClusterFile::read(&known::with_identity(&cluster.to_string())?).ok()?;
            let found = Trusted::read(&file.trust).ok()?;
            (found.trust.cluster() == cluster).then_some(found)
        };
        self.others.entry(cluster).or_insert_with(look).as_ref()
    }

    /// All that may have been used.
    pub fn all(&self) -> impl Iterator<Item = &Trusted> {
        self.first.iter().chain(self.others.values().flatten())
    }
}

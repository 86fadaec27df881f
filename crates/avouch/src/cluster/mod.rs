//! The cluster file: where the nodes of a cluster listen, and where its trust file lies.
//!
//! ```text
//! { "avouch_cluster": 1, "cluster": HEX16, "trust": "trust.json",
//!   "endpoints": [{"node": 1, "region": "us-east-1", "address": "127.0.0.1:2379"}, ...] }
//! ```
//!
//! It is a convenience and proves nothing: a verdict leans on the trust file alone. A relative
//! trust path is meant from the cluster file's own folder. [`choice`] says which file a command
//! uses, and [`known`] which clusters a user has had.

pub mod choice;
pub mod known;

use avouch_promise::nearest::nearest;
use avouch_promise::trust::Trust;
use avouch_promise::{Blame, Error};
use avouch_world::geography::{Region, round_trip};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file's name in a data folder.
pub const NAME: &str = "cluster.json";
/// Where `avouch up` keeps its data unless told otherwise.
pub const DEFAULT_DATA: &str = "avouch-data";
const VERSION: u32 = 1;

/// One node, as clients reach it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// Its number.
    pub node: u32,
    /// Where it stands; may be empty.
    #[serde(default)]
    pub region: String,
    /// `host:port`.
    pub address: String,
}

impl Endpoint {
    /// `eu-west-1/n3`.
    pub fn name(&self) -> String {
        match (self.region.as_str(), self.node) {
            ("", 0) => self.address.clone(),
            ("", node) => format!("n{node}"),
            // Nodes that were founded without names are named by their numbers.
            (region, node) if *region == format!("n{node}") => region.to_owned(),
            (region, node) => format!("{region}/n{node}"),
        }
    }
}

/// A cluster, as clients find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterFile {
    /// The version of the format.
    pub avouch_cluster: u32,
    /// The cluster's identity, to tell a reader which one this is.
    #[serde(default)]
    pub cluster: String,
    /// The path of the trust file.
    pub trust: PathBuf,
    /// The nodes.
    pub endpoints: Vec<Endpoint>,
}

impl ClusterFile {
    /// The file of a cluster whose trust file is `trust`.
    pub fn new(cluster: &str, trust: impl Into<PathBuf>, endpoints: Vec<Endpoint>) -> Self {
        Self {
            avouch_cluster: VERSION,
            cluster: cluster.to_owned(),
            trust: trust.into(),
            endpoints,
        }
    }

    /// Reads a cluster file; the trust path is made whole.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = read_text(path, "a cluster file")?;
        let mut file: Self = serde_json::from_str(&text).map_err(|error| {
            Error::new(
                Blame::Caller,
                format!("a cluster file at {}", path.display()),
                error.to_string(),
            )
            .hint("`avouch up` and `avouch init` write one")
        })?;
        if file.avouch_cluster != VERSION || file.endpoints.is_empty() {
            let expected = format!("a cluster file of version {VERSION} with an endpoint");
            let got = format!("version {} with {}", file.avouch_cluster, file.endpoints.len());
            return Err(Error::new(Blame::Caller, expected, got));
        }
        if let Some(folder) = path.parent() {
            file.trust = folder.join(&file.trust);
        }
        Ok(file)
    }

    /// Writes the file into its place at once.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        // Strings and numbers always serialize.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        replace(path, text.as_bytes())
    }

    /// The endpoints in the order in which to ask them: the one at `near`, then by distance where
    /// the regions are known, otherwise as listed.
    pub fn nearest_first(&self, near: Option<&str>) -> Result<Vec<Endpoint>, Error> {
        let mut endpoints = self.endpoints.clone();
        let Some(near) = near else { return Ok(endpoints) };
        let is_near =
            |endpoint: &Endpoint| endpoint.region == near || format!("n{}", endpoint.node) == near;
        if !endpoints.iter().any(is_near) {
            let names: Vec<_> = self.endpoints.iter().map(|e| e.region.as_str()).collect();
            let lower = near.to_lowercase();
            let hint = match nearest(&lower, names.iter().copied()) {
                Some(name) if !name.is_empty() => format!("did you mean `{name}`?"),
                _ => format!("this cluster has {}", names.join(", ")),
            };
            return Err(Error::new(Blame::Caller, "a region of this cluster", format!("`{near}`"))
                .hint(hint));
        }
        let here = Region::parse(near).ok();
        let distance = |endpoint: &Endpoint| match (here, Region::parse(&endpoint.region)) {
            (Some(from), Ok(to)) => round_trip(from, to).p50,
            _ => avouch_promise::Nanos::MAX,
        };
        endpoints.sort_by_key(|endpoint| (!is_near(endpoint), distance(endpoint)));
        Ok(endpoints)
    }
}

/// Reads a text file that the caller named; `what` says what it should be.
pub fn read_text(path: &Path, what: &str) -> Result<String, Error> {
    let bytes = read_bytes(path, what)?;
    String::from_utf8(bytes).map_err(|error| {
        Error::new(Blame::Caller, format!("{what} at {}", path.display()), error.to_string())
    })
}

/// Reads a file that the caller named; `what` says what it should be.
pub fn read_bytes(path: &Path, what: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| {
        let blame = match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::IsADirectory => Blame::Caller,
            _ => Blame::Environment,
        };
        Error::new(blame, format!("{what} at {}", path.display()), plain(&error))
    })
}

/// What the system said, without its number.
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Puts a file in its place whole or not at all.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&beside); // nothing more can be done about it
        let expected = format!("to write {}", path.display());
        Error::new(Blame::Environment, expected, error.to_string())
    })
}

/// The path, or that of the file called `name` where it is a folder.
pub fn within(path: &Path, name: &str) -> PathBuf {
    let inside = [path.join(name), path.join(DEFAULT_DATA).join(name)];
    match inside {
        [here, below] if path.is_dir() => {
            if !here.exists() && below.exists() {
                below
            } else {
                here
            }
        }
        _ => path.to_owned(),
    }
}

/// Reads the trust file at `path`.
pub fn read_trust(path: &Path) -> Result<Trust, Error> {
    Trust::from_json(&read_text(path, "a trust file")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> ClusterFile {
        let endpoint = |node, region: &str| Endpoint {
            node,
            region: region.to_owned(),
            address: format!("127.0.0.1:{node}"),
        };
        let regions = ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "sa-east-1"];
        let endpoints = (1..).zip(regions).map(|(node, region)| endpoint(node, region));
        ClusterFile::new("00", "trust.json", endpoints.collect())
    }

    #[test]
    fn the_near_region_comes_first_and_the_far_ones_last() {
        let order = |near| {
            let order = file().nearest_first(near).unwrap();
            order.iter().map(|endpoint| endpoint.node).collect::<Vec<_>>()
        };
        assert_eq!(order(Some("eu-west-1"))[..2], [3, 1]);
        assert_eq!(order(Some("ap-northeast-1"))[..2], [4, 2]);
        assert_eq!(order(Some("n5"))[0], 5);
        assert_eq!(order(None), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn an_unknown_region_is_told_the_nearest_of_this_cluster() {
        let error = file().nearest_first(Some("eu-wset-1")).unwrap_err();
        assert_eq!(error.hint, "did you mean `eu-west-1`?");
        let error = file().nearest_first(Some("EU-WEST-1")).unwrap_err();
        assert_eq!(error.hint, "did you mean `eu-west-1`?");
        let error = file().nearest_first(Some("the moon")).unwrap_err();
        assert!(error.hint.contains("sa-east-1"), "{error}");
    }
}

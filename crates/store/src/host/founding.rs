//! Founding a cluster: a key for each node, and the trust file that names them all.
//!
//! ```text
//!   DIR/trust.json            public; what clients verify with. Written last: it says "founded".
//!   DIR/<name>/trust.json     the same, in the node's own data folder
//!   DIR/<name>/node.key       64 hexadecimal digits, readable by its owner alone
//!   DIR/<name>/identity       whose folder this is; its loss later means that the log is lost, too
//! ```
//!
//! A key is all that a node is: one that is overwritten cannot be made again, and what it signed
//! and holds is lost with it. So nothing is founded in a folder that holds any node's files, and a
//! key's file is never replaced, whatever else is there or is missing.

use crate::disk::{self, Identity, SystemFolder};
use avouch_promise::trust::{Ed25519Signer, Founding, Keyspace, Member, Trust};
use avouch_promise::{Blame, Error, NodeId};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The trust file's name in a data folder.
pub const TRUST_FILE: &str = "trust.json";
/// The secret key's name in a data folder.
pub const KEY_FILE: &str = "node.key";
/// The file by which a folder is known to hold a node's data.
const DATA_FILE: &str = "identity";

/// A node to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMember {
    /// Its name, which is also its folder's.
    pub name: String,
    /// Where it will stand; may be empty.
    pub region: String,
}

/// The data folder of the node called `name` in a cluster that was founded in `dir`.
pub fn node_folder(dir: &Path, name: &str) -> PathBuf {
    dir.join(name)
}

/// Founds a cluster in the folder `dir`: all `members` vote, and are numbered from 1.
///
/// # Errors
/// `Caller` when there is a cluster already, or a name is no folder's; `Environment` when the disk
/// or the operating system's randomness fails.
pub fn found_cluster(dir: &Path, members: &[NewMember]) -> Result<Trust, Error> {
    let trust_path = dir.join(TRUST_FILE);
    if trust_path.exists() {
        return Err(Error::new(
            Blame::Caller,
            format!("a folder without a cluster at {}", dir.display()),
            format!("{TRUST_FILE} there already"),
        )
        .hint("start the cluster that is there, or name another folder"));
    }
    if let Some(folder) = settled(dir)?.first() {
        let expected = format!("a folder without a node's files at {}", dir.display());
        return Err(Error::new(Blame::Caller, expected, format!("those in {}", folder.display()))
            .hint(NOT_FOUNDED));
    }
    let mut nodes = Vec::new();
    let mut seeds = Vec::new();
    for (place, member) in members.iter().enumerate() {
        check_name(&member.name)?;
        let seed: [u8; 32] = random()?;
        nodes.push(Member {
            node: NodeId(place as u32 + 1),
            name: member.name.clone(),
            region: member.region.clone(),
            key: Ed25519Signer::from_seed(seed).public(),
        });
        seeds.push(seed);
    }
    let trust = Trust::found(Founding {
        salt: random()?,
        voters: nodes.iter().map(|member| member.node).collect(),
        nodes,
        keyspaces: vec![Keyspace::default()],
    })?;
    for (member, seed) in members.iter().zip(seeds) {
        let folder = node_folder(dir, &member.name);
        fs::create_dir_all(&folder).map_err(|error| failed("create", &folder, &error))?;
        write_key(&folder.join(KEY_FILE), &format!("{}\n", hex(&seed)))?;
        write(&folder.join(TRUST_FILE), &trust.to_json(), 0o644)?;
        let node = trust.members().iter().find(|known| known.name == member.name);
        if let Some(node) = node.map(|known| known.node) {
            let identity = Identity { cluster: trust.cluster(), node };
            disk::found(&SystemFolder::open(&folder)?, identity)?;
        }
    }
    write(&trust_path, &trust.to_json(), 0o644)?;
    Ok(trust)
}

const NOT_FOUNDED: &str = "a cluster lives here, or was begun here: restore what is missing from a \
    backup, or name another folder; a folder that never served may be removed";

/// The folders below `dir` that hold a node's key, trust file or data, in the order of their names.
fn settled(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed("look into", dir, &error))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed("look into", dir, &error))?.path();
        if [KEY_FILE, TRUST_FILE, DATA_FILE].iter().any(|name| path.join(name).exists()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Puts the trust file of the folder `dir` back in its place from its nodes' own copies, where only
/// it is missing; the node's folder that it came from. None where there is no node's folder either,
/// or nothing is missing.
///
/// # Errors
/// `Caller` when the nodes' copies are not all there or not all the same: then nobody can say here
/// what was founded.
pub fn restore_trust(dir: &Path) -> Result<Option<PathBuf>, Error> {
    let path = dir.join(TRUST_FILE);
    if path.exists() {
        return Ok(None);
    }
    let folders = settled(dir)?;
    let Some(first) = folders.first() else { return Ok(None) };
    let expected =
        || format!("{TRUST_FILE} in {}, or one and the same in each node's folder", dir.display());
    let wrong = |got: String| Error::new(Blame::Caller, expected(), got).hint(NOT_FOUNDED);
    let read = |folder: &Path| {
        let copy = folder.join(TRUST_FILE);
        read_trust(&copy).map_err(|error| wrong(format!("{}: {}", copy.display(), error.got)))
    };
    let trust = read(first)?;
    for member in trust.members() {
        let folder = node_folder(dir, &member.name);
        if read(&folder)? != trust {
            return Err(wrong(format!("another cluster's in {}", folder.display())));
        }
    }
    if folders.len() != trust.members().len() {
        return Err(wrong(format!(
            "{} nodes' folders for {}",
            folders.len(),
            trust.members().len()
        )));
    }
    write(&path, &trust.to_json(), 0o644)?;
    Ok(Some(first.clone()))
}

/// Reads a trust file.
pub fn read_trust(path: &Path) -> Result<Trust, Error> {
    let text = fs::read_to_string(path).map_err(|error| failed("read", path, &error))?;
    Trust::from_json(&text)
}

/// Reads a node's key, which must be readable by its owner alone.
pub(super) fn read_key(path: &Path) -> Result<Ed25519Signer, Error> {
    let metadata = fs::metadata(path).map_err(|error| failed("read", path, &error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Error::new(
            Blame::Caller,
            format!("{} readable by its owner alone", path.display()),
            format!("permissions {mode:o}"),
        )
        .hint(format!("chmod 600 {}", path.display())));
    }
    let text = fs::read_to_string(path).map_err(|error| failed("read", path, &error))?;
    let seed = unhex(text.trim()).ok_or_else(|| {
        let expected = format!("64 hexadecimal digits in {}", path.display());
        Error::new(Blame::Caller, expected, format!("{} characters", text.trim().len()))
            .hint("restore the key that was made when the cluster was founded")
    })?;
    Ok(Ed25519Signer::from_seed(seed))
}

/// Writes a small file durably, in the place of any that is there.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let temporary = path.with_extension("writing");
    let written = || {
        let _ = fs::remove_file(&temporary); // one that an earlier attempt left; mostly none
        let mut file =
            fs::File::options().create_new(true).write(true).mode(mode).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    };
    written().map_err(|error| failed("write", path, &error))
}

/// Writes a key durably into a file that is not there yet.
fn write_key(path: &Path, text: &str) -> Result<(), Error> {
    let written = || {
        let mut file = fs::File::options().create_new(true).write(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    written().map_err(|error| failed("create", path, &error))
}

/// A failed call on a file, told by what it was to do.
pub(super) fn failed(verb: &str, path: &Path, error: &std::io::Error) -> Error {
    let (blame, hint) = match error.kind() {
        std::io::ErrorKind::NotFound => (
            Blame::Caller,
            "there is no such file; a path is meant from the present folder, and one in a \
             file from that file's own",
        ),
        std::io::ErrorKind::PermissionDenied => {
            (Blame::Environment, "the user that runs this must own the folder")
        }
        _ => (Blame::Environment, "look at the disk and its space"),
    };
    Error::new(blame, format!("to {verb} {}", path.display()), error.to_string()).hint(hint)
}

fn check_name(name: &str) -> Result<(), Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.chars().all(plain) {
        return Ok(());
    }
    let expected = "a node's name of up to 64 letters, digits, `-`, `_` and `.`";
    Err(Error::new(Blame::Caller, expected, format!("`{name}`"))
        .hint("a node's name is also the name of its folder"))
}

fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Blame::Environment, "randomness of the operating system", error.to_string())
    })?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // a String takes all
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (place, digits) in seed.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *place = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(seed)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn member(name: &str) -> NewMember {
        NewMember { name: name.into(), region: String::new() }
    }

    #[test]
    fn a_founded_cluster_can_be_read_back_and_its_keys_are_secret() {
        let dir = std::env::temp_dir().join(format!("avouch-founding-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let trust = found_cluster(&dir, &[member("a"), member("b")]).unwrap();
        assert_eq!(read_trust(&dir.join(TRUST_FILE)).unwrap(), trust);
        for (name, node) in [("a", NodeId(1)), ("b", NodeId(2))] {
            let key_path = node_folder(&dir, name).join(KEY_FILE);
            assert_eq!(read_key(&key_path).unwrap().public(), trust.member(node).unwrap().key);
            let mode = fs::metadata(&key_path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let again = found_cluster(&dir, &[member("a")]).unwrap_err();
        assert_eq!(again.blame, Blame::Caller, "{again}");
        let key = node_folder(&dir, "a").join(KEY_FILE);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read_key(&key).unwrap_err().hint.contains("chmod 600"));
        write(&key, "no key\n", 0o600).unwrap();
        assert_eq!(read_key(&key).unwrap_err().blame, Blame::Caller);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_folder_that_holds_a_key_is_never_founded_again() {
        let dir = std::env::temp_dir().join(format!("avouch-refounding-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        let trust = found_cluster(&dir, &[member("a"), member("b")]).unwrap();
        let keys = || ["a", "b"].map(|name| fs::read(dir.join(name).join(KEY_FILE)).unwrap());
        let before = keys();
        fs::remove_file(dir.join(TRUST_FILE)).unwrap();
        for names in [&["a", "b"][..], &["c"]] {
            let members: Vec<_> = names.iter().map(|name| member(name)).collect();
            let error = found_cluster(&dir, &members).unwrap_err();
            assert_eq!(error.blame, Blame::Caller, "{error}");
        }
        assert_eq!(restore_trust(&dir).unwrap(), Some(dir.join("a")));
        assert_eq!(read_trust(&dir.join(TRUST_FILE)).unwrap(), trust);
        assert_eq!(restore_trust(&dir).unwrap(), None, "nothing is missing");
        fs::remove_file(dir.join(TRUST_FILE)).unwrap();
        fs::remove_file(dir.join("b").join(TRUST_FILE)).unwrap();
        assert_eq!(restore_trust(&dir).unwrap_err().blame, Blame::Caller);
        assert!(write_key(&dir.join("a").join(KEY_FILE), "another").is_err(), "never replaced");
        assert_eq!(keys(), before);
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn names_that_are_no_folders_are_refused() {
        let dir = std::env::temp_dir().join("avouch-founding-never");
        for name in ["", "..", ".hidden", "a/b", "a b", &"x".repeat(65)] {
            let error = found_cluster(&dir, &[member(name)]).unwrap_err();
            assert_eq!(error.blame, Blame::Caller, "{name}");
        }
        assert!(!dir.exists());
    }
}

//! Founding a cluster: a key for each node, and the trust file that names them all.
//!
//! ```text
//!   DIR/trust.json            public; what clients verify with. Written last: it says "founded".
//!   DIR/<name>/trust.json     the same, in the node's own data folder
//!   DIR/<name>/node.key       64 hexadecimal digits, readable by its owner alone
//! ```

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
        write(&folder.join(KEY_FILE), &format!("{}\n", hex(&seed)), 0o600)?;
        write(&folder.join(TRUST_FILE), &trust.to_json(), 0o644)?;
    }
    write(&trust_path, &trust.to_json(), 0o644)?;
    Ok(trust)
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

/// A failed call on a file, told by what it was to do.
pub(super) fn failed(verb: &str, path: &Path, error: &std::io::Error) -> Error {
    let (blame, hint) = match error.kind() {
        std::io::ErrorKind::NotFound => (Blame::Caller, "is the path right?"),
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
    fn names_that_are_no_folders_are_refused() {
        let dir = std::env::temp_dir().join("avouch-founding-never");
        for name in ["", "..", ".hidden", "a/b", "a b", &"x".repeat(65)] {
            let error = found_cluster(&dir, &[member(name)]).unwrap_err();
            assert_eq!(error.blame, Blame::Caller, "{name}");
        }
        assert!(!dir.exists());
    }
}

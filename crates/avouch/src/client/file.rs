//! Keeping evidence: answers are added to a file, one item each, so that one file can hold a whole
//! session and its items can be compared with each other.

use crate::cluster::{read_bytes, replace};
use avouch_promise::evidence::{EvidenceFile, Item};
use avouch_promise::{Encode, Error};
use std::path::Path;

/// Adds `item` to the file at `path`, which may not exist yet; the number of items then.
pub fn keep(path: &Path, item: Item) -> Result<usize, Error> {
    let mut file = if path.exists() {
        EvidenceFile::read(&read_bytes(path, "an evidence file")?)?
    } else {
        EvidenceFile::default()
    };
    file.items.push(item);
    replace(path, &file.to_bytes())?;
    Ok(file.items.len())
}

//! The files of the repository, in one order.

use avouch_promise::{Blame, Error};
use std::fs;
use std::path::{Path, PathBuf};

/// One text file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// From the root, with forward slashes.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

impl File {
    pub(crate) fn extension(&self) -> &str {
        self.path.rsplit('/').next().and_then(|name| name.split_once('.')).map_or("", |cut| cut.1)
    }
}

/// The root of the repository: the nearest folder upward that holds this package.
pub(crate) fn root() -> Result<PathBuf, Error> {
    let here = std::env::current_dir()
        .map_err(|error| Error::new(Blame::Environment, "a current folder", error.to_string()))?;
    here.ancestors()
        .find(|folder| folder.join("xtask/Cargo.toml").is_file())
        .map(Path::to_path_buf)
        .ok_or_else(|| {
            Error::new(Blame::Caller, "a folder inside the repository", here.display().to_string())
        })
}

/// Every text file below `root`, in order of path; build output, version control and what is not
/// UTF-8 are left out.
pub(crate) fn files(root: &Path) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(root.join(&folder)).map_err(|error| unreadable(&folder, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            let kind = entry.file_type().map_err(|error| unreadable(&path, &error))?;
            if kind.is_dir() && name != ".git" && !name.starts_with("target") {
                folders.push(path);
            } else if kind.is_file()
                && let Ok(text) = fs::read_to_string(root.join(&path))
            {
                files.push(File { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The text of one file that must be there.
pub(crate) fn read(root: &Path, path: &str) -> Result<String, Error> {
    fs::read_to_string(root.join(path)).map_err(|error| unreadable(Path::new(path), &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Blame::Environment, format!("to read {}", path.display()), error.to_string())
}

#[cfg(test)]
mod tests {
    use super::{files, root};

    #[test]
    fn the_tree_holds_this_file_and_no_build_output() {
        let files = files(&root().expect("a root")).expect("a tree");
        assert!(files.iter().any(|file| file.path == "xtask/src/tree.rs"));
        assert!(files.iter().all(|file| !file.path.starts_with("target")));
        assert!(files.is_sorted_by(|a, b| a.path < b.path));
    }
}

//! Rules for every text file: no tabs, no space at a line's end, no path of one machine; and a
//! README of at most a screen for each crate. A `.txt` file is what some program printed, and keeps
//! its white space.

use crate::finding::{Finding, Findings};
use crate::tree::File;

const README_LINES: usize = 60;

/// Folders at the root of somebody's machine. A path into one of them means nothing elsewhere.
const MACHINE_FOLDERS: [&str; 8] =
    ["home", "root", "Users", "work", "workspace", "mnt", "media", "scratch"];

/// Judges one file.
pub(super) fn judge(file: &File) -> Findings {
    if file.path == "Cargo.lock" {
        return Findings::new();
    }
    let mut findings = Findings::new();
    for (line, number) in file.text.lines().zip(1..) {
        let mut find = |what: &str| findings.push(Finding::new(&file.path, number, what));
        let printed = file.extension() == "txt";
        if line.contains('\t') && !printed && file.extension() != "tsv" {
            find("a tab: use spaces");
        }
        if line.ends_with([' ', '\t', '\r']) && !printed {
            find("white space at the end of the line");
        }
        if let Some(folder) = machine_folder(line) {
            find(&format!("a path below {folder:?} exists on one machine only"));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(Finding::new(&file.path, 0, "the last line does not end"));
    }
    findings
}

/// The folder of one machine that an absolute path in this line goes through.
fn machine_folder(line: &str) -> Option<&'static str> {
    MACHINE_FOLDERS.into_iter().find(|folder| {
        let path = format!("/{folder}/");
        line.match_indices(&path).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|letter| letter.is_alphanumeric() || "._-*}~)/".contains(letter))
        })
    })
}

/// Judges that each crate has its README.
pub(super) fn readmes(files: &[File]) -> Findings {
    let folders = files.iter().filter_map(|file| file.path.strip_suffix("/Cargo.toml"));
    folders
        .filter_map(|folder| {
            let path = format!("{folder}/README.md");
            match files.iter().find(|file| file.path == path) {
                None => Some(Finding::new(path, 0, "each crate has a README of one screen")),
                Some(readme) => {
                    let lines = readme.text.lines().count();
                    let what = format!("{lines} lines, {README_LINES} at most");
                    (lines > README_LINES).then(|| Finding::new(path, 0, what))
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{judge, readmes};
    use crate::tree::File;

    fn file(path: &str, text: &str) -> File {
        File { path: path.into(), text: text.into() }
    }

    #[test]
    fn each_rule_finds_its_plant() {
        let path = ["", "root", "notes"].join("/");
        let cases = [
            ("a.md", "a\n".to_owned(), 0),
            ("a.md", "a\tb\n".to_owned(), 1),
            ("a.tsv", "a\tb\n".to_owned(), 0),
            ("a.md", "a \n".to_owned(), 1),
            ("a.txt", "a\tb \n".to_owned(), 0),
            ("a.txt", format!("{path}\n"), 1),
            ("a.md", "a".to_owned(), 1),
            ("a.md", format!("see {path}\n"), 1),
            ("a.md", format!("{path}\n"), 1),
            ("a.md", format!("https://host.example{path}\n"), 0),
        ];
        for (path, text, expected) in cases {
            let findings = judge(&file(path, &text));
            assert_eq!(findings.len(), expected, "{text:?}: {findings:?}");
        }
    }

    #[test]
    fn a_missing_or_long_readme_is_found() {
        let manifest = file("crates/a/Cargo.toml", "");
        assert_eq!(readmes(std::slice::from_ref(&manifest)).len(), 1);
        let readme = |lines| file("crates/a/README.md", &"a\n".repeat(lines));
        assert_eq!(readmes(&[manifest.clone(), readme(60)]).len(), 0);
        assert_eq!(readmes(&[manifest, readme(61)]).len(), 1);
    }
}

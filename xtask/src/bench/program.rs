//! What a benchmark runs: always a release build, made by cargo when it is asked for.

use crate::shell::cargo;
use std::path::Path;
use std::process::Command;

/// A program.
pub(super) enum Program {
    /// An example: its package and its name.
    Example(&'static str, &'static str),
    /// A benchmark of package `avouch`.
    Bench(&'static str),
    /// A crate outside the workspace: its folder below `peers`, and the compiler's flags.
    Peer(&'static str, Option<&'static str>),
}

impl Program {
    /// The command, to which the program's own arguments are added.
    pub(super) fn command(&self, root: &Path) -> Command {
        let mut command = cargo(root);
        match self {
            Self::Example(package, name) => {
                command.args(["run", "--release", "--quiet", "-p", package, "--example", name]);
            }
            Self::Bench(name) => {
                command.args(["bench", "--quiet", "-p", "avouch", "--bench", name]);
            }
            Self::Peer(folder, flags) => {
                let manifest = Path::new("peers").join(folder).join("Cargo.toml");
                command.args(["run", "--release", "--quiet", "--manifest-path"]).arg(manifest);
                if !folder.is_empty() {
                    command.arg("--target-dir").arg(Path::new("target/peers").join(folder));
                }
                if let Some(flags) = flags {
                    command.env("RUSTFLAGS", flags);
                }
            }
        }
        command.arg("--");
        command
    }
}

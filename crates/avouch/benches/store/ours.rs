//! Three `avouch serve`, founded by `avouch init`, as an operator would start them.

use crate::process::{Folder, Server, Servers, environment, free_pairs};
use avouch_promise::{Blame, Error};
use std::process::Command;

/// The command, built as this benchmark is.
const AVOUCH: &str = env!("CARGO_BIN_EXE_avouch");

pub(crate) fn start(folder: &Folder) -> Result<Servers, Error> {
    let data = folder.0.join("ours");
    let addresses: Vec<_> =
        free_pairs(3)?.into_iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let mut init = Command::new(AVOUCH);
    // Where the user's last cluster is noted: not in the user's own folder.
    init.env("XDG_STATE_HOME", &folder.0).arg("init").arg("--data").arg(&data);
    for address in &addresses {
        init.args(["--node", address]);
    }
    let done = init.output().map_err(|error| environment("to run avouch init", &error))?;
    if !done.status.success() {
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        return Err(Error::new(Blame::Environment, "a founded cluster", told));
    }
    let start = |number: usize| {
        let config = data.join(format!("n{number}")).join("node.toml");
        Server::start(Command::new(AVOUCH).arg("serve").arg("--config").arg(config))
    };
    let processes = (1..=3).map(start).collect::<Result<_, _>>()?;
    Ok(Servers { name: "ours", addresses, processes })
}

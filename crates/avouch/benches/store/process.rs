//! Server processes, stopped whatever happens, and what they cost: CPU time from the kernel's
//! books.

use avouch_promise::{Blame, Error};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// An error of the world under us.
pub(crate) fn environment(expected: &str, error: &dyn std::fmt::Display) -> Error {
    Error::new(Blame::Environment, expected, error.to_string())
}

/// A folder that is removed in the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("avouch-bench-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| environment("a folder", &error))?;
        Ok(Self(path))
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // a temporary folder; nothing leans on it
    }
}

/// A process that is killed when this is dropped.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child =
            quiet.spawn().map_err(|error| environment(&format!("to run {program}"), &error));
        child.map(Self)
    }

    fn cpu(&self) -> f64 {
        cpu_of(&self.0.id().to_string())
    }
}
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may have ended by itself
        let _ = self.0.wait();
    }
}

/// Three servers of one system.
pub(crate) struct Servers {
    pub(crate) name: &'static str,
    pub(crate) addresses: Vec<String>,
    pub(crate) processes: Vec<Server>,
}

impl Servers {
    /// CPU time that all of them have taken, in seconds.
    pub(crate) fn cpu(&self) -> f64 {
        self.processes.iter().map(Server::cpu).sum()
    }
}

/// CPU time that this process has taken, in seconds.
pub(crate) fn own_cpu() -> f64 {
    cpu_of("self")
}

/// User and system time of a process in seconds; the kernel counts hundredths.
fn cpu_of(pid: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second member is the name in parentheses, which may hold spaces.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = rest.split_whitespace().skip(11).take(2).filter_map(|n| n.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Pairs of neighbouring ports that were free a moment ago: clients on the first, peers beside.
pub(crate) fn free_pairs(count: usize) -> Result<Vec<u16>, Error> {
    let mut held = Vec::new();
    let mut pairs = Vec::new();
    while pairs.len() < count {
        let bind = |port: u16| TcpListener::bind(("127.0.0.1", port));
        let first = bind(0).map_err(|error| environment("a free port", &error))?;
        let port = first.local_addr().map_err(|error| environment("a port", &error))?.port();
        if let Some(next) = port.checked_add(1)
            && let Ok(second) = bind(next)
        {
            pairs.push(port);
            held.push(second);
        }
        held.push(first);
    }
    Ok(pairs)
}

//! Three etcd, as its own documents start them; left out where it is not installed.

use crate::process::{Folder, Server, Servers, free_pairs};
use avouch_promise::Error;
use std::process::{Command, Stdio};

pub(crate) fn start(folder: &Folder) -> Result<Option<Servers>, Error> {
    let mut version = Command::new("etcd");
    version.arg("--version").stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(told) = version.output() else { return Ok(None) };
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    println!("beside {}", told.lines().next().unwrap_or("an etcd that does not name itself"));
    let ports = free_pairs(3)?;
    let client = |place: usize| format!("http://127.0.0.1:{}", ports[place]);
    let peer = |place: usize| format!("http://127.0.0.1:{}", ports[place] + 1);
    let all: Vec<_> = (0..3).map(|place| format!("e{place}={}", peer(place))).collect();
    let mut processes = Vec::new();
    for place in 0..3 {
        let mut etcd = Command::new("etcd");
        etcd.args(["--name", &format!("e{place}"), "--data-dir"])
            .arg(folder.0.join(format!("e{place}")));
        etcd.args(["--listen-client-urls", &client(place)]);
        etcd.args(["--advertise-client-urls", &client(place)]);
        etcd.args(["--listen-peer-urls", &peer(place)]);
        etcd.args(["--initial-advertise-peer-urls", &peer(place)]);
        etcd.args(["--initial-cluster", &all.join(","), "--initial-cluster-state", "new"]);
        etcd.args(["--log-level", "error"]);
        processes.push(Server::start(&mut etcd)?);
    }
    let addresses = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    Ok(Some(Servers { name: "etcd", addresses, processes }))
}

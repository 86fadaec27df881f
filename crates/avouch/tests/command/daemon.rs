//! Other people's time servers, run by tests: they end with the test, and cannot set clocks.

use crate::place::Place;
use serde_json::Value;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server of a test, which ends with it.
pub(crate) struct Daemon(Child);

impl Daemon {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::of(command.spawn().unwrap())
    }

    /// Of a program that runs already.
    pub(crate) fn of(child: Child) -> Self {
        Self(child)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A program that cannot set clocks, whoever runs it.
pub(crate) fn harmless(place: &Place, program: &str) -> Command {
    let mut command = quiet(place.command("setpriv"));
    command.args(["--bounding-set=-sys_time", "--inh-caps=-sys_time", program]);
    command
}

/// Whether a command runs and ends well.
pub(crate) fn is_here(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

/// Ports that nobody listens on.
pub(crate) fn free_ports(count: usize) -> Vec<u16> {
    let sockets: Vec<UdpSocket> =
        (0..count).map(|_| UdpSocket::bind("0.0.0.0:0").unwrap()).collect();
    sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect()
}

/// chronyd by these lines, started by `command`: it controls no clock (`-x`).
pub(crate) fn chronyd(place: &Place, name: &str, lines: &str, mut command: Command) -> Command {
    let text = format!(
        "{lines}\nallow 127.0.0.0/8\npidfile {}\n",
        place.path(&format!("{name}.pid")).display()
    );
    let file = place.path(&format!("{name}.conf"));
    std::fs::write(&file, text).unwrap();
    command.args(["-x", "-d", "-u", "root", "-f"]).arg(file);
    command
}

/// Audits until the time is known: what is told then.
#[expect(clippy::disallowed_methods, reason = "a daemon starts in real time")]
pub(crate) fn await_time(mut audit: impl FnMut() -> (i32, Value)) -> Value {
    for _ in 0..60 {
        let (code, told) = audit();
        if code == 0 {
            return told;
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    panic!("not in time: {:#}", audit().1)
}

/// A network of its own, in which a test may listen on any port, and a user's namespace of its own,
/// in which nobody has a right over the machine's clocks. None where that cannot be had.
pub(crate) struct Apart(Daemon);

impl Apart {
    pub(crate) fn new(place: &Place) -> Option<Self> {
        let spaces = ["--user", "--map-root-user", "--net"];
        let mut probe = quiet(place.command("unshare"));
        if !is_here(probe.args(spaces).args(["ip", "link", "set", "lo", "up"])) {
            return None;
        }
        let mut holder = quiet(place.command("unshare"));
        let hold = "ip link set lo up && : > apart.ready && exec sleep 600";
        let apart = Self(Daemon::start(holder.args(spaces).args(["sh", "-c", hold])));
        await_ready(place);
        Some(apart)
    }

    /// A command in there.
    pub(crate) fn command(&self, place: &Place, program: &str) -> Command {
        let mut command = quiet(place.command("nsenter"));
        let target = self.0.id().to_string();
        command.args(["--user", "--net", "--preserve-credentials", "--target", &target, "setpriv"]);
        command.args(["--bounding-set=-sys_time", "--inh-caps=-sys_time", program]);
        command
    }
}

#[expect(clippy::disallowed_methods, reason = "a namespace is made in real time")]
fn await_ready(place: &Place) {
    for _ in 0..500 {
        if place.path("apart.ready").exists() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no namespace");
}

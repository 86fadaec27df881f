//! A real etcd of one member on loopback, which ends with the test.

#![expect(clippy::disallowed_methods, reason = "waits for another process to listen")]

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The process and its folder.
pub(crate) struct Server {
    child: Child,
    folder: PathBuf,
    port: u16,
}

static STARTED: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// Starts one; none if there is no etcd.
    pub(crate) fn start() -> Option<Self> {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        // Its syncs cost nothing in memory.
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let folder = root.join(format!("avouch-etcd-{}-{number}", std::process::id()));
        let [port, peer_port] = free_ports();
        let (client, peer) =
            (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{peer_port}"));
        let spawned = Command::new("etcd")
            .args(["--name", "reference", "--data-dir"])
            .arg(&folder)
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("reference={peer}"), "--log-level", "error"])
            .args(["--quota-backend-bytes", "8589934592", "--snapshot-count", "10000000"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let child = spawned.ok()?;
        let server = Self { child, folder, port };
        server.wait_until_it_answers();
        Some(server)
    }

    /// The port that clients use.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn wait_until_it_answers(&self) {
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                let mut connection = super::http::Connection::open(self.port);
                connection.send("/v3/kv/put", "{}");
                // Before there is a leader it answers with other errors, or not at all.
                if connection.try_receive().is_some_and(|body| body.contains("key is not provided"))
                {
                    return;
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("etcd did not answer within 30 s");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn free_ports() -> [u16; 2] {
    // Held together, so that they differ.
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

//! A folder of its own to run the program in, and clusters started there.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_avouch");

/// The regions that a cluster has unless told otherwise.
pub(crate) const REGIONS: [&str; 5] =
    ["us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1", "sa-east-1"];

/// What a run said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: i32,
}

impl Ran {
    /// The standard output of a run that ended well.
    #[track_caller]
    pub(crate) fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// The same as JSON.
    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.well()).unwrap()
    }
}

/// An empty folder that remembers no cluster but its own.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&path); // left by an earlier run, or not there
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A program in this folder, with `avouch` on its path.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let mut path = Path::new(PROGRAM).parent().unwrap().as_os_str().to_owned();
        if let Some(old) = std::env::var_os("PATH") {
            path.push(":");
            path.push(old);
        }
        command
            .current_dir(&self.0)
            .env("PATH", path)
            .env("XDG_STATE_HOME", self.path("state"))
            .env_remove("AVOUCH_CLUSTER")
            .stdin(Stdio::null());
        command
    }

    /// Runs a program to its end.
    pub(crate) fn runs<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Ran {
        Self::ends(self.command(program).args(arguments))
    }

    /// The same with its clusters in memory where there is room: a disk that is busy with somebody
    /// else's work would show in what is measured.
    pub(crate) fn runs_in_memory<S: AsRef<OsStr>>(&self, program: &str, arguments: &[S]) -> Ran {
        const MEMORY: &str = "/dev/shm";
        let mut command = self.command(program);
        // Containers often have 64 MiB of it, and five nodes reserve more for their logs.
        let free = rustix::fs::statvfs(MEMORY).map_or(0, |free| free.f_bavail * free.f_frsize);
        if free > 1 << 30 {
            command.env("TMPDIR", MEMORY);
        }
        Self::ends(command.args(arguments))
    }

    fn ends(command: &mut Command) -> Ran {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let code = output.status.code().unwrap();
        Ran { out: text(output.stdout), err: text(output.stderr), code }
    }

    /// Runs `avouch` to its end.
    pub(crate) fn avouch<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        self.runs(PROGRAM, arguments)
    }

    /// Starts `avouch` with arguments that let it run until it is told to stop, and waits until it
    /// has said its first line of JSON.
    pub(crate) fn start<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Running {
        let mut command = self.command(PROGRAM);
        command.args(arguments).args(["--format", "json"]).stdout(Stdio::piped());
        Running::begin(command)
    }

    /// Starts five regions without delays, on free ports.
    pub(crate) fn up(&self) -> Running {
        self.start(&["up", "--delay", "off", "--port", "0"])
    }
}

/// A program that runs until it is told to stop. Dropping it kills it.
pub(crate) struct Running {
    child: Child,
    /// Its first line.
    pub(crate) first: serde_json::Value,
}

impl Running {
    pub(crate) fn begin(mut command: Command) -> Self {
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut running = Self { child, first: serde_json::Value::Null };
        let mut line = String::new();
        let out = running.child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        if let Ok(first) = serde_json::from_str(&line) {
            running.first = first;
            return running;
        }
        let mut err = String::new();
        running.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        panic!("did not start: {line}{err}");
    }

    /// Where a node listens for clients.
    pub(crate) fn address(&self, place: usize) -> String {
        self.first["endpoints"][place]["address"].as_str().unwrap().to_owned()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Sends Ctrl-C's signal; the exit code.
    pub(crate) fn stop(self) -> i32 {
        self.signal("-INT");
        self.wait()
    }

    /// The exit code, once it has ended.
    pub(crate) fn wait(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }

    /// Ends it at once, with no chance to do anything more.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended
        let _ = self.child.wait();
    }
}

//! Running other programs, and how long that took.

use avouch_promise::{Blame, Error};
use std::path::Path;
use std::process::{Command, Stdio};

/// The cargo that runs us.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Runs `command` with our own output and input; whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| cannot_run(&program, &error))?;
    Ok(status.success())
}

/// What `command` prints, while what it says on the side is shown; none where it fails.
pub(crate) fn printed(command: &mut Command) -> Result<Option<String>, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| cannot_run(&program, &error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(output.status.success().then_some(text))
}

/// What `command` prints, or none where it fails or does not exist.
pub(crate) fn prints(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

fn cannot_run(program: &str, error: &std::io::Error) -> Error {
    Error::new(Blame::Environment, format!("to run {program}"), error.to_string())
}

/// A stop watch: these tools are no protocol, and their time is the wall's.
#[expect(clippy::disallowed_types, reason = "measures how long a check took")]
pub(crate) struct Watch(std::time::Instant);

#[expect(clippy::disallowed_types, reason = "measures how long a check took")]
impl Watch {
    pub(crate) fn start() -> Self {
        Self(std::time::Instant::now())
    }
    pub(crate) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}

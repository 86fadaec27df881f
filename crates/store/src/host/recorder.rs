//! The step recorder: what a node's step thread did, one line a step, in a file that a person can
//! read after an incident.
//!
//! ```text
//!   steps.tsv, and steps.1.tsv before it
//!   start_ns  step_ns  effects  event
//!   8123456   41250    3        message n2
//!   8190012   12010    1        persisted 812
//! ```
//!
//! `start_ns` is the node's monotonic clock, `step_ns` how long step and effects took. It may be
//! switched while the node runs. It watches and nothing else:
//!
//! - I1 A disk that fails here ends the recording, never the node.
//! - I2 It takes at most twice [`FILE_BYTES`] of the disk.

//= §1.1.3 how monitoring changes behaviour: off, sampled, full

use super::gauges::Shared;
use super::mutant::HostMutant;
use crate::node::Node;
use avouch_machine::Event;
use avouch_promise::Nanos;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How many steps one recorded step stands for, where they are sampled.
pub const SAMPLED: u32 = 16;
/// A file that is longer becomes the one before.
const FILE_BYTES: u64 = 32 << 20;

/// How often what was written goes to the file.
const FLUSH_PERIOD: Nanos = Nanos::from_secs(1);

/// Which steps are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recording {
    /// None.
    #[default]
    Off,
    /// One of [`SAMPLED`].
    Sampled,
    /// Every one.
    Full,
}

impl Recording {
    const fn every(self) -> u32 {
        match self {
            Self::Off => 0,
            Self::Sampled => SAMPLED,
            Self::Full => 1,
        }
    }
}

/// The switch, shared with whoever holds the node's handle.
#[derive(Debug, Default)]
pub(super) struct Switch(AtomicU32);

impl Switch {
    pub(super) fn set(&self, recording: Recording) {
        self.0.store(recording.every(), Ordering::Relaxed);
    }
}

/// Records the steps of one node.
pub(super) struct Recorder {
    folder: PathBuf,
    switch: Arc<Switch>,
    steps: u32,
    file: Option<(BufWriter<File>, u64)>,
    flushed: Nanos,
    failed: bool,
    mutant: HostMutant,
}

/// A step that is being recorded.
pub(super) struct Open {
    start: Nanos,
    event: String,
}

impl Recorder {
    pub(super) fn new(folder: &Path, switch: Arc<Switch>, mutant: HostMutant) -> Self {
        Self {
            folder: folder.to_owned(),
            switch,
            steps: 0,
            file: None,
            flushed: Nanos::ZERO,
            failed: false,
            mutant,
        }
    }

    /// Whether the next step is recorded; then what it begins with.
    pub(super) fn open(&mut self, event: &Event<Node>, start: Nanos) -> Option<Open> {
        let every = self.switch.0.load(Ordering::Relaxed);
        if every == 0 || self.failed {
            return None;
        }
        self.steps = self.steps.wrapping_add(1);
        self.steps.is_multiple_of(every).then(|| Open { start, event: told(event) })
    }

    /// The step ended.
    pub(super) fn close(&mut self, open: &Open, end: Nanos, effects: usize, shared: &Shared) {
        if self.mutant == HostMutant::SlowRecorder {
            stand_still();
        }
        let took = end.minus(open.start);
        shared.recorded.add(1);
        shared.recorded_ns.add(took.0);
        let line = format!("{}\t{}\t{effects}\t{}\n", open.start.0, took.0, open.event);
        let written = self.write(line.as_bytes()).and_then(|()| self.flush(end));
        if let Err(error) = written {
            self.failed = true;
            shared.note(format!("the step recorder stopped: {error}"));
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let (mut writer, mut length) = match self.file.take() {
            Some(file) => file,
            None => self.next_file()?,
        };
        writer.write_all(line)?;
        length += line.len() as u64;
        if length < FILE_BYTES {
            self.file = Some((writer, length));
            return Ok(());
        }
        writer.flush()
    }

    /// Brings what was written to the file, so that a reader is a second behind at most while
    /// there are steps.
    fn flush(&mut self, now: Nanos) -> io::Result<()> {
        if now.minus(self.flushed) < FLUSH_PERIOD {
            return Ok(());
        }
        self.flushed = now;
        self.file.as_mut().map_or(Ok(()), |(writer, _)| writer.flush())
    }

    fn next_file(&self) -> io::Result<(BufWriter<File>, u64)> {
        let path = self.folder.join("steps.tsv");
        match std::fs::rename(&path, self.folder.join("steps.1.tsv")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut writer = BufWriter::with_capacity(64 << 10, File::create(path)?);
        let head = b"start_ns\tstep_ns\teffects\tevent\n";
        writer.write_all(head)?;
        Ok((writer, head.len() as u64))
    }
}

#[expect(clippy::disallowed_methods, reason = "the planted bug")]
fn stand_still() {
    std::thread::sleep(std::time::Duration::from_millis(1));
}

/// An event in a few words, without what it carries.
fn told(event: &Event<Node>) -> String {
    match event {
        Event::Started { incarnation } => format!("started {}", incarnation.0),
        Event::Message { from, .. } => format!("message {from}"),
        Event::Command { id, .. } => format!("command {}", id.0),
        Event::Timer(key) => format!("timer {key:?}"),
        Event::Persisted(seq) => format!("persisted {}", seq.0),
        Event::Loaded { id, .. } => format!("loaded {}", id.0),
        Event::Checkpointed(seq) => format!("checkpointed {}", seq.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_machine::Seq;

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("avouch-recorder-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    fn steps(recorder: &mut Recorder, shared: &Shared, count: u64) {
        for at in 0..count {
            let event = Event::Persisted(Seq(at));
            if let Some(open) = recorder.open(&event, Nanos(at * 100)) {
                recorder.close(&open, Nanos(at * 100 + 40), 2, shared);
            }
        }
    }

    //= §1.1.3 how monitoring changes behaviour: off, sampled, full test
    #[test]
    fn off_records_nothing_sampled_one_of_sixteen_and_full_every_step() {
        let folder = folder("levels");
        let (shared, switch) = (Shared::default(), Arc::new(Switch::default()));
        let mut recorder = Recorder::new(&folder, Arc::clone(&switch), HostMutant::None);
        steps(&mut recorder, &shared, 320);
        assert_eq!(shared.recorded.value(), 0);
        switch.set(Recording::Sampled);
        steps(&mut recorder, &shared, 320);
        assert_eq!(shared.recorded.value(), 20);
        switch.set(Recording::Full);
        steps(&mut recorder, &shared, 320);
        assert_eq!((shared.recorded.value(), shared.recorded_ns.value()), (340, 340 * 40));
        drop(recorder);
        let text = std::fs::read_to_string(folder.join("steps.tsv")).expect("a file");
        assert_eq!(text.lines().count(), 341);
        assert_eq!(text.lines().last(), Some("31900\t40\t2\tpersisted 319"));
        std::fs::remove_dir_all(folder).expect("a folder");
    }

    #[test]
    fn a_disk_that_fails_ends_the_recording_and_is_told_once() {
        let folder = folder("failing");
        let (shared, switch) = (Shared::default(), Arc::new(Switch::default()));
        switch.set(Recording::Full);
        let mut recorder = Recorder::new(&folder.join("absent"), switch, HostMutant::None);
        steps(&mut recorder, &shared, 5);
        let notes = shared.take_notes();
        assert!(notes.len() == 1 && notes[0].contains("the step recorder stopped"), "{notes:?}");
        std::fs::remove_dir_all(folder).expect("a folder");
    }

    #[test]
    fn a_full_file_becomes_the_one_before_and_no_third_is_kept() {
        let folder = folder("turning");
        let mut recorder = Recorder::new(&folder, Arc::new(Switch::default()), HostMutant::None);
        let line = vec![b'x'; 12 << 20];
        for _ in 0..10 {
            recorder.write(&line).expect("room");
        }
        drop(recorder);
        let mut names: Vec<_> = std::fs::read_dir(&folder)
            .expect("a folder")
            .map(|f| f.expect("a file").file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["steps.1.tsv", "steps.tsv"]);
        std::fs::remove_dir_all(folder).expect("a folder");
    }
}

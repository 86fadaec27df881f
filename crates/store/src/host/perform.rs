//! What the node asks for, done.

use super::intake::Input;
use super::stepper::{Held, Stepper};
use crate::disk::wal::ReadError;
use crate::disk::{Checkpoint, SpareJob};
use crate::node::{MachineImage, Node, Output, head};
use crate::wire::peer::frame::PAYLOAD_MAX;
use avouch_agreement::log::{Image, Message, Record};
use avouch_machine::{Chunk, Effect, Event, LoadId, Loaded, Seq, What};
use avouch_promise::{Blame, Decode, Encode, Error, NodeId};

/// How many bytes of records one load brings at most (and at least one record).
const LOAD_BYTES: usize = 1 << 20;

impl Stepper {
    /// Does one effect. An error ends the node (I3).
    pub(super) fn perform(&mut self, effect: Effect<Node>) -> Result<(), Error> {
        match effect {
            Effect::Send { to, message, after } => match after {
                Some(seq) if !self.durable(seq) => self.hold(seq, Held::Send(to, message)),
                _ => self.send(to, &message),
            },
            Effect::Output { value, after } => match after {
                Some(seq) if !self.durable(seq) => self.hold(seq, Held::Output(value)),
                _ => self.answer(value),
            },
            Effect::Persist { seq, record } => self.persist(seq, &record)?,
            // What it stands for must not be younger than it on the disk: a crash in between would
            // leave a checkpoint beyond the end of the log.
            Effect::Checkpoint { seq, image } => {
                let last = Seq(seq.0.saturating_sub(1));
                if self.durable(last) {
                    self.write_checkpoint(seq, image);
                } else {
                    self.hold(last, Held::Checkpoint(seq, image));
                }
            }
            Effect::Release { before } => self.wal.release(before)?,
            Effect::Load { id, what: What::Records { from, to } } => {
                let loaded = self.load_records(from, to)?;
                self.follow.push_back(Event::Loaded { id, loaded });
            }
            Effect::Load { id, what: What::Chunk { checkpoint, offset, length } } => {
                let (newest, now) = (self.checkpoints.newest(), self.env.now());
                let chosen = self.pins.choose(newest, checkpoint, now);
                self.reader.give(move || Some(load_chunk(chosen.as_deref(), id, offset, length)));
            }
            Effect::SetTimer { key, at } => self.timers.set(key, at),
            Effect::CancelTimer(key) => self.timers.cancel(key),
            Effect::Observe(observation) => self.observe(&observation),
        }
        Ok(())
    }

    fn hold(&mut self, seq: Seq, held: Held) {
        self.held.entry(seq).or_default().push(held);
    }

    /// Sends a message; one that no connection can carry is lost, and counted.
    pub(super) fn send(&mut self, to: NodeId, message: &Message) {
        self.post.lookout.sent(self.env.now(), to, message);
        let bytes = message.to_bytes();
        if bytes.len() <= PAYLOAD_MAX {
            self.mesh.send(to, bytes);
        } else {
            self.shared.oversize.add(1);
            self.shared.note(format!("a message of {} bytes to {to} was dropped", bytes.len()));
        }
    }

    /// Answers a client, if it still waits.
    pub(super) fn answer(&mut self, output: Output) {
        if let Some(reply) = self.waiting.remove(&output.id) {
            let _ = reply.send(output.reply); // a client that is gone wants nothing
        }
    }

    fn persist(&mut self, seq: Seq, record: &Record) -> Result<(), Error> {
        let bytes = record.to_bytes();
        self.wal.append(seq, &bytes)?;
        if self.shared.appended(seq, bytes.len(), self.segment_bytes / 2) {
            self.prepare_spare();
        }
        Ok(())
    }

    /// Has the next segment's zeros written ahead of need. Where that fails the log will find out
    /// by itself when it needs them.
    pub(super) fn prepare_spare(&self) {
        if let Some(job) = self.wal.spare_job() {
            self.writer.give(move || SpareJob::run(job).err().and(None));
        }
    }

    pub(super) fn write_checkpoint(&self, seq: Seq, image: Image<MachineImage>) {
        let checkpoints = self.checkpoints.clone();
        self.writer.give(move || {
            let written = checkpoints.write(seq, &head(&image), image.state.machine.snapshot());
            Some(Input::Checkpoint(written.map(|_| seq)))
        });
    }

    fn load_records(&mut self, from: Seq, to: Seq) -> Result<Loaded<Node>, Error> {
        Ok(match self.wal.read(from, to, LOAD_BYTES) {
            Ok(records) => {
                let decode = |(seq, bytes): (Seq, bytes::Bytes)| {
                    Record::from_bytes(&bytes).ok().map(|record| (seq, record))
                };
                match records.into_iter().map(decode).collect() {
                    Some(records) => Loaded::Records(records),
                    None => Loaded::Corrupt,
                }
            }
            Err(ReadError::Missing) => Loaded::Missing,
            Err(ReadError::Corrupt(range)) => {
                self.shared.damaged.add(1);
                let (from, to) = (range.start().0, range.end().0);
                self.shared.note(format!("records {from} to {to} are damaged"));
                Loaded::Corrupt
            }
            Err(ReadError::Failed(error)) => return Err(error),
        })
    }

    fn observe(&self, observation: &crate::node::Observation) {
        use avouch_agreement::log::Observation;
        let note = match observation {
            Observation::Leading(ballot) => format!("leads in {ballot}"),
            Observation::Following(ballot) => format!("follows {ballot}"),
            Observation::Installed(index) => format!("took a peer's checkpoint at {index}"),
            Observation::Doubtful => "may have lost records and asks its peers".into(),
            Observation::Rejoined => "has asked a quorum of its peers and votes again".into(),
            Observation::Contradiction(node) => format!("{node}'s data contradict what is decided"),
            Observation::Preparing(_) | Observation::ServedFromDisk(_) => return,
        };
        self.shared.note(note);
    }
}

/// Reads a part of a checkpoint's content, every byte checked. A disk that fails here is
/// told as one that has nothing: what must not be read again is decided by the log's own calls.
fn load_chunk(chosen: Option<&Checkpoint>, id: LoadId, offset: u64, length: u32) -> Input {
    let chunk = chosen.map(|chosen| {
        let bytes = chosen.read_content(offset, length)?;
        let (checkpoint, total) = (chosen.seq(), chosen.content_length()?);
        Ok::<_, Error>(Chunk { checkpoint, offset, bytes, total })
    });
    let loaded = match chunk {
        Some(Ok(chunk)) => Loaded::Chunk(chunk),
        Some(Err(error)) if error.blame == Blame::Corrupt => Loaded::Corrupt,
        Some(Err(_)) | None => Loaded::Missing,
    };
    Input::Event(Event::Loaded { id, loaded })
}

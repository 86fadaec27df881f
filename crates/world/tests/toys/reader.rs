//! A reader of its own disk: it writes numbered records, checkpoints them, and reads back whatever
//! it is told to. What it sees goes out as it is.

use avouch_machine::{Effect, Effects, Env, Event, LoadId, Loaded, Protocol, Recovered, Seq, What};
use avouch_world::Simulated;
use bytes::Bytes;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reader;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Writes so many records.
    Write(u64),
    /// Checkpoints everything written, as an image of so many bytes, and asks for truncation.
    Checkpoint(u32),
    Read(What),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Output {
    /// What was found at a start: checkpoint, records, next number, doubt.
    Found(Option<Seq>, Vec<Seq>, Seq, bool),
    Read(Loaded<Reader>),
    Persisted(Seq),
    Checkpointed(Seq),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    next: Seq,
    found: Output,
}

impl Protocol for Reader {
    type Config = ();
    type State = State;
    type Message = ();
    type Command = Command;
    type Record = u64;
    type Image = u32;
    type Output = Output;
    type Observation = ();
    type Timer = ();

    fn recover((): &(), recovered: Recovered<Self>) -> State {
        let checkpoint = recovered.checkpoint.map(|(seq, _)| seq);
        assert!(recovered.records.iter().all(|(seq, record)| seq.0 == *record));
        let records = recovered.records.into_iter().map(|(seq, _)| seq).collect();
        let next = recovered.next_seq;
        State { next, found: Output::Found(checkpoint, records, next, recovered.doubtful) }
    }

    fn step(
        (): &(),
        state: &mut State,
        event: Event<Self>,
        _: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } => effects.output(state.found.clone()),
            Event::Command { command: Command::Write(count), .. } => {
                for _ in 0..count {
                    effects.persist(state.next, state.next.0);
                    state.next = state.next.next();
                }
            }
            Event::Command { command: Command::Checkpoint(bytes), .. } => {
                effects.push(Effect::Checkpoint { seq: state.next, image: bytes });
                effects.push(Effect::Release { before: state.next });
            }
            Event::Command { command: Command::Read(what), .. } => {
                effects.push(Effect::Load { id: LoadId(1), what });
            }
            Event::Loaded { loaded, .. } => effects.output(Output::Read(loaded)),
            Event::Persisted(seq) => effects.output(Output::Persisted(seq)),
            Event::Checkpointed(seq) => effects.output(Output::Checkpointed(seq)),
            _ => {}
        }
    }
}

impl Simulated for Reader {
    fn image_bytes(image: &u32) -> Bytes {
        (0..*image).map(|at| (at % 251) as u8).collect()
    }
}

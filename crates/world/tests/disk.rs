//! The simulated disk, seen through a protocol that only writes and reads: what a start finds
//! after each kind of damage, and what loads bring.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

mod toys;

use avouch_machine::{CommandId, Loaded, Seq, What};
use avouch_promise::{Nanos, NodeId};
use avouch_world::{Count, Delay, Driver, Fault, Options, World};
use toys::reader::{Command, Output, Reader};

const NODE: NodeId = NodeId(1);

#[derive(Default)]
struct Heard(Vec<Output>);

impl Driver<Reader> for Heard {
    fn on_output(&mut self, _: &mut World<Reader>, _: NodeId, output: Output) {
        self.0.push(output);
    }
}

struct Disk {
    world: World<Reader>,
    heard: Heard,
}

impl Disk {
    fn new(seed: u64) -> Self {
        Self::syncing_for(seed, Nanos::from_millis(1))
    }
    /// One whose syncs take this long.
    fn syncing_for(seed: u64, sync: Nanos) -> Self {
        let mut options = Options::default();
        options.disk.sync = Delay::Constant(sync);
        options.disk.torn = 0.0;
        let mut disk = Self { world: World::new(seed, options, vec![()]), heard: Heard::default() };
        disk.wait(1_000);
        disk
    }
    fn wait(&mut self, micros: u64) -> Vec<Output> {
        let until = self.world.now().plus(Nanos::from_micros(micros));
        self.world.run_until(&mut self.heard, until);
        std::mem::take(&mut self.heard.0)
    }
    fn order(&mut self, command: Command) {
        assert!(self.world.command(NODE, CommandId(1), command));
        self.wait(0);
    }
    fn write(&mut self, count: u64) {
        self.order(Command::Write(count));
    }
    fn read(&mut self, what: What) -> Loaded<Reader> {
        self.order(Command::Read(what));
        match self.wait(5_000).as_slice() {
            [Output::Read(loaded)] => loaded.clone(),
            other => panic!("one load, not {other:?}"),
        }
    }
    fn records(&mut self, from: u64, to: u64) -> Loaded<Reader> {
        self.read(What::Records { from: Seq(from), to: Seq(to) })
    }
    fn chunk(&mut self, offset: u64, length: u32) -> Loaded<Reader> {
        self.read(What::Chunk { checkpoint: None, offset, length })
    }
    fn chunk_of(&mut self, checkpoint: u64, offset: u64, length: u32) -> Loaded<Reader> {
        self.read(What::Chunk { checkpoint: Some(Seq(checkpoint)), offset, length })
    }
    fn checkpoint(&mut self, bytes: u32) {
        self.order(Command::Checkpoint(bytes));
        self.wait(500_000);
    }
    fn fault(&mut self, fault: Fault) {
        self.world.inject(fault);
        self.wait(0);
    }
    /// Goes down by this fault, comes up, and says what was found.
    fn after(&mut self, fault: Fault) -> (Option<u64>, Vec<u64>, u64, bool) {
        self.wait(0);
        self.fault(fault);
        self.world.inject(Fault::Restart { node: NODE });
        match self.wait(0).as_slice() {
            [Output::Found(checkpoint, records, next, doubtful)] => (
                checkpoint.map(|seq| seq.0),
                records.iter().map(|seq| seq.0).collect(),
                next.0,
                *doubtful,
            ),
            other => panic!("one start, not {other:?}"),
        }
    }
    fn rot(&mut self, seq: u64) {
        self.fault(Fault::RotRecord { node: NODE, seq: Some(Seq(seq)) });
        assert_eq!(self.world.counters().of(Count::BitRots), 1);
    }
}

const CRASH: Fault = Fault::Crash { node: NODE };
const LOST: Fault = Fault::LostWrites { node: NODE };
const TORN: Fault = Fault::TornWrite { node: NODE };

#[test]
fn one_sync_serves_everything_written_before_it_began() {
    let mut disk = Disk::new(1);
    disk.write(2);
    disk.wait(500);
    disk.write(3);
    disk.write(1);
    assert_eq!(disk.wait(499), []);
    assert_eq!(disk.wait(1), [Output::Persisted(Seq(2))]);
    assert_eq!(disk.wait(999), []);
    assert_eq!(disk.wait(1), [Output::Persisted(Seq(6))]);
    assert_eq!(disk.world.counters().of(Count::Syncs), 2);
}

#[test]
fn a_crash_keeps_a_prefix_of_the_unsynced_records_any_prefix() {
    let mut kept = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut disk = Disk::new(seed);
        disk.write(2);
        disk.wait(1_000);
        disk.write(3);
        let (_, records, next, doubtful) = disk.after(CRASH);
        assert_eq!(records, (1..next).collect::<Vec<_>>());
        assert!((3..=6).contains(&next) && !doubtful);
        assert_eq!(disk.world.counters().of(Count::LostRecords), 6 - next);
        kept.insert(next);
    }
    assert_eq!(kept.len(), 4, "{kept:?}");
    let mut disk = Disk::new(1);
    disk.write(2);
    assert_eq!(disk.after(LOST), (None, vec![], 1, false));
}

#[test]
fn a_torn_tail_is_cut_and_a_rotted_acknowledged_record_is_not() {
    // The same place in the log, the last record: one was never durable, the other was.
    for seed in 0..50 {
        let mut torn = Disk::new(seed);
        torn.write(4);
        torn.wait(1_000);
        torn.write(1);
        assert_eq!(torn.after(TORN), (None, vec![1, 2, 3, 4], 5, false));
        assert_eq!(torn.world.counters().of(Count::TornTails), 1);

        let mut rotted = Disk::new(seed);
        rotted.write(5);
        rotted.wait(1_000);
        rotted.rot(5);
        assert_eq!(rotted.after(CRASH), (None, vec![1, 2, 3, 4], 6, true));
    }
}

#[test]
fn rot_in_the_middle_is_a_gap_and_stays_one_until_a_checkpoint_covers_it() {
    let mut disk = Disk::new(3);
    disk.write(4);
    disk.wait(1_000);
    disk.rot(2);
    assert_eq!(disk.records(2, 4), Loaded::Corrupt);
    assert!(matches!(disk.records(1, 4), Loaded::Records(found) if found == [(Seq(1), 1)]));
    assert_eq!(disk.after(CRASH), (None, vec![1, 3, 4], 5, true));
    assert_eq!(disk.after(CRASH), (None, vec![1, 3, 4], 5, true));
    assert_eq!(disk.world.counters().of(Count::DoubtfulStarts), 2);
    disk.checkpoint(10);
    assert_eq!(disk.after(CRASH), (Some(5), vec![], 5, false));
    assert_eq!(disk.records(2, 4), Loaded::Missing);
}

#[test]
fn a_hole_behind_which_a_record_survived_is_doubtful() {
    let mut options = Options::default();
    (options.disk.torn, options.disk.hole) = (0.0, 1.0);
    let mut holes = 0;
    for seed in 0..50 {
        let mut disk = Disk::new(seed);
        disk.world = World::new(seed, options.clone(), vec![()]);
        disk.wait(0);
        disk.write(6);
        let (_, records, next, doubtful) = disk.after(CRASH);
        let gaps = next - 1 - records.len() as u64;
        let made = disk.world.counters().of(Count::Holes);
        assert_eq!((gaps, doubtful), (made, made == 1), "seed {seed}: {records:?} {next}");
        holes += made;
    }
    assert!(holes > 10, "{holes}");
}

#[test]
fn a_checkpoint_is_durable_as_a_whole_or_not_at_all() {
    let mut disk = Disk::new(1);
    disk.write(3);
    disk.wait(1_000);
    // 200 MB a second: a million bytes take five milliseconds at least.
    disk.order(Command::Checkpoint(1_000_000));
    disk.wait(5_000);
    assert_eq!(disk.chunk(0, 10), Loaded::Missing);
    assert_eq!(disk.after(CRASH), (None, vec![1, 2, 3], 4, false));
    assert_eq!(disk.world.counters().of(Count::LostCheckpoints), 1);
    disk.order(Command::Checkpoint(1_000_000));
    assert_eq!(disk.wait(500_000), [Output::Checkpointed(Seq(4))]);
    assert_eq!(disk.after(CRASH), (Some(4), vec![], 4, false));
    disk.write(1);
    disk.wait(1_000);
    assert_eq!(disk.after(CRASH), (Some(4), vec![4], 5, false));
}

#[test]
fn a_checkpoint_may_outlive_the_records_that_it_covers() {
    let mut disk = Disk::syncing_for(1, Nanos::from_secs(2));
    disk.write(2);
    disk.wait(2_000_000);
    disk.write(3);
    disk.checkpoint(10);
    assert_eq!(disk.world.disk(NODE).unwrap().durable(), Seq(2), "their sync is under way");
    assert_eq!(disk.after(LOST), (Some(6), vec![], 6, false));
    disk.write(1);
    disk.wait(2_000_000);
    assert_eq!(disk.after(LOST), (Some(6), vec![6], 7, false));
}

#[test]
fn chunks_are_the_bytes_of_the_newest_checkpoint_block_by_block() {
    let mut disk = Disk::new(2);
    disk.write(1);
    disk.checkpoint(200_000);
    let Loaded::Chunk(chunk) = disk.chunk(70_000, 1_000) else { panic!("a chunk") };
    assert_eq!((chunk.checkpoint, chunk.offset, chunk.total), (Seq(2), 70_000, 200_000));
    assert_eq!(chunk.bytes.len(), 1_000);
    assert_eq!(chunk.bytes[0], (70_000 % 251) as u8);
    let Loaded::Chunk(last) = disk.chunk(199_999, 1_000) else { panic!("a chunk") };
    assert_eq!(last.bytes.len(), 1);
    let Loaded::Chunk(end) = disk.chunk(200_000, 1_000) else { panic!("a chunk") };
    assert!(end.bytes.is_empty());
    assert_eq!(disk.chunk(200_001, 1), Loaded::Missing);

    disk.fault(Fault::RotCheckpoint { node: NODE });
    let blocks = [0, 65_536, 131_072, 196_608];
    let bad: Vec<_> =
        blocks.into_iter().filter(|at| disk.chunk(*at, 1) == Loaded::Corrupt).collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(disk.chunk(0, 200_000), Loaded::Corrupt);
    assert_eq!(disk.after(CRASH), (None, vec![], 2, true));
    assert_eq!(disk.world.counters().of(Count::CorruptLoads), 2);
}

#[test]
fn a_checkpoint_that_is_read_outlives_its_place_as_long_as_it_is_read() {
    let of = |loaded: Loaded<Reader>| match loaded {
        Loaded::Chunk(chunk) => Some((chunk.checkpoint.0, chunk.total)),
        _ => None,
    };
    let checkpoint = |disk: &mut Disk, bytes| {
        disk.write(1);
        disk.checkpoint(bytes);
    };
    let mut disk = Disk::new(2);
    checkpoint(&mut disk, 1_000);
    assert_eq!(of(disk.chunk_of(9, 0, 10)), None, "no such checkpoint");
    checkpoint(&mut disk, 2_000);
    assert_eq!(of(disk.chunk_of(2, 0, 10)), None, "nobody had read it");
    assert_eq!(of(disk.chunk(0, 10)), Some((3, 2_000)));
    checkpoint(&mut disk, 3_000);
    assert_eq!(of(disk.chunk_of(3, 10, 10)), Some((3, 2_000)), "it is being read");
    assert_eq!(of(disk.chunk(0, 10)), Some((4, 3_000)), "others begin with the newest");
    for _ in 0..40 {
        disk.wait(1_000_000);
        assert_eq!(of(disk.chunk_of(3, 20, 10)), Some((3, 2_000)));
    }
    disk.wait(30_000_000);
    assert_eq!(of(disk.chunk_of(3, 30, 10)), None, "nobody has read it for long");

    for bytes in 1..=6 {
        checkpoint(&mut disk, bytes);
        assert!(of(disk.chunk(0, 10)).is_some());
    }
    let kept: Vec<u64> = (5..=10).filter(|seq| of(disk.chunk_of(*seq, 0, 1)).is_some()).collect();
    assert_eq!(kept, [7, 8, 9, 10], "few are kept");
    disk.after(CRASH);
    assert_eq!(of(disk.chunk_of(9, 0, 1)), None, "none after a crash");
    assert_eq!(of(disk.chunk_of(10, 0, 1)), Some((10, 6)));
}

#[test]
fn a_full_disk_crashes_the_node_and_refuses_its_start_until_it_has_room() {
    let mut disk = Disk::new(1);
    disk.write(2);
    disk.wait(1_000);
    disk.fault(Fault::DiskFull { node: NODE, full: true });
    assert!(disk.world.is_up(NODE));
    disk.write(1);
    assert!(!disk.world.is_up(NODE));
    disk.fault(Fault::Restart { node: NODE });
    assert!(!disk.world.is_up(NODE));
    assert_eq!(disk.world.counters().of(Count::FailedWrites), 2);
    disk.fault(Fault::DiskFull { node: NODE, full: false });
    assert_eq!(disk.after(CRASH), (None, vec![1, 2], 3, false));
}

#[test]
fn a_slow_disk_takes_longer_and_calm_ends_it() {
    let mut disk = Disk::new(1);
    disk.fault(Fault::DiskSlow { node: NODE, factor: 50 });
    disk.write(1);
    assert_eq!(disk.wait(49_999), []);
    assert_eq!(disk.wait(1), [Output::Persisted(Seq(1))]);
    disk.fault(Fault::Calm);
    disk.write(1);
    assert_eq!(disk.wait(1_000), [Output::Persisted(Seq(2))]);
}

#[test]
fn what_a_disk_works_on_goes_on_at_its_new_pace() {
    let mut disk = Disk::new(1);
    disk.fault(Fault::DiskSlow { node: NODE, factor: 50 });
    disk.write(1);
    assert_eq!(disk.wait(25_000), [], "half of it is done");
    disk.fault(Fault::DiskSlow { node: NODE, factor: 100 });
    assert_eq!(disk.wait(49_999), []);
    assert_eq!(disk.wait(1), [Output::Persisted(Seq(1))]);
    // A checkpoint and a sync that would take minutes are there soon after calm.
    disk.fault(Fault::DiskSlow { node: NODE, factor: 60_000 });
    disk.order(Command::Checkpoint(1_000));
    disk.write(1);
    assert_eq!(disk.wait(5_000_000), []);
    disk.fault(Fault::Calm);
    let heard = disk.wait(60_000);
    assert!(heard.contains(&Output::Persisted(Seq(2))), "{heard:?}");
    assert!(disk.world.disk(NODE).unwrap().checkpoint().is_some(), "{heard:?}");
    assert_eq!(disk.world.counters().of(Count::Checkpoints), 1);
    assert_eq!(disk.world.counters().of(Count::Syncs), 2, "each is done once");
}

#[test]
fn calm_ends_the_wait_behind_others_for_what_is_under_way() {
    let mut disk = Disk::new(1);
    let (utilisation, service) = (50.0, Nanos::from_millis(200));
    disk.fault(Fault::DiskSaturated { node: NODE, utilisation, service });
    disk.wait(10_000_000);
    disk.fault(Fault::DiskSlow { node: NODE, factor: 100 });
    disk.write(1);
    assert_eq!(disk.wait(3_000_000), [], "others are before it");
    for factor in [1, 200] {
        disk.fault(Fault::DiskSlow { node: NODE, factor });
        assert_eq!(disk.wait(1_000_000), [], "they are before it at any pace of ours");
    }
    disk.fault(Fault::Calm);
    assert_eq!(disk.wait(1_000), [Output::Persisted(Seq(1))]);
}

#[test]
fn calm_frees_what_is_read_back_once() {
    let mut disk = Disk::new(1);
    disk.write(2);
    disk.wait(1_000);
    disk.fault(Fault::DiskSlow { node: NODE, factor: 60_000 });
    disk.order(Command::Read(What::Records { from: Seq(1), to: Seq(2) }));
    assert_eq!(disk.wait(2_000_000), []);
    disk.fault(Fault::DiskSlow { node: NODE, factor: 59_000 });
    assert_eq!(disk.wait(1_000_000), []);
    disk.fault(Fault::Calm);
    assert!(matches!(disk.wait(10_000).as_slice(), [Output::Read(Loaded::Records(_))]));
    assert_eq!(disk.wait(200_000_000), [], "and not again");
}

#[test]
fn a_pause_stops_the_process_and_not_the_disk() {
    let mut disk = Disk::new(1);
    disk.write(1);
    disk.fault(Fault::Pause { node: NODE, duration: Nanos::from_millis(10) });
    assert_eq!(disk.wait(9_999), []);
    assert_eq!(disk.world.disk(NODE).unwrap().durable(), Seq(1));
    assert_eq!(disk.wait(1), [Output::Persisted(Seq(1))]);
}

#[test]
fn a_crash_takes_what_a_lying_disk_said_was_durable_and_nothing_else() {
    let (mut lost, mut all) = (std::collections::BTreeSet::new(), 0);
    for seed in 0..120 {
        let mut disk = Disk::new(seed);
        disk.write(2);
        disk.wait(1_000);
        disk.fault(Fault::LyingSync { node: NODE, lies: true });
        disk.write(3);
        assert_eq!(disk.wait(1_000), [Output::Persisted(Seq(5))], "so it says");
        assert_eq!(disk.world.disk(NODE).unwrap().survives(), Seq(2));
        let everything = seed % 2 == 0;
        let (_, records, next, doubtful) = disk.after(if everything { LOST } else { CRASH });
        assert!((3..=6).contains(&next) && !doubtful, "nothing shows what is gone");
        assert_eq!(records, (1..next).collect::<Vec<_>>());
        all += u64::from(everything && next == 3);
        lost.insert(disk.world.counters().of(Count::LiedRecords));
    }
    assert_eq!((lost, all), ((0..=3).collect(), 60));
    // Once it is honest again, the next sync covers everything before it, too.
    let mut disk = Disk::new(1);
    disk.fault(Fault::LyingSync { node: NODE, lies: true });
    disk.write(3);
    disk.wait(1_000);
    disk.fault(Fault::LyingSync { node: NODE, lies: false });
    disk.write(1);
    disk.wait(1_000);
    assert_eq!(disk.after(LOST), (None, vec![1, 2, 3, 4], 5, false));
}

#[test]
fn a_misdirected_write_costs_two_records_and_is_seen_in_both_places() {
    for seed in 0..40 {
        let mut disk = Disk::new(seed);
        disk.write(5);
        disk.wait(1_000);
        disk.fault(Fault::MisdirectedWrite { node: NODE, seq: Some(Seq(3)) });
        assert_eq!(disk.world.counters().of(Count::MisdirectedWrites), 1);
        assert_eq!(disk.records(3, 3), Loaded::Corrupt);
        let (_, records, next, doubtful) = disk.after(CRASH);
        assert!(doubtful && next == 6 && records.len() == 3 && !records.contains(&3));
    }
}

#[test]
fn a_misdirected_read_is_seen_and_the_next_one_is_right() {
    let mut disk = Disk::new(1);
    disk.write(4);
    disk.wait(1_000);
    disk.fault(Fault::MisdirectedRead { node: NODE, probability: 1.0 });
    assert_eq!(disk.records(1, 4), Loaded::Corrupt);
    let (_, records, _, doubtful) = disk.after(CRASH);
    assert!(records.is_empty() && doubtful);
    disk.fault(Fault::MisdirectedRead { node: NODE, probability: 0.0 });
    assert_eq!(disk.after(CRASH), (None, vec![1, 2, 3, 4], 5, false));
}

#[test]
fn a_read_error_stops_the_node_and_keeps_it_from_starting() {
    let mut disk = Disk::new(1);
    disk.write(2);
    disk.wait(1_000);
    disk.fault(Fault::ReadError { node: NODE, probability: 1.0 });
    disk.order(Command::Read(What::Records { from: Seq(1), to: Seq(2) }));
    assert_eq!(disk.wait(5_000), [], "no answer");
    assert!(!disk.world.is_up(NODE));
    disk.fault(Fault::Restart { node: NODE });
    assert!(!disk.world.is_up(NODE));
    assert_eq!(disk.world.counters().of(Count::ReadErrors), 2);
    disk.fault(Fault::ReadError { node: NODE, probability: 0.0 });
    assert_eq!(disk.after(CRASH), (None, vec![1, 2], 3, false));
}

#[test]
fn any_subset_of_the_unsynced_records_may_survive() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut disk = Disk::new(seed);
        disk.write(2);
        disk.wait(1_000);
        disk.write(3);
        let (_, records, next, doubtful) = disk.after(Fault::SubsetWrite { node: NODE });
        assert!(records.starts_with(&[1, 2]), "what was durable stays");
        assert_eq!(doubtful, (records.len() as u64) < next - 1, "a hole makes doubt");
        seen.insert(records);
    }
    assert_eq!(seen.len(), 8, "every subset of three: {seen:?}");
}

//= §4.1.1 amnesia on restart test
#[test]
fn a_node_whose_disk_is_gone_is_refused_and_one_that_lost_its_unsynced_records_is_not() {
    let mut disk = Disk::new(1);
    disk.write(1);
    assert_eq!(disk.after(LOST), (None, vec![], 1, false), "it had started, and knows it");
    disk.fault(Fault::Amnesia { node: NODE });
    for fault in [Fault::Restart { node: NODE }, Fault::Calm] {
        disk.fault(fault);
        assert!(!disk.world.is_up(NODE) && disk.world.is_gone(NODE));
    }
    assert_eq!(disk.world.counters().of(Count::AmnesiacsRefused), 2);
}

#[test]
fn who_stops_for_good_never_starts_again() {
    for fault in [Fault::CrashStop { node: NODE }, Fault::FailStop { node: NODE }] {
        let mut disk = Disk::new(1);
        disk.fault(fault);
        disk.fault(Fault::Restart { node: NODE });
        disk.fault(Fault::Calm);
        assert!(!disk.world.is_up(NODE) && disk.world.is_gone(NODE));
    }
}

//! Rot: every byte of a log and of a checkpoint is flipped, one at a time. What was acknowledged is
//! returned as it was written, or named as corrupt, or the tail is called doubtful; and the
//! scrub names every flip, wherever it is.

mod disk_common;

use avouch_machine::Seq;
use avouch_promise::{Blame, NodeId, Random};
use avouch_store::disk::memory::Survivors;
use avouch_store::disk::scrub::{Damaged, scrub};
use avouch_store::disk::{
    Checkpoints, Data, Folder, Identity, MemoryFolder, Mutant, Options, Part, ReadError,
    RecoveredLog, Scrubber, Wal,
};
use bytes::Bytes;
use disk_common::{IDENTITY, append, check_content, open, options, record};
use std::sync::Arc;

/// A log of `records` records in groups of three, over several segments of two data blocks each,
/// and two starts of the node.
fn small_log(records: u64) -> MemoryFolder {
    let folder = MemoryFolder::new(2);
    let mut written = 0;
    while written < records {
        let options = Options { segment_bytes: 5 * 4096, ..Options::default() };
        let (mut wal, _) =
            Wal::open_in(Arc::new(folder.clone()), IDENTITY, options).expect("opens");
        for _ in 0..2 {
            for _ in 0..3 {
                let seq = wal.next_seq();
                wal.append(seq, &short(seq.0)).expect("an append");
            }
            written = wal.sync().expect("a sync").0;
        }
    }
    folder
}

fn short(seq: u64) -> Bytes {
    record(seq, 0).slice(..8)
}

/// Every bit of every record's frame in a small log, one at a time.
//= §4.1.3 bit flips in memory, on the wire, on disk test
#[test]
fn every_flipped_bit_of_a_record_is_seen_and_never_returned() {
    let folder = small_log(2);
    let (mut bits, mut named) = (0, 0);
    for seq in 1..=2 {
        let ((name, start), _) = place(&folder, seq);
        for bit in 0..40 * 8 {
            let rotten = folder.copy();
            rotten.flip(&name, start + bit / 8, 1 << (bit % 8));
            let at = format!("record {seq}, bit {bit}");
            assert!(!scrub(&rotten).expect("a scrub").flips.is_empty(), "{at}: the scrub is blind");
            let options = Options { segment_bytes: 0, ..options(Mutant::None) };
            let (_, log) = Wal::open_in(Arc::new(rotten), IDENTITY, options).expect("opens");
            judge(&log, 6).unwrap_or_else(|error| panic!("{at}: {error}"));
            bits += 1;
            named += usize::from(!log.corrupt.is_empty());
        }
    }
    println!("{bits} bits of records, {named} times the record is named");
    assert!(bits == 640 && named > 600, "{named} of {bits}");
}

/// An error if anything acknowledged is silently missing or wrong.
fn judge(log: &RecoveredLog, acknowledged: u64) -> Result<(), String> {
    for (seq, data) in &log.records {
        if *data != short(seq.0) {
            return Err(format!("record {} is not what was written", seq.0));
        }
    }
    for seq in (1..=acknowledged).map(Seq) {
        let there = log.records.iter().any(|(found, _)| *found == seq);
        let named = log.corrupt.iter().any(|range| range.contains(&seq));
        let doubted = log.doubtful && seq >= log.next_seq;
        if !there && !named && !doubted {
            return Err(format!("record {} is silently missing", seq.0));
        }
    }
    Ok(())
}

/// Flips every byte of every file of `folder` whose name is not before `from`; gives the first
/// failure and how often the tail was doubtful and how often a record was named.
fn flip_every_byte(
    folder: &MemoryFolder,
    from: &str,
    mutant: Mutant,
) -> Result<(usize, usize), String> {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    let (mut doubtful, mut corrupt) = (0, 0);
    for name in folder.names().expect("names").into_iter().filter(|name| **name >= *from) {
        for offset in 0..folder.content(&name).expect("content").len() {
            let rotten = folder.copy();
            rotten.flip(&name, offset, 1 << random.below(8));
            let at = format!(
                "{name} byte {offset}; repro: AVOUCH_SEED={seed} cargo test -p avouch-store --test disk_rot"
            );
            let report = scrub(&rotten).map_err(|e| format!("{e}: {at}"))?;
            if report.flips.is_empty() {
                return Err(format!("the scrub saw nothing: {at}"));
            }
            let options = Options { segment_bytes: 0, ..options(mutant) };
            let (_, log) = Wal::open_in(Arc::new(rotten), IDENTITY, options)
                .map_err(|e| format!("one flip is never fatal, but {e}: {at}"))?;
            judge(&log, 12).map_err(|e| format!("{e}: {at}"))?;
            let lost: u64 = log.corrupt.iter().map(|r| r.end().0 - r.start().0 + 1).sum();
            if lost > 1 {
                return Err(format!("one flip lost {lost} records: {at}"));
            }
            doubtful += usize::from(log.doubtful);
            corrupt += usize::from(lost == 1);
        }
    }
    Ok((doubtful, corrupt))
}

#[test]
fn every_flipped_byte_of_a_log_is_seen_and_never_returned() {
    let folder = small_log(12);
    assert!(scrub(&folder).expect("a scrub").flips.is_empty());
    let (_, corrupt) = flip_every_byte(&folder, "", Mutant::None).expect("every flip is seen");
    assert!(corrupt >= 12 * 40, "only {corrupt} flips hit a record");
    // Without the last mark, which no sync carries, rot in the last group is doubtful instead.
    let unmarked = folder.crash(&Survivors::Nothing);
    let last = unmarked.names().expect("names").pop_last().expect("a segment");
    let (doubtful, _) =
        flip_every_byte(&unmarked, &last, Mutant::None).expect("every flip is seen");
    assert!(doubtful >= 3 * 40, "only {doubtful} flips made the tail doubtful");
}

#[test]
fn taking_rot_for_a_torn_tail_is_caught() {
    let error = flip_every_byte(&small_log(12), "", Mutant::CutAtFirstBad).expect_err("caught");
    assert!(error.contains("silently missing"), "{error}");
}

#[test]
fn blocks_of_an_earlier_life_are_never_taken_for_records() {
    let story = |mutant| {
        let folder = MemoryFolder::new(3);
        let (mut wal, _) = open(&folder, mutant);
        for seq in 1..=4 {
            wal.append(Seq(seq), &short(seq)).expect("an append");
        }
        wal.sync().expect("a sync");
        // The first life's records 5 and 6 never become durable ...
        for seq in 5..=6 {
            wal.append(Seq(seq), b"of the earlier life").expect("an append");
        }
        folder.crash_after(2);
        wal.sync().expect_err("the power fails");
        let old = folder.content("log-0000000001.segment").expect("the first segment");
        let folder = folder.crash(&Survivors::Nothing);
        // ... the second life writes others ...
        let (mut wal, _) = open(&folder, mutant);
        wal.append(Seq(5), &short(5)).expect("an append");
        wal.sync().expect("a sync");
        // ... and the disk brings the old block back: a lost write, or a misplaced one.
        folder.overwrite("log-0000000002.segment", 3 * 4096, &old[3 * 4096..4 * 4096]);
        let (_, log) = open(&folder, mutant);
        judge(&log, 5)
    };
    story(Mutant::None).expect("old blocks are not records");
    story(Mutant::GenerationNotInChecksum).expect_err("the planted bug is caught");
}

#[test]
fn a_corrupt_record_is_refused_and_named_until_it_is_released() {
    let folder = small_log(12);
    let (wal, _) = open(&folder, Mutant::None);
    drop(wal);
    // Record 2's data, and record 8's identity.
    let (first, _) = place(&folder, 2);
    folder.flip(&first.0, first.1 + 33, 4);
    let (second, _) = place(&folder, 8);
    folder.flip(&second.0, second.1 + 9, 4);
    let (mut wal, log) = open(&folder, Mutant::None);
    assert_eq!(log.corrupt, [Seq(2)..=Seq(2), Seq(8)..=Seq(8)]);
    assert_eq!(log.next_seq, Seq(13));
    assert_eq!(wal.read(Seq(2), Seq(4), 1 << 20), Err(ReadError::Corrupt(Seq(2)..=Seq(2))));
    assert_eq!(wal.read(Seq(6), Seq(9), 1 << 20).expect("a prefix").len(), 2);
    assert_eq!(wal.corrupt(), log.corrupt);
    assert_eq!(wal.read(Seq(1), Seq(13), 1 << 20), Err(ReadError::Missing));
    assert_eq!(wal.read(Seq(3), Seq(7), 9).expect("a prefix").len(), 2);
    append(&mut wal, 1, 0);
    assert_eq!(wal.read(Seq(13), Seq(13), 1).expect("from memory")[0].1, record(13, 0));
    wal.sync().expect("a sync");
    // A later start finds the same; once a checkpoint covers them they are released with the rest.
    let (mut wal, log) = open(&folder.crash(&Survivors::Nothing), Mutant::None);
    assert_eq!(log.corrupt, [Seq(2)..=Seq(2), Seq(8)..=Seq(8)]);
    wal.release(Seq(13)).expect("released");
    assert_eq!(wal.corrupt(), []);
}

/// Where a record stands, by looking for its bytes.
fn place(folder: &MemoryFolder, seq: u64) -> ((String, usize), usize) {
    let data = short(seq);
    let mut found = Vec::new();
    for name in folder.names().expect("names") {
        let content = folder.content(&name).expect("content");
        for at in (32..content.len() - 8).step_by(8) {
            let identity = content[at - 32..at - 28] == *b"avR1";
            if identity && content[at..at + 8] == *data {
                found.push((name.clone(), at - 32));
            }
        }
    }
    let copies = found.len();
    (found.pop().expect("the record is somewhere"), copies)
}

#[test]
fn a_scrub_goes_round_a_running_node_and_finds_rot() {
    let folder = MemoryFolder::new(4);
    let mut data =
        Data::open_in(Arc::new(folder.clone()), IDENTITY, options(Mutant::None)).expect("opens");
    for seq in 1..=30 {
        data.wal.append(Seq(seq), &short(seq)).expect("an append");
        data.wal.sync().expect("a sync");
    }
    let body = (0..2).map(|fill| Bytes::from(vec![fill; 100_000]));
    data.checkpoints.write(Seq(1), b"meta", body).expect("written");
    let round = |data: &mut Data, scrubber: &mut Scrubber| {
        let (rounds, mut flips) = (scrubber.rounds, Vec::new());
        while scrubber.rounds == rounds {
            flips.extend(scrubber.step(&mut data.wal, &data.checkpoints, 1000).expect("a step"));
        }
        flips
    };
    let mut scrubber = Scrubber::default();
    assert!(round(&mut data, &mut scrubber).is_empty());
    let (at, _) = place(&folder, 17);
    folder.flip(&at.0, at.1 + 35, 1);
    folder.flip("checkpoint-00000000000000000001.image", 4096 + 65_536 + 77, 1);
    let flips = round(&mut data, &mut scrubber);
    let what: Vec<_> = flips.iter().map(|flip| flip.what).collect();
    assert_eq!(what, [Damaged::Record(Seq(17)), Damaged::Checkpoint(Part::Block(1))]);
    assert_eq!(data.wal.corrupt(), [Seq(17)..=Seq(17)]);
}

fn checkpoint(folder: &MemoryFolder, length: usize) -> Checkpoints {
    let (checkpoints, _) =
        Checkpoints::open(Arc::new(folder.clone()), IDENTITY.cluster).expect("opens");
    let mut random = Random::new(5);
    let body: Vec<u8> = (0..length).map(|_| random.bits() as u8).collect();
    let pieces = body.chunks(777).map(Bytes::copy_from_slice);
    checkpoints.write(Seq(9), b"meta of this state", pieces).expect("written");
    checkpoints
}

#[test]
fn every_flipped_bit_of_a_checkpoint_names_its_part_and_is_refused() {
    for (length, step) in [(1000, 1), (150_000, 1_601)] {
        let folder = MemoryFolder::new(6);
        checkpoint(&folder, length);
        let name = "checkpoint-00000000000000000009.image";
        let sound = folder.content(name).expect("content");
        for bit in (0..sound.len() * 8).step_by(step) {
            let offset = bit / 8;
            let rotten = folder.copy();
            rotten.flip(name, offset, 1 << (bit % 8));
            let (checkpoints, opened) =
                Checkpoints::open(Arc::new(rotten.clone()), IDENTITY.cluster).expect("opens");
            let expected = match offset {
                0..4096 => Part::Head,
                _ if offset >= sound.len() - 64 => Part::Footer,
                _ => Part::Block(((offset - 4096) / 65_536) as u64),
            };
            assert!(opened.newest.is_none() && checkpoints.newest().is_none(), "byte {offset}");
            let [(damaged, parts)] = &opened.damaged[..] else { panic!("byte {offset}") };
            assert_eq!(*parts, [expected], "byte {offset}");
            let refused = damaged.part(expected).expect_err("never served");
            assert_eq!(refused.blame, Blame::Corrupt);
            assert!(refused.expected.contains(&expected.to_string()), "{refused}");
            let body = damaged.body().and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let whole = body.and_then(|_| damaged.meta()).and_then(|_| damaged.digest());
            assert!(whole.is_err(), "byte {offset}");
            assert_eq!(checkpoints.covered().seq(), Seq(0), "it covers nothing");
            // The next one takes its place.
            checkpoints.write(Seq(10), b"meta", [Bytes::from_static(b"body")]).expect("written");
            assert!(!rotten.names().expect("names").contains(name), "byte {offset}");
        }
    }
}

#[test]
fn a_checkpoint_is_the_same_bytes_on_every_node() {
    let folder = MemoryFolder::new(7);
    let newest = checkpoint(&folder, 200_000).newest().expect("one");
    let mut random = Random::new(5);
    let expected: Vec<u8> = (0..200_000).map(|_| random.bits() as u8).collect();
    let body: Vec<Bytes> = newest.body().expect("a body").collect::<Result<_, _>>().expect("sound");
    assert_eq!(body.concat(), expected);
    // The same state cut otherwise gives the same file.
    let third = MemoryFolder::new(9);
    let (checkpoints, _) =
        Checkpoints::open(Arc::new(third.clone()), IDENTITY.cluster).expect("opens");
    let again =
        checkpoints.write(Seq(1), b"meta of this state", [Bytes::from(expected)]).expect("written");
    assert_eq!(again.digest(), newest.digest());
    assert_eq!(again.total(), newest.total());
    let content = |folder: &MemoryFolder, seq: u64| {
        folder.content(&format!("checkpoint-{seq:020}.image")).expect("content")
    };
    assert_eq!(content(&third, 1), content(&folder, 9));
    // It travels as its content, in chunks of any length, each block checked.
    let chunk = |at: u64| newest.read_content(at * 10_000, 10_000).expect("a chunk");
    let chunks: Vec<Bytes> = (0..1_000).map(chunk).take_while(|chunk| !chunk.is_empty()).collect();
    assert_eq!(chunks.concat(), [&b"meta of this state"[..], &body.concat()].concat());
}

#[test]
fn a_foreign_folder_is_refused() {
    let folder = small_log(6);
    let other = Identity { node: NodeId(4), ..IDENTITY };
    let error = Wal::open_in(Arc::new(folder), other, Options::default()).expect_err("refused");
    assert_eq!(error.blame, Blame::Caller);
}

#[test]
fn a_log_without_its_files_is_refused_as_amnesia() {
    let folder = small_log(12);
    for name in folder.names().expect("names").iter().filter(|name| name.starts_with("log-")) {
        folder.remove(name).expect("removed");
    }
    let error = Wal::open_in(Arc::new(folder), IDENTITY, Options::default()).expect_err("refused");
    assert_eq!(error.blame, Blame::Corrupt);
    assert!(error.hint.contains("forgot"), "{error}");
}

#[test]
fn any_bytes_in_the_files_open_or_are_refused_and_never_lie() {
    let seed = Random::seed_from_environment();
    let repro =
        format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-store --test disk_rot any_bytes");
    let mut random = Random::new(seed);
    let folder = small_log(12);
    checkpoint(&folder, 5000);
    let names: Vec<String> = folder.names().expect("names").into_iter().collect();
    let (mut opened, mut refused) = (0, 0);
    for _ in 0..3_000 {
        let rotten = folder.copy();
        for _ in 0..random.between(1, 8) {
            let name = random.pick(&names).expect("a file").clone();
            let mut content = rotten.content(&name).unwrap_or_default();
            let at = random.below(content.len().max(1) as u64) as usize;
            let length = (random.below(5000) as usize).min(content.len() - at);
            let from = random.below((content.len() - length).max(1) as u64) as usize;
            match random.below(5) {
                0 => content.truncate(at),
                1 => content.extend((0..length).map(|_| random.bits() as u8)),
                2 => content.copy_within(from..from + length, at),
                3 => content[at..at + length].fill(random.bits() as u8),
                _ => {
                    let other = random.pick(&names).expect("a file");
                    let other = rotten.content(other).unwrap_or_default();
                    let end = (at + length).min(other.len());
                    if at < end {
                        content[at..end].copy_from_slice(&other[at..end]);
                    }
                }
            }
            rotten.remove(&name).expect("removed");
            let file = rotten.create(&name).expect("created");
            file.write_at(0, &content).expect("written");
            file.sync().expect("synced");
        }
        let _ = scrub(&rotten);
        match Data::open_in(Arc::new(rotten), IDENTITY, options(Mutant::None)) {
            Ok(data) => {
                opened += 1;
                judge(&data.log, 0).unwrap_or_else(|e| panic!("{e}; {repro}"));
                if let Some(newest) = data.opened.newest {
                    assert_eq!(newest.meta().expect("meta"), "meta of this state", "{repro}");
                }
            }
            Err(error) => {
                refused += 1;
                assert!(matches!(error.blame, Blame::Corrupt | Blame::Caller), "{error}; {repro}");
            }
        }
    }
    assert!(opened > 500 && refused >= 3, "{opened} opened, {refused} refused");
}

#[test]
fn longer_logs_lose_only_what_rotted() {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    for _ in 0..50 {
        let folder = MemoryFolder::new(random.bits());
        let (mut wal, _) = open(&folder, Mutant::None);
        for _ in 0..random.between(3, 20) {
            append(&mut wal, random.between(1, 9), 0);
            wal.sync().expect("a sync");
        }
        let acknowledged = wal.durable_seq().0;
        drop(wal);
        let names: Vec<String> = folder.names().expect("names").into_iter().collect();
        let flips = random.between(1, 5);
        for _ in 0..flips {
            let name = random.pick(&names).expect("a file");
            let length = folder.content(name).expect("content").len() as u64;
            folder.flip(name, random.below(length) as usize, 1 << random.below(8));
        }
        let repro = format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-store longer_logs");
        let (_, log) = open(&folder, Mutant::None);
        check_content(&log, 0).unwrap_or_else(|e| panic!("{e}; {repro}"));
        let lost = acknowledged - log.records.len() as u64;
        let tail = acknowledged + 1 - log.next_seq.0;
        assert!(tail == 0 || log.doubtful, "{repro}");
        assert!(lost - tail <= flips, "{lost} lost by {flips} flips; {repro}");
    }
}

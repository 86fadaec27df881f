//! Stores that an encoder of the tests writes, and vectors derived by hand from the codes.

use super::fressian::{Value, all, one};
use super::{as_edn, crc32};
use crate::history::malformed::Binary;
use crate::report::Word;
use crate::{Input, Limits};
use avouch_promise::Random;

/// Writes as `org.fressian.FressianWriter` does: the shortest number, names cached.
#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    cache: Vec<String>,
    structs: Vec<&'static str>,
}

impl Writer {
    fn int(&mut self, number: i64) {
        let size = |number: i64| 64 - if number < 0 { !number } else { number }.leading_zeros();
        let packed = [
            (0x50_i64, 1_u32, 12),
            (0x68, 2, 19),
            (0x72, 3, 25),
            (0x76, 4, 33),
            (0x7a, 5, 41),
            (0x7e, 6, 49),
        ];
        if (-1..64).contains(&number) {
            self.bytes.push(number.to_be_bytes()[7]);
        } else if let Some((zero, more, _)) = packed.iter().find(|(.., bits)| size(number) <= *bits)
        {
            let code = zero + (number >> (8 * more));
            self.bytes.push(code.to_be_bytes()[7]);
            self.bytes.extend_from_slice(&number.to_be_bytes()[8 - *more as usize..]);
        } else {
            self.bytes.push(0xf8);
            self.bytes.extend_from_slice(&number.to_be_bytes());
        }
    }

    fn number(&mut self, number: usize) {
        self.int(i64::try_from(number).unwrap_or(i64::MAX));
    }

    fn text(&mut self, text: &str) {
        let units = text.encode_utf16();
        let bytes: Vec<u8> = units
            .flat_map(|unit| match unit {
                0..=0x7f => vec![unit.to_be_bytes()[1]],
                0x80..=0x7ff => vec![0xc0 | (unit >> 6) as u8, 0x80 | (unit & 0x3f) as u8],
                _ => vec![
                    0xe0 | (unit >> 12) as u8,
                    0x80 | (unit >> 6 & 0x3f) as u8,
                    0x80 | (unit & 0x3f) as u8,
                ],
            })
            .collect();
        if bytes.len() < 8 {
            self.bytes.push(0xda + bytes.len() as u8);
        } else {
            self.bytes.push(0xe3);
            self.number(bytes.len());
        }
        self.bytes.extend(bytes);
    }

    /// A value that is in the cache, or put into it by `write`.
    fn cached(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        match self.cache.iter().position(|one| one == name) {
            Some(place @ 0..=31) => self.bytes.push(0x80 + place as u8),
            Some(place) => {
                self.bytes.push(0xcc);
                self.number(place);
            }
            None => {
                self.cache.push(name.to_owned());
                self.bytes.push(0xcd);
                write(self);
            }
        }
    }

    fn keyword(&mut self, name: &str) {
        self.bytes.push(0xca);
        self.bytes.push(0xf7);
        self.cached(&format!("\"{name}"), |writer| writer.text(name));
    }

    fn tag(&mut self, tag: &'static str, fields: i64) {
        if let Some(place) = self.structs.iter().position(|one| *one == tag) {
            self.bytes.push(0xa0 + place as u8);
        } else {
            self.structs.push(tag);
            self.bytes.push(0xef);
            self.text(tag);
            self.int(fields);
        }
    }

    fn count(&mut self, count: usize) {
        if count < 8 {
            self.bytes.push(0xe4 + count as u8);
        } else {
            self.bytes.push(0xec);
            self.number(count);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Nil => self.bytes.push(0xf7),
            Value::Bool(is) => self.bytes.push(if *is { 0xf5 } else { 0xf6 }),
            Value::Int(number) => self.int(*number),
            Value::Float(number) => {
                self.bytes.push(0xfa);
                self.bytes.extend_from_slice(&number.to_bits().to_be_bytes());
            }
            Value::Text(text) => self.text(text),
            Value::Keyword(_, name) => self.keyword(name),
            Value::List(all) => {
                self.count(all.len());
                for one in all {
                    self.value(one);
                }
            }
            Value::Set(all) => {
                self.tag("persistent-hash-set", 1);
                if all.is_empty() {
                    self.bytes.push(0xf7);
                } else {
                    self.count(all.len());
                    for one in all {
                        self.value(one);
                    }
                }
            }
            Value::Map(all) => {
                self.bytes.push(0xc0);
                self.count(2 * all.len());
                for (key, value) in all {
                    self.value(key);
                    self.value(value);
                }
            }
            other => panic!("not written here: {other:?}"),
        }
    }

    /// An operation as Jepsen's own handler writes it.
    fn operation(
        &mut self,
        (index, time): (i64, i64),
        kind: &str,
        process: i64,
        (function, value): (&str, &Value),
    ) {
        self.tag("jepsen.history.Op", 7);
        self.int(index);
        self.int(time);
        self.cached(&format!(":{kind}"), |writer| writer.keyword(kind));
        self.int(process);
        self.cached(&format!(":{function}"), |writer| writer.keyword(function));
        self.value(value);
        self.bytes.push(0xf7);
    }
}

/// A file of blocks; the first bytes tell the index.
struct File {
    bytes: Vec<u8>,
    blocks: Vec<(u32, u64)>,
}

impl File {
    fn new() -> Self {
        let mut bytes = b"JEPSEN".to_vec();
        bytes.extend_from_slice(&1_u32.to_be_bytes());
        bytes.extend_from_slice(&[0; 8]);
        Self { bytes, blocks: Vec::new() }
    }

    fn block(&mut self, number: u32, kind: i16, data: &[u8]) {
        let offset = self.bytes.len() as u64;
        self.blocks.push((number, offset));
        let mut head = [0; 28];
        head[..8].copy_from_slice(&(28 + data.len() as u64).to_be_bytes());
        head[12..14].copy_from_slice(&kind.to_be_bytes());
        let sum = crc32([data, &head]);
        head[8..12].copy_from_slice(&sum.to_be_bytes());
        self.bytes.extend_from_slice(&head);
        self.bytes.extend_from_slice(data);
    }

    fn end(mut self, root: u32) -> Vec<u8> {
        let offset = self.bytes.len() as u64;
        let mut data = root.to_be_bytes().to_vec();
        for (number, offset) in self.blocks.clone() {
            data.extend_from_slice(&number.to_be_bytes());
            data.extend_from_slice(&offset.to_be_bytes());
        }
        self.block(99, 1, &data);
        self.bytes[10..18].copy_from_slice(&offset.to_be_bytes());
        self.bytes
    }
}

type Op<'a> = (&'a str, i64, &'a str, Value);

/// A test as Jepsen stores it: a partial map that refers to a big vector of streams of operations.
fn stored(operations: &[Op<'_>], per_part: usize) -> Vec<u8> {
    let mut file = File::new();
    let mut vector = (operations.len() as u64).to_be_bytes().to_vec();
    for (part, some) in operations.chunks(per_part).enumerate() {
        let mut writer = Writer::default();
        for (at, (kind, process, function, value)) in some.iter().enumerate() {
            let index = i64::try_from(part * per_part + at).unwrap_or(i64::MAX);
            writer.operation((index, 1_000_000 * index), kind, *process, (function, value));
        }
        file.block(10 + part as u32, 4, &writer.bytes);
        vector.extend_from_slice(&((part * per_part) as u64).to_be_bytes());
        vector.extend_from_slice(&(10 + part as u32).to_be_bytes());
    }
    file.block(1, 5, &vector);
    // The rest of the test's map stands in a block of its own.
    let mut rest = 0_u32.to_be_bytes().to_vec();
    let mut writer = Writer::default();
    writer.bytes.push(0xc0);
    writer.count(2);
    writer.keyword("history");
    writer.tag("block-ref", 1);
    writer.int(1);
    rest.extend(writer.bytes);
    file.block(3, 3, &rest);
    let mut head = 3_u32.to_be_bytes().to_vec();
    let mut writer = Writer::default();
    writer.value(&Value::Map(vec![(word("name"), Value::Text("a test".into()))]));
    head.extend(writer.bytes);
    file.block(2, 3, &head);
    file.end(2)
}

fn word(name: &str) -> Value {
    Value::Keyword(None, name.into())
}

fn appends() -> Vec<Op<'static>> {
    let append = |value| Value::List(vec![word("append"), Value::Int(3), Value::Int(value)]);
    let read = |list: &[i64]| {
        let list = list.iter().map(|one| Value::Int(*one)).collect();
        Value::List(vec![word("r"), Value::Int(3), Value::List(list)])
    };
    let ask = Value::List(vec![word("r"), Value::Int(3), Value::Nil]);
    let txn = |one: Value| Value::List(vec![one]);
    vec![
        ("invoke", 0, "txn", txn(append(1))),
        ("ok", 0, "txn", txn(append(1))),
        ("invoke", 1, "txn", txn(append(2))),
        ("ok", 1, "txn", txn(append(2))),
        ("invoke", 0, "txn", txn(ask.clone())),
        ("ok", 0, "txn", txn(read(&[1, 2]))),
        ("invoke", 1, "txn", txn(ask)),
        ("ok", 1, "txn", txn(read(&[1]))),
    ]
}

/// A small test as it is stored.
pub(crate) fn sample() -> Vec<u8> {
    stored(&appends(), 3)
}

/// The same operations as EDN, and the same verdict: a stale read of a list.
#[test]
fn a_store_is_judged_as_its_operations_are() {
    for per_part in [1, 3, 100] {
        let bytes = stored(&appends(), per_part);
        let text = as_edn(&bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(text.lines().count(), 8, "{text}");
        assert!(
            text.contains(
                "{:index 7, :time 7000000, :type :ok, :process 1, :f :txn, :value [[:r 3 [1]]], }"
            ),
            "{text}"
        );
        let judged = |bytes: &[u8]| {
            let input = Input::parse(bytes).unwrap_or_else(|error| panic!("{error}"));
            input.judge(None, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
        };
        let (stored, plain) = (judged(&bytes), judged(text.as_bytes()));
        assert_eq!(stored.verdict(), Word::Violated, "{stored}");
        let words = |report: &crate::Report| {
            let word = |part: &crate::report::Part| (part.guarantee.clone(), part.finding.word());
            report.parts.iter().map(word).collect::<Vec<_>>()
        };
        assert_eq!(words(&stored), words(&plain));
        assert_eq!(stored.format, plain.format);
    }
}

/// Other workloads go the same way: a set that lost an element, a counter, a register.
#[test]
fn every_workload_goes_the_same_way() {
    let set = |all: &[i64]| Value::Set(all.iter().map(|one| Value::Int(*one)).collect());
    let lost = vec![
        ("invoke", 0, "add", Value::Int(100_000)),
        ("ok", 0, "add", Value::Int(100_000)),
        ("invoke", 1, "read", Value::Nil),
        ("ok", 1, "read", set(&[])),
    ];
    let report =
        Input::parse(&stored(&lost, 2)).and_then(|input| input.judge(None, &Limits::default()));
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert!(report.to_string().contains("lost"), "{report}");
    let register = vec![
        ("invoke", 0, "write", Value::Int(5)),
        ("ok", 0, "write", Value::Int(5)),
        ("invoke", 1, "read", Value::Nil),
        ("ok", 1, "read", Value::Int(5)),
    ];
    let report =
        Input::parse(&stored(&register, 9)).and_then(|input| input.judge(None, &Limits::default()));
    assert_eq!(report.unwrap_or_else(|error| panic!("{error}")).verdict(), Word::Holds);
}

/// Vectors written down from the table of codes, not by the encoder above.
#[test]
fn codes_mean_what_the_description_says() {
    let text = |text: &str| Value::Text(text.into());
    let cases: [(&[u8], Value); 24] = [
        (&[0x00], Value::Int(0)),
        (&[0x3f], Value::Int(63)),
        (&[0xff], Value::Int(-1)),
        (&[0x50, 0x40], Value::Int(64)),
        (&[0x4f, 0xfe], Value::Int(-2)),
        (&[0x5f, 0xff], Value::Int(4095)),
        (&[0x40, 0x00], Value::Int(-4096)),
        (&[0x68, 0x10, 0x00], Value::Int(4096)),
        (&[0x6f, 0xff, 0xff], Value::Int(524_287)),
        (&[0x72, 0x08, 0x00, 0x00], Value::Int(524_288)),
        (&[0x76, 0x02, 0x00, 0x00, 0x00], Value::Int(33_554_432)),
        (&[0x75, 0xff, 0xff, 0xff, 0xff], Value::Int(-1)),
        (&[0x7a, 0x02, 0x00, 0x00, 0x00, 0x00], Value::Int(0x2_0000_0000)),
        (&[0x7e, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00], Value::Int(0x200_0000_0000)),
        (&[0xf8, 0x80, 0, 0, 0, 0, 0, 0, 0], Value::Int(i64::MIN)),
        (&[0xda], text("")),
        (&[0xdc, b'h', b'i'], text("hi")),
        (&[0xe3, 0x02, b'h', b'i'], text("hi")),
        (&[0xe2, 0x01, b'h', 0xdb, b'i'], text("hi")),
        (&[0xe0, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], text("\u{1f600}")),
        (&[0xca, 0xf7, 0xcd, 0xdc, b'o', b'k'], word("ok")),
        (&[0xe6, 0xcd, 0xdb, b'a', 0x80], Value::List(vec![text("a"), text("a")])),
        (&[0xc0, 0xe6, 0x01, 0xf5], Value::Map(vec![(Value::Int(1), Value::Bool(true))])),
        (&[0xed, 0x01, 0xfc, 0xfd], Value::List(vec![Value::Int(1), Value::Float(1.0)])),
    ];
    for (bytes, value) in cases {
        let mut data = Binary::new(bytes);
        let found = one(&mut data).unwrap_or_else(|error| panic!("{bytes:02x?}: {error}"));
        assert_eq!(found, value, "{bytes:02x?}");
        assert!(data.is_empty(), "{bytes:02x?}");
    }
    // The checksum that everybody uses to check theirs.
    assert_eq!(crc32([b"1234", b"56789"]), 0xcbf4_3926);
    let unknown = one(&mut Binary::new(&[0xe5, 0xf2])).expect_err("a code of nobody's").to_string();
    assert!(unknown.contains("byte 1") && unknown.contains("code f2"), "{unknown}");
}

/// What the encoder writes is what is read, for numbers of every size and texts of all signs.
#[test]
fn what_is_written_is_read() {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed).fork(81);
    for case in 0..20_000 {
        let mut writer = Writer::default();
        let shift = random.below(64) as u32;
        let text: String = (0..random.below(12))
            .filter_map(|_| char::from_u32((random.bits() >> 32) as u32 >> (11 + random.below(18))))
            .collect();
        let number = random.bits().cast_signed() >> shift;
        let value =
            Value::List(vec![Value::Int(number), Value::Text(text.into()), Value::Set(Vec::new())]);
        writer.value(&value);
        let found = all(&mut Binary::new(&writer.bytes));
        let found =
            found.unwrap_or_else(|error| panic!("repro: AVOUCH_SEED={seed}, case {case}: {error}"));
        assert_eq!(found, [value], "repro: AVOUCH_SEED={seed}, case {case}");
    }
}

/// Damage is told by the checksum, and what passes it is never more than an error.
#[test]
fn damaged_stores_are_refused() {
    let whole = stored(&appends(), 3);
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(82);
    for place in 0..whole.len() {
        assert!(as_edn(&whole[..place]).is_err(), "cut after {place}");
    }
    for case in 0..4_000 {
        let mut random = root.fork(case);
        let mut bytes = whole.clone();
        let place = random.below(bytes.len() as u64) as usize;
        bytes[place] ^= 1 << random.below(8);
        if let Ok(text) = as_edn(&bytes) {
            assert_eq!(text, as_edn(&whole).expect("the whole"), "a flip at {place}");
        }
        // The same without the checksum's help: anything may stand in a block.
        let data: Vec<u8> = (0..random.below(40)).map(|_| random.bits() as u8).collect();
        let _ = all(&mut Binary::new(&data));
        let mut writer = Writer::default();
        for (.., value) in &appends() {
            writer.value(value);
        }
        let place = random.below(writer.bytes.len() as u64) as usize;
        writer.bytes[place] ^= 1 << random.below(8);
        let _ = all(&mut Binary::new(&writer.bytes));
    }
    let deep = vec![0xe5; 100_000];
    assert!(one(&mut Binary::new(&deep)).is_err(), "lists within lists without end");
    let long = [0xec, 0x7d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    assert!(one(&mut Binary::new(&long)).is_err(), "a list that is longer than its block");
    let mut newer = whole;
    newer[9] = 2;
    let error = as_edn(&newer).expect_err("a later version").to_string();
    assert!(error.contains("version 0 or 1"), "{error}");
}

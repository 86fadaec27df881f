//! Random operations over few keys, so that they meet: old and future revisions, every option,
//! nested transactions, compactions, alarms, and everything that is refused.
//!
//! Left out, because etcd 3.4 answers it by chance or stops: sorting more than twelve keys by
//! anything but the key (its sort is then unstable), sort options that do not exist, and a put that
//! keeps an old value in a transaction that may delete it. Nested puts while the alarm `NoSpace` is
//! raised, which etcd lets pass and we do not, are left out, too.

use avouch_promise::Random;
use avouch_state::{
    AlarmAction, AlarmRequest, AlarmType, CompactionRequest, Compare, DeleteRangeRequest, Machine,
    Operand, Operation, PutRequest, RangeRequest, Relation, SortOrder, SortTarget, TxnOperation,
    TxnRequest, prefix_end,
};
use bytes::Bytes;

/// What a run must have met.
pub(crate) const WANTED: &[&str] = &[
    "Range",
    "RangeMore",
    "Put",
    "Delete",
    "DeleteNothing",
    "TxnSucceeded",
    "TxnFailed",
    "Compact",
    "Alarm",
    "EmptyKey",
    "KeyNotFound",
    "ValueProvided",
    "LeaseProvided",
    "TooManyOperations",
    "DuplicateKey",
    "Compacted",
    "FutureRevision",
    "LeaseNotFound",
    "NoSpace",
    "CorruptAlarm",
];

const KEYS: [&[u8]; 12] =
    [b"\0", b"a", b"a\0", b"aa", b"ab", b"b", b"ba", b"bb", b"c", b"d", b"\xff", b"\xff\xff"];
const VALUES: [&[u8]; 6] = [b"", b"1", b"10", b"2", b"\0", b"\xff\xfe"];

/// The source of operations.
pub(crate) struct Generator {
    random: Random,
    /// Many keys instead of twelve, and no sorting but by key.
    wide: bool,
}

/// What a transaction may contain.
#[derive(Clone, Copy)]
struct Allowed {
    deletes: bool,
    depth: u32,
}

impl Generator {
    /// The operations of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), wide: false }
    }

    /// From now on operations over many keys.
    pub(crate) fn widen(&mut self) {
        self.wide = true;
    }

    /// One operation, chosen with an eye on the state that it will meet.
    pub(crate) fn operation(&mut self, machine: &Machine) -> Operation {
        let raised = machine.alarms().first().map(|member| member.alarm);
        if self.random.chance(if raised.is_some() { 0.2 } else { 0.004 }) {
            return Operation::Alarm(self.alarm(raised));
        }
        match self.random.below(100) {
            0..30 => Operation::Range(self.range(machine)),
            30..58 => Operation::Put(self.put(true)),
            58..70 => Operation::DeleteRange(self.delete()),
            70..97 => {
                let deletes = self.random.chance(0.6);
                let depth = if raised.is_some() { 0 } else { self.random.below(4) as u32 };
                Operation::Txn(self.txn(machine, Allowed { deletes, depth }))
            }
            _ => Operation::Compact(self.compaction(machine)),
        }
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        *self.random.pick(items).unwrap()
    }

    fn key(&mut self) -> Bytes {
        if self.random.chance(0.01) {
            return Bytes::new();
        }
        if self.wide && self.random.chance(0.9) {
            return Bytes::from(format!("k{}", self.random.below(200)));
        }
        Bytes::from_static(self.one_of(&KEYS))
    }

    fn value(&mut self) -> Bytes {
        Bytes::from_static(self.one_of(&VALUES))
    }

    fn range_end(&mut self, key: &[u8]) -> Bytes {
        match self.random.below(10) {
            0..3 => Bytes::new(),
            3..5 => Bytes::from_static(b"\0"),
            5..7 => prefix_end(key),
            _ => self.key(),
        }
    }

    /// A revision about the edges of what can be read.
    fn revision(&mut self, machine: &Machine) -> i64 {
        let (present, compacted) = (machine.store().revision(), machine.store().compacted());
        let near = self.random.below(7).cast_signed() - 3;
        match self.random.below(10) {
            0..4 => 0,
            4 => near,
            5 => compacted + near,
            6 => present + near,
            _ => {
                let readable = (present - compacted).max(1).cast_unsigned();
                compacted + self.random.below(readable).cast_signed()
            }
        }
    }

    /// A bound for a filter: mostly none.
    fn bound(&mut self, machine: &Machine) -> i64 {
        if self.random.chance(0.9) {
            return 0;
        }
        let age = self.random.below(12).cast_signed();
        machine.store().revision() - age
    }

    fn range(&mut self, machine: &Machine) -> RangeRequest {
        use SortOrder::{Ascend, Descend};
        use SortTarget::{Create, Key, Mod, Value, Version};
        let key = self.key();
        let range_end = self.range_end(&key);
        RangeRequest {
            key,
            range_end,
            limit: self.one_of(&[0, 0, 0, 1, 2, 3, 5, 11, 12, -1, i64::MAX]),
            revision: self.revision(machine),
            sort_order: self.one_of(&[SortOrder::None, SortOrder::None, Ascend, Descend]),
            sort_target: match self.one_of(&[Key, Key, Version, Create, Mod, Value]) {
                _ if self.wide => Key,
                target => target,
            },
            keys_only: self.random.chance(0.1),
            count_only: self.random.chance(0.1),
            min_mod_revision: self.bound(machine),
            max_mod_revision: self.bound(machine),
            min_create_revision: self.bound(machine),
            max_create_revision: self.bound(machine),
        }
    }

    fn put(&mut self, may_keep: bool) -> PutRequest {
        let ignore_value = may_keep && self.random.chance(0.1);
        let drop_value = ignore_value && self.random.chance(0.9);
        let ignore_lease = may_keep && self.random.chance(0.1);
        let lease_chance = if ignore_lease { 0.1 } else { 0.01 };
        PutRequest {
            key: self.key(),
            value: if drop_value { Bytes::new() } else { self.value() },
            lease: if self.random.chance(lease_chance) { 7 } else { 0 },
            prev_kv: self.random.chance(0.4),
            ignore_value,
            ignore_lease,
        }
    }

    fn delete(&mut self) -> DeleteRangeRequest {
        let key = self.key();
        let mut range_end = self.range_end(&key);
        // Emptying everything too often leaves little to compare.
        if range_end.as_ref() == b"\0" && self.random.chance(0.8) {
            range_end = Bytes::new();
        }
        DeleteRangeRequest { key, range_end, prev_kv: self.random.chance(0.4) }
    }

    fn txn(&mut self, machine: &Machine, allowed: Allowed) -> TxnRequest {
        let compares = self.random.below(3);
        let compare = (0..compares).map(|_| self.compare(machine)).collect();
        let success = self.steps(machine, allowed);
        let failure = self.steps(machine, allowed);
        TxnRequest { compare, success, failure }
    }

    fn steps(&mut self, machine: &Machine, allowed: Allowed) -> Vec<TxnOperation> {
        let count = match self.random.below(300) {
            0 => self.random.between(127, 130),
            1 => 64,
            _ => self.random.below(4),
        };
        if count > 60 {
            let range = RangeRequest { key: Bytes::from_static(b"a"), ..RangeRequest::default() };
            return vec![TxnOperation::Range(range); count as usize];
        }
        (0..count).map(|_| self.step(machine, allowed)).collect()
    }

    fn step(&mut self, machine: &Machine, allowed: Allowed) -> TxnOperation {
        match self.random.below(100) {
            0 => TxnOperation::Nothing,
            1..36 => TxnOperation::Put(self.put(!allowed.deletes)),
            36..56 if allowed.deletes => TxnOperation::DeleteRange(self.delete()),
            56..76 if allowed.depth > 0 => {
                let deeper = Allowed { depth: allowed.depth - 1, ..allowed };
                TxnOperation::Txn(self.txn(machine, deeper))
            }
            _ => TxnOperation::Range(self.range(machine)),
        }
    }

    fn compare(&mut self, machine: &Machine) -> Compare {
        use Relation::{Equal, Greater, Less, NotEqual};
        let key = self.key();
        let range_end = if self.random.chance(0.7) { Bytes::new() } else { self.range_end(&key) };
        let small = self.random.below(4).cast_signed();
        let late = machine.store().revision() - self.random.below(12).cast_signed();
        let revision = self.one_of(&[0, late, late]);
        let operand = match self.random.below(5) {
            0 => Operand::Version(small),
            1 => Operand::Create(revision),
            2 => Operand::Mod(revision),
            3 => Operand::Value(self.value()),
            _ => Operand::Lease(small.min(1)),
        };
        let relation = self.one_of(&[Equal, Greater, Less, NotEqual]);
        Compare { key, range_end, relation, operand }
    }

    fn compaction(&mut self, machine: &Machine) -> CompactionRequest {
        let revision = if self.random.chance(0.3) {
            self.revision(machine)
        } else {
            machine.store().revision() - self.random.below(60).cast_signed()
        };
        CompactionRequest { revision, physical: self.random.chance(0.3) }
    }

    /// One alarm at a time; what is raised is soon disarmed.
    fn alarm(&mut self, raised: Option<AlarmType>) -> AlarmRequest {
        let member = 1 + self.random.below(2);
        let Some(alarm) = raised else {
            let alarm = self.one_of(&[AlarmType::NoSpace, AlarmType::Corrupt]);
            return AlarmRequest { action: AlarmAction::Activate, member, alarm };
        };
        match self.random.below(6) {
            0 => AlarmRequest { action: AlarmAction::Get, member, alarm: AlarmType::None },
            1 => AlarmRequest { action: AlarmAction::Activate, member, alarm },
            _ => AlarmRequest { action: AlarmAction::Deactivate, member, alarm },
        }
    }
}

//! A small store of many versions that stamps its transactions, and the bugs that it can have; and
//! histories with no store behind them.

use super::history::{Access, Builder, Stamp, Stamped};
use avouch_promise::Random;

/// A bug of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    /// None.
    None,
    /// Reads see what others have not committed yet.
    DirtyRead,
    /// Reads see what was committed after the start.
    ReadLatest,
    /// The snapshot is older than the start stamp says.
    StaleSnapshot,
    /// Who writes what was overwritten since the start commits all the same.
    LostUpdate,
    /// Reads do not see the transaction's own writes.
    ForgetOwn,
    /// A session's next transaction starts at a stamp before its last one committed.
    SessionBehind,
    /// What was read may have been overwritten by the commit (write skew).
    NoValidation,
}

impl Bug {
    /// Every bug that breaks snapshot isolation, or its sessions.
    pub(super) const OF_SNAPSHOTS: [Self; 6] = [
        Self::DirtyRead,
        Self::ReadLatest,
        Self::StaleSnapshot,
        Self::LostUpdate,
        Self::ForgetOwn,
        Self::SessionBehind,
    ];
}

/// What the store is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) bug: Bug,
    pub(super) sessions: u64,
    pub(super) keys: u64,
    pub(super) steps: u64,
    pub(super) lists: bool,
    /// Whether what was read is validated at the commit: serializable.
    pub(super) validates: bool,
    /// Whether the clock stands still now and then.
    pub(super) coarse: bool,
}

/// One transaction as it was recorded.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) session: u64,
    pub(super) start: i64,
    pub(super) commit: i64,
    pub(super) steps: Vec<(u64, Access)>,
}

/// A history of these, in this order.
pub(super) fn history(made: &[Made]) -> Stamped {
    let mut builder = Builder::default();
    // Every third unit of the clock is a logical one.
    let at = |unit: i64| Stamp { physical: unit.div_euclid(3), logical: unit.rem_euclid(3) };
    for (place, one) in made.iter().enumerate() {
        let (name, session) = (place.to_string(), one.session.to_string());
        builder.begin(&name, &session, at(one.start), at(one.commit), place + 1);
        for (key, access) in &one.steps {
            builder.step(&key.to_string(), access.clone()).expect("lists or values");
        }
        builder.end();
    }
    builder.build()
}

/// What a key holds: a value, or a list.
type Held = Vec<i64>;

/// A transaction under way.
struct Running {
    start: i64,
    left: u64,
    /// The snapshot, of all keys.
    snapshot: Vec<Held>,
    own: Vec<(u64, i64)>,
    steps: Vec<(u64, Access)>,
}

impl Running {
    /// What it has written to a key.
    fn written(&self, key: u64) -> impl Iterator<Item = i64> + '_ {
        self.own.iter().filter(move |(of, _)| *of == key).map(|(_, value)| *value)
    }
}

/// The store.
struct Store {
    shape: Shape,
    held: Vec<Held>,
    /// What was held before the last commit.
    old: Vec<Held>,
    /// When each key was written last.
    changed: Vec<i64>,
    /// When each session's last transaction committed.
    ended: Vec<i64>,
    open: Vec<Option<Running>>,
    now: i64,
    last_start: i64,
    value: i64,
}

impl Store {
    fn new(shape: Shape) -> Self {
        let held: Vec<Held> = vec![Vec::new(); shape.keys as usize];
        let changed = vec![-1; shape.keys as usize];
        let ended = vec![0; shape.sessions as usize];
        let open = (0..shape.sessions).map(|_| None).collect();
        let old = held.clone();
        Self { shape, held, old, changed, ended, open, now: 3, last_start: -1, value: 0 }
    }

    fn begin(&mut self, session: usize, random: &mut Random) -> Running {
        let mut start = self.now;
        if self.shape.bug == Bug::SessionBehind && random.chance(0.5) {
            start = (self.ended[session] - 1).max(0);
        }
        self.last_start = self.last_start.max(start);
        let is_stale = self.shape.bug == Bug::StaleSnapshot && random.chance(0.5);
        let snapshot = if is_stale { self.old.clone() } else { self.held.clone() };
        let left = random.between(1, self.shape.steps);
        Running { start, left, snapshot, own: Vec::new(), steps: Vec::new() }
    }

    fn step(&mut self, one: &mut Running, random: &mut Random) {
        one.left -= 1;
        let key = random.below(self.shape.keys);
        let lists = self.shape.lists;
        if random.chance(0.5) {
            self.value += 1;
            let value = self.value;
            one.own.push((key, value));
            let access = if lists { Access::Append(value) } else { Access::Write(Some(value)) };
            one.steps.push((key, access));
            return;
        }
        let from = match self.shape.bug {
            Bug::ReadLatest => &self.held,
            _ => &one.snapshot,
        };
        let mut base = from[key as usize].clone();
        if self.shape.bug == Bug::DirtyRead {
            base.extend(self.open.iter().flatten().flat_map(|other| other.written(key)));
        }
        if self.shape.bug != Bug::ForgetOwn {
            base.extend(one.written(key));
        }
        let access = if lists {
            Access::ReadList(base.into_boxed_slice())
        } else {
            Access::Read(base.last().copied())
        };
        one.steps.push((key, access));
    }

    /// Commits it, unless it has to abort.
    fn commit(&mut self, session: usize, one: Running) -> Option<Made> {
        let bug = self.shape.bug;
        let is_newer = |key: u64| self.changed[key as usize] > one.start;
        let lost = one.own.iter().any(|(key, _)| is_newer(*key)) && bug != Bug::LostUpdate;
        let is_read = |access: &Access| matches!(access, Access::Read(_) | Access::ReadList(_));
        let validates = self.shape.validates && bug != Bug::NoValidation && !one.own.is_empty();
        let mut reads = one.steps.iter().filter(|(_, access)| is_read(access));
        if lost || validates && reads.any(|(key, _)| is_newer(*key)) {
            return None;
        }
        let commit = if one.own.is_empty() {
            one.start
        } else {
            // Nobody that started at this stamp has seen it.
            if self.last_start >= self.now {
                self.now = self.last_start + 1;
            }
            self.old.clone_from(&self.held);
            self.now
        };
        for (key, value) in &one.own {
            self.held[*key as usize].push(*value);
            self.changed[*key as usize] = commit;
        }
        self.ended[session] = commit;
        Some(Made { session: session as u64, start: one.start, commit, steps: one.steps })
    }
}

/// Runs so many transactions, in the order of their completion.
pub(super) fn run(shape: Shape, count: usize, random: &mut Random) -> Vec<Made> {
    let mut store = Store::new(shape);
    let mut made = Vec::new();
    while made.len() < count {
        let session = random.below(shape.sessions) as usize;
        if !shape.coarse || random.chance(0.4) {
            store.now += 1;
        }
        let next = match store.open[session].take() {
            None => Some(store.begin(session, random)),
            Some(mut one) if one.left > 0 => {
                store.step(&mut one, random);
                Some(one)
            }
            Some(one) => {
                made.extend(store.commit(session, one));
                None
            }
        };
        store.open[session] = next;
    }
    made
}

/// A few transactions with stamps and values at random, most of them near to what is right.
pub(super) fn random(random: &mut Random) -> Vec<Made> {
    let lists = random.chance(0.4);
    let (keys, units) = (random.between(1, 3), random.between(1, 7));
    let count = random.between(2, 5) as usize;
    let mut value = 0;
    let is_unique = random.chance(0.5);
    let mut made: Vec<Made> = (0..count)
        .map(|_| {
            let start = random.below(units).cast_signed();
            let commit =
                if random.chance(0.4) { start } else { start + random.below(units).cast_signed() };
            let asked = random.between(1, 3);
            let mut step = |_| {
                let key = random.below(keys);
                value += 1;
                let one = if is_unique { value } else { random.below(3).cast_signed() };
                let one = (is_unique || random.chance(0.9)).then_some(one);
                (
                    key,
                    match (random.chance(0.5), lists, one) {
                        (true, true, one) => Access::Append(one.unwrap_or(0)),
                        (true, false, one) => Access::Write(one),
                        (false, ..) => Access::Read(None),
                    },
                )
            };
            let steps = (0..asked).map(&mut step).collect();
            Made { session: random.below(3), start, commit, steps }
        })
        .collect();
    answer(&mut made, lists, random);
    made
}

/// A few transactions most of which have one of few stamps, with values written again and again.
pub(super) fn tied(random: &mut Random) -> Vec<Made> {
    let lists = random.chance(0.3);
    let (keys, units) = (random.between(1, 3), random.between(1, 3));
    let (count, values, most) = (random.between(3, 6), random.between(1, 3), random.between(1, 3));
    let (sessions, at_once) = (random.between(1, 8), 0.4 + 0.5 * random.unit());
    let is_unique = if random.chance(0.5) { 0.3 } else { 0.0 };
    let mut unique = 3;
    let mut made: Vec<Made> = (0..count)
        .map(|_| {
            let start = random.below(units).cast_signed();
            let commit = if random.chance(at_once) { start } else { units.cast_signed() };
            let asked = random.between(1, most);
            let mut step = |_| {
                unique += 1;
                let value = if random.chance(is_unique) {
                    unique
                } else {
                    random.below(values).cast_signed()
                };
                let access = match (random.chance(0.5), lists) {
                    (true, true) => Access::Append(value),
                    (true, false) => Access::Write(Some(value)),
                    (false, _) => Access::Read(None),
                };
                (random.below(keys), access)
            };
            let steps = (0..asked).map(&mut step).collect();
            Made { session: random.below(sessions), start, commit, steps }
        })
        .collect();
    answer(&mut made, lists, random);
    made
}

/// Gives reads what some order of commits leaves, with a bend now and then.
fn answer(made: &mut [Made], lists: bool, random: &mut Random) {
    let mut order: Vec<usize> = (0..made.len()).collect();
    random.shuffle(&mut order);
    order.sort_by_key(|one| (made[*one].commit, made[*one].start == made[*one].commit));
    let at_commit = random.chance(0.4);
    let wrong = random.unit() * 0.3;
    let mut done: Vec<(i64, u64, Option<i64>)> = Vec::new();
    for place in order {
        let one = &mut made[place];
        let until = if at_commit || one.start == one.commit { one.commit } else { one.start };
        let mut own: Vec<(u64, Option<i64>)> = Vec::new();
        for (key, access) in &mut one.steps {
            match access {
                Access::Write(value) => own.push((*key, *value)),
                Access::Append(value) => own.push((*key, Some(*value))),
                Access::Read(_) | Access::ReadList(_) => {
                    let seen = done.iter().filter(|(commit, of, _)| *commit <= until && of == key);
                    let mine = own.iter().filter(|(of, _)| of == key).map(|(_, value)| *value);
                    let mut all: Vec<_> = seen.map(|(.., value)| *value).chain(mine).collect();
                    if random.chance(wrong) {
                        match random.below(3) {
                            0 => drop(all.pop()),
                            1 => all.push(Some(random.below(4).cast_signed())),
                            _ => random.shuffle(&mut all),
                        }
                    }
                    *access = if lists {
                        let list: Vec<i64> = all.into_iter().flatten().collect();
                        if list.is_empty() && random.chance(0.3) {
                            Access::Read(None)
                        } else {
                            Access::ReadList(list.into_boxed_slice())
                        }
                    } else {
                        let initial = random.chance(0.3).then_some(0);
                        Access::Read(all.last().copied().unwrap_or(initial))
                    };
                }
            }
        }
        let commit = one.commit;
        done.extend(own.into_iter().map(|(key, value)| (commit, key, value)));
    }
}

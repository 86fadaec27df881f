//! Replicas that hear of each other's writes late but in causal order: what their clients see is
//! causal memory by construction, or, where a stamp arbitrates, causal convergence.

use super::random::{Fate, KEYS, Plan};
use avouch_promise::Random;

/// A write as it travels.
#[derive(Clone)]
struct Write {
    key: usize,
    value: u64,
    stamp: (u64, usize),
    /// How many writes of each replica come before it.
    after: Vec<usize>,
}

struct Replica {
    /// How many writes of each replica it has applied.
    applied: Vec<usize>,
    clock: u64,
    /// Of each key: value and stamp.
    state: [Option<(u64, (u64, usize))>; KEYS.len()],
}

impl Replica {
    fn apply(&mut self, write: &Write, by_stamp: bool) {
        self.applied[write.stamp.1] += 1;
        self.clock = self.clock.max(write.stamp.0);
        let held = &mut self.state[write.key];
        if !by_stamp || held.is_none_or(|(_, stamp)| stamp < write.stamp) {
            *held = Some((write.value, write.stamp));
        }
    }
}

/// Applies a stretch of what one replica has written, as far as causality lets it.
fn hear(replica: &mut Replica, writes: &[Write], from: usize, by_stamp: bool, random: &mut Random) {
    while let Some(write) = writes.get(replica.applied[from]) {
        let is_ready = write.after.iter().zip(&replica.applied).all(|(one, own)| one <= own);
        if !is_ready {
            return;
        }
        replica.apply(write, by_stamp);
        if random.chance(0.1) {
            return;
        }
    }
}

/// Replicas and what they did.
struct Run {
    replicas: Vec<Replica>,
    writes: Vec<Vec<Write>>,
    by_stamp: bool,
    told: Vec<(Plan, Option<u64>)>,
}

impl Run {
    fn new(count: usize, by_stamp: bool) -> Self {
        let replica = || Replica { applied: vec![0; count], clock: 0, state: [None; KEYS.len()] };
        let replicas = (0..count).map(|_| replica()).collect();
        Self { replicas, writes: vec![Vec::new(); count], by_stamp, told: Vec::new() }
    }

    /// Each replica hears of some of the others' writes.
    fn spread(&mut self, chance: f64, random: &mut Random) {
        for (to, replica) in self.replicas.iter_mut().enumerate() {
            for from in (0..self.writes.len()).filter(|from| *from != to) {
                if random.chance(chance) {
                    hear(replica, &self.writes[from], from, self.by_stamp, random);
                }
            }
        }
    }

    /// One replica applies so many writes of each, in an order that causality allows.
    fn catch_up(&mut self, process: usize, until: &[usize]) {
        let replica = &mut self.replicas[process];
        let is_behind =
            |replica: &Replica| replica.applied.iter().zip(until).any(|(own, to)| own < to);
        while is_behind(replica) {
            for from in (0..until.len()).filter(|from| *from != process) {
                let next = self.writes[from].get(replica.applied[from]);
                let is_ready = |write: &&Write| {
                    replica.applied[from] < until[from]
                        && write.after.iter().zip(&replica.applied).all(|(one, own)| one <= own)
                };
                if let Some(write) = next.filter(is_ready) {
                    replica.apply(write, self.by_stamp);
                }
            }
        }
    }

    /// One operation.
    fn step(&mut self, process: usize, key: usize, is_write: bool, random: &mut Random) {
        let at = self.told.len() as u64 + 1;
        let replica = &mut self.replicas[process];
        let mut seen = None;
        if is_write {
            let stamp = (replica.clock + random.between(1, 8), process);
            let after = replica.applied.clone();
            let write = Write { key, value: at, stamp, after };
            replica.apply(&write, self.by_stamp);
            self.writes[process].push(write);
        } else {
            seen = replica.state[key].map(|(value, _)| value);
        }
        let (began, fate) = (at * 4, Fate::Answered);
        let (process, value, key) = (process as u64, is_write.then_some(at), KEYS[key]);
        let plan = Plan { process, key, value, began, effect: began, ended: began + 2, fate };
        self.told.push((plan, seen));
    }
}

/// A run, with what each get returned.
pub(super) fn run(random: &mut Random) -> Vec<(Plan, Option<u64>)> {
    let (count, keys) = (2 + random.below(2) as usize, 1 + random.below(3));
    let mut run = Run::new(count, random.chance(0.5));
    for _ in 0..6 + random.below(5) {
        run.spread(0.3, random);
        let process = random.below(count as u64) as usize;
        run.step(process, random.below(keys) as usize, random.chance(0.5), random);
    }
    run.told
}

/// A run in which one puts a value and then reads, while another puts others (and reads them
/// back), of which the first hears late and all at once; at the end both read what there is.
pub(super) fn late(random: &mut Random) -> Vec<(Plan, Option<u64>)> {
    let mut run = Run::new(2, true);
    run.step(0, 0, true, random);
    let reads_back = random.chance(0.5);
    for _ in 0..3 {
        let key = random.below(2) as usize;
        run.step(1, key, true, random);
        if reads_back {
            run.step(1, key, false, random);
        }
    }
    for _ in 0..2 {
        run.step(0, random.below(2) as usize, false, random);
    }
    run.spread(1.0, random);
    for _ in 0..2 + random.below(2) {
        run.step(0, random.below(2) as usize, false, random);
    }
    run.step(1, 0, false, random);
    run.told
}

/// A store of red and blue operations: replicas apply what they hear of, and a red operation first
/// hears of everything that red ones before it had. One that forgets is not red-blue.
pub(super) fn red_and_blue(
    operations: u64,
    forgets: bool,
    random: &mut Random,
) -> Vec<(Plan, Option<u64>, bool)> {
    let count = 2 + random.below(3) as usize;
    let mut run = Run::new(count, false);
    let mut seen_by_red = vec![0; count];
    let mut is_red = Vec::new();
    for _ in 0..operations {
        run.spread(0.2, random);
        let process = random.below(count as u64) as usize;
        is_red.push(random.chance(0.4));
        if is_red.last() == Some(&true) {
            if !forgets {
                run.catch_up(process, &seen_by_red);
            }
            run.step(process, random.below(3) as usize, random.chance(0.5), random);
            for (seen, own) in seen_by_red.iter_mut().zip(&run.replicas[process].applied) {
                *seen = (*seen).max(*own);
            }
        } else {
            run.step(process, random.below(3) as usize, random.chance(0.5), random);
        }
    }
    run.told.into_iter().zip(is_red).map(|((plan, seen), red)| (plan, seen, red)).collect()
}

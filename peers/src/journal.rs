//! `omnipaxos`' storage: in memory, with a list of what was written since it was last asked.

use omnipaxos::ballot_leader_election::Ballot;
use omnipaxos::storage::{Entry, NoSnapshot, StopSign, Storage, StorageOp, StorageResult};
use std::cell::RefCell;
use std::rc::Rc;

/// A proposal.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub u64);

impl Entry for Number {
    type Snapshot = NoSnapshot;
}

/// One write.
#[derive(Clone, Debug)]
pub enum Write {
    /// Entries after the first so many, which are all that stay of the log before.
    Log(usize, Vec<Number>),
    /// A promise.
    Promise(Ballot),
    /// How far the log is decided.
    Decided(usize),
    /// The ballot in which the log was accepted.
    Accepted(Ballot),
}

#[derive(Debug, Default)]
struct Stored {
    log: Vec<Number>,
    promise: Option<Ballot>,
    accepted: Option<Ballot>,
    decided: usize,
    written: Vec<Write>,
}

/// The storage of one node; copies share it.
#[derive(Clone, Debug, Default)]
pub struct Journal(Rc<RefCell<Stored>>);

impl Stored {
    fn apply(&mut self, write: &Write) {
        match write {
            Write::Log(keep, entries) => {
                self.log.truncate(*keep);
                self.log.extend(entries);
            }
            Write::Promise(ballot) => self.promise = Some(*ballot),
            Write::Decided(index) => self.decided = *index,
            Write::Accepted(ballot) => self.accepted = Some(*ballot),
        }
    }
}

impl Journal {
    /// What was written since this was last asked.
    pub fn take(&self) -> Vec<Write> {
        std::mem::take(&mut self.0.borrow_mut().written)
    }

    /// Takes in what was written in an earlier life.
    pub fn replay(&self, writes: Vec<Write>) {
        let mut stored = self.0.borrow_mut();
        for write in writes {
            stored.apply(&write);
        }
    }

    fn write(&self, write: Write) {
        let mut stored = self.0.borrow_mut();
        stored.apply(&write);
        stored.written.push(write);
    }

    fn length(&self) -> usize {
        self.0.borrow().log.len()
    }

    fn range(&self, from: usize, to: usize) -> Vec<Number> {
        self.0.borrow().log.get(from..to).unwrap_or_default().to_vec()
    }
}

impl Storage<Number> for Journal {
    fn write_atomically(&mut self, ops: Vec<StorageOp<Number>>) -> StorageResult<()> {
        for op in ops {
            match op {
                StorageOp::AppendEntry(entry) => self.append_entry(entry)?,
                StorageOp::AppendEntries(entries) => self.append_entries(entries)?,
                StorageOp::AppendOnPrefix(from, entries) => self.append_on_prefix(from, entries)?,
                StorageOp::SetPromise(ballot) => self.set_promise(ballot)?,
                StorageOp::SetDecidedIndex(index) => self.set_decided_idx(index)?,
                StorageOp::SetAcceptedRound(ballot) => self.set_accepted_round(ballot)?,
                StorageOp::SetCompactedIdx(index) => self.set_compacted_idx(index)?,
                StorageOp::Trim(index) => self.trim(index)?,
                StorageOp::SetStopsign(sign) => self.set_stopsign(sign)?,
                StorageOp::SetSnapshot(snapshot) => self.set_snapshot(snapshot)?,
            }
        }
        Ok(())
    }

    fn append_entry(&mut self, entry: Number) -> StorageResult<()> {
        self.append_entries(vec![entry])
    }

    fn append_entries(&mut self, entries: Vec<Number>) -> StorageResult<()> {
        self.append_on_prefix(self.length(), entries)
    }

    fn append_on_prefix(&mut self, from: usize, entries: Vec<Number>) -> StorageResult<()> {
        self.write(Write::Log(from, entries));
        Ok(())
    }

    fn set_promise(&mut self, ballot: Ballot) -> StorageResult<()> {
        self.write(Write::Promise(ballot));
        Ok(())
    }

    fn set_decided_idx(&mut self, index: usize) -> StorageResult<()> {
        self.write(Write::Decided(index));
        Ok(())
    }

    fn get_decided_idx(&self) -> StorageResult<usize> {
        Ok(self.0.borrow().decided)
    }

    fn set_accepted_round(&mut self, ballot: Ballot) -> StorageResult<()> {
        self.write(Write::Accepted(ballot));
        Ok(())
    }

    fn get_accepted_round(&self) -> StorageResult<Option<Ballot>> {
        Ok(self.0.borrow().accepted)
    }

    fn get_entries(&self, from: usize, to: usize) -> StorageResult<Vec<Number>> {
        Ok(self.range(from, to))
    }

    fn get_log_len(&self) -> StorageResult<usize> {
        Ok(self.length())
    }

    fn get_suffix(&self, from: usize) -> StorageResult<Vec<Number>> {
        Ok(self.range(from, self.length()))
    }

    fn get_promise(&self) -> StorageResult<Option<Ballot>> {
        Ok(self.0.borrow().promise)
    }

    fn set_stopsign(&mut self, sign: Option<StopSign>) -> StorageResult<()> {
        sign.map_or(Ok(()), |_| Err("no reconfiguration here".into()))
    }

    fn get_stopsign(&self) -> StorageResult<Option<StopSign>> {
        Ok(None)
    }

    fn trim(&mut self, _: usize) -> StorageResult<()> {
        Err("nothing is trimmed here".into())
    }

    fn set_compacted_idx(&mut self, _: usize) -> StorageResult<()> {
        Err("nothing is compacted here".into())
    }

    fn get_compacted_idx(&self) -> StorageResult<usize> {
        Ok(0)
    }

    fn set_snapshot(&mut self, snapshot: Option<NoSnapshot>) -> StorageResult<()> {
        snapshot.map_or(Ok(()), |_| Err("no snapshots here".into()))
    }

    fn get_snapshot(&self) -> StorageResult<Option<NoSnapshot>> {
        Ok(None)
    }
}

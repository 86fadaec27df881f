//! Reading keys: select by range and revision, count, filter, sort, cut to the limit; in this
//! order, which is etcd's and shows in the answers.
//!
//! Two things follow that may surprise, and that etcd does too: `count` knows nothing of filters
//! and limit; and without a sort order but with another target than the key, the limit takes the
//! first keys *before* they are sorted.

use super::Store;
use super::history::Written;
use super::revision::Revision;
use super::write::key_value;
use crate::error::Error;
use crate::mutant::{Mutant, planted};
use crate::operation::{RangeRequest, SortOrder, SortTarget};
use crate::response::RangeResponse;
use bytes::Bytes;
use std::ops::Bound::{Excluded, Included, Unbounded};

/// A key as found: its name, when it was last written, what was written.
type Found<'a> = (&'a Bytes, Revision, &'a Written);

impl Store {
    /// The keys of a range that exist at a revision, in order.
    pub(super) fn select<'a>(
        &'a self,
        key: &'a [u8],
        range_end: &'a [u8],
        main: i64,
    ) -> impl Iterator<Item = Found<'a>> {
        let one = if range_end.is_empty() { self.keys.get_key_value(key) } else { None };
        let end = match range_end {
            [] => None,
            [0] => Some(Unbounded),
            end if end <= key => None,
            end if planted(Mutant::EndIsIncluded) => Some(Included(end)),
            end => Some(Excluded(end)),
        };
        let found = end.map(|end| self.keys.range::<[u8], _>((Included(key), end)));
        one.into_iter().chain(found.into_iter().flatten()).filter_map(move |(key, history)| {
            history.at(main).map(|(revision, written)| (key, revision, written))
        })
    }

    /// Reads keys; `present` is the revision that the reader is to take for the present one.
    pub(crate) fn range_as_of(
        &self,
        request: &RangeRequest,
        present: i64,
    ) -> Result<RangeResponse, Error> {
        let revision = self.readable(request.revision, present)?;
        let mut response = RangeResponse { revision: present, ..RangeResponse::default() };
        let fetched = fetch_limit(request);
        let mut found: Vec<Found<'_>> = Vec::new();
        for one in self.select(&request.key, &request.range_end, revision) {
            if planted(Mutant::CountStopsAtLimit) && found.len() == fetched {
                break;
            }
            response.count += 1;
            if !request.count_only && found.len() < fetched {
                found.push(one);
            }
        }
        found.retain(|(_, revision, written)| passes(request, *revision, written));
        if planted(Mutant::CountIsFiltered) && !request.count_only {
            response.count = length(found.len());
        }
        sort(request, &mut found);
        if let Some(limit) = limit(request) {
            response.more =
                found.len() > limit || found.len() == limit && planted(Mutant::MoreAtTheLimit);
            found.truncate(limit);
        }
        response.kvs =
            found.into_iter().map(|(k, revision, w)| key_value(k, revision, w)).collect();
        if request.keys_only {
            response.kvs.iter_mut().for_each(|kv| kv.value = Bytes::new());
        }
        Ok(response)
    }

    /// The revision to read at for the one asked for, if it can be read.
    pub(super) fn readable(&self, asked: i64, present: i64) -> Result<i64, Error> {
        let revision = if asked <= 0 { present } else { asked };
        if revision > present {
            return Err(Error::FutureRevision);
        }
        if revision < self.compacted
            || revision == self.compacted && planted(Mutant::CompactedRevisionRefused)
        {
            return Err(Error::Compacted);
        }
        Ok(revision)
    }
}

/// A length as etcd shows it.
pub(super) fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// The limit asked for, if there is one.
fn limit(request: &RangeRequest) -> Option<usize> {
    usize::try_from(request.limit).ok().filter(|limit| *limit > 0)
}

/// How many keys to look at: one more than the limit tells whether there are more. What must be
/// sorted or filtered first is looked at whole.
fn fetch_limit(request: &RangeRequest) -> usize {
    let filtered = [
        request.min_mod_revision,
        request.max_mod_revision,
        request.min_create_revision,
        request.max_create_revision,
    ]
    .iter()
    .any(|bound| *bound != 0);
    let late = planted(Mutant::LimitAfterSort) && request.sort_target != SortTarget::Key;
    if filtered || late || request.sort_order != SortOrder::None {
        return usize::MAX;
    }
    limit(request).map_or(usize::MAX, |limit| limit.saturating_add(1))
}

/// Whether the filters let a key through; a bound of 0 is none.
fn passes(request: &RangeRequest, revision: Revision, written: &Written) -> bool {
    let within = |value: i64, low: i64, high: i64| {
        (low == 0 || value >= low) && (high == 0 || value <= high)
    };
    within(revision.main, request.min_mod_revision, request.max_mod_revision)
        && within(written.create_revision, request.min_create_revision, request.max_create_revision)
}

/// Sorts keys that are in the order of their names; equals stay in it.
fn sort(request: &RangeRequest, found: &mut [Found<'_>]) {
    let descending = request.sort_order == SortOrder::Descend;
    found.sort_by(|a, b| {
        let order = match request.sort_target {
            SortTarget::Key => a.0.cmp(b.0),
            SortTarget::Version => a.2.version.cmp(&b.2.version),
            SortTarget::Create => a.2.create_revision.cmp(&b.2.create_revision),
            SortTarget::Mod => a.1.main.cmp(&b.1.main),
            SortTarget::Value => a.2.value.cmp(&b.2.value),
        };
        if descending { order.reverse() } else { order }
    });
}

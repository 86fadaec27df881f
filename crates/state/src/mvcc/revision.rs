//! A place in the store's history.

/// The revision of one write: the store's revision that it belongs to, and its place among the
/// writes of that revision, which a transaction shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Revision {
    /// The store's revision, counted from 1; signed, as etcd's is.
    pub(crate) main: i64,
    /// The place within it, from 0.
    pub(crate) sub: u32,
}

impl Revision {
    /// The last place that `main` could have.
    pub(crate) const fn last_of(main: i64) -> Self {
        Self { main, sub: u32::MAX }
    }
}

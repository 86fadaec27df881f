//! When a commit may be seen, and which reads may be answered, by clocks that know their error and
//! by clocks that do not. State machines without a store: the store has no stamped commits yet.
//!
//! - [`leader`]: the rules of `TrueTime`: a stamp above the clock's latest, commit wait beside
//!   replication, and the time that is safe to read at (a closed timestamp).
//! - [`snapshot`]: Clock-SI's rule, for clocks without a bound: a read waits until the partition's
//!   own clock has passed its snapshot, and a logical backstop holds where that clock goes back.
//!
//! | | what it needs of clocks | what it gives | what a bad clock costs |
//! |---|---|---|---|
//! | commit wait | a bound that holds | stamps in the order of real time, over all leaders | a wait of twice epsilon; without a bound no stamp |
//! | closed timestamps | nothing that must hold | reads at a follower, asking nobody | age |
//! | Clock-SI | nothing that must hold | one snapshot over all partitions | a wait as long as clocks differ |
//!
//! Both are held by simulations beside them, in which every planted bug dies.

pub mod leader;
pub mod snapshot;

#[cfg(test)]
mod tests;

pub use leader::Leader;
pub use snapshot::{Partition, Ready};

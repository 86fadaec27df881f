//! The levels that ask for one order of the whole: prefix, snapshot isolation, serializable.
//!
//! ```text
//! what is known: a graph     session order, who reads from whom
//! what is open: pairs        two writers of one key: a before b, or b before a?
//!                            a before b also puts each reader of a's value before b
//! saturate                   decide each pair of which one side would close a cycle, over again
//! solve                      the rest by a SAT solver with the graph's acyclicity as its theory
//! ```
//!
//! A serial order is one node per transaction. Where a transaction reads at its start and writes at
//! its commit, it is two:
//!
//! ```text
//!                        a reads from w     a before b (both write k)   r reads k from a
//! serializable           w -> a             a -> b                      r -> b
//! prefix                 w' -> a            a' -> b'                    r -> b'
//! snapshot isolation     w' -> a            a' -> b                     r -> b'        (x start, x' commit)
//! ```
//!
//! The strong forms of both add `a' -> b` where a had ended before b began; so the versions of a
//! key come in the order of real time wherever that has one, which is all that Elle assumes of
//! "linearizable keys", and here it is no assumption: a strict serial order implies it.
//!
//! Consistent view, parallel snapshot isolation and update serializable have no one order of all:
//! one node a transaction, and no edge `r -> b` (update serializable: where r writes something).
//! Instead no writer that overwrites what r read may reach r. Rule 1 of `saturate` infers from it;
//! what the solver chooses is asked for it in the end ([`overlooked`]).
//!
//! Cursor stability and update atomic ask it of some readers only, one node a transaction: `r -> b`
//! where r writes the key, too, and where r and b write some key together ([`atomic`]).
//!
//! In snapshot isolation `a' -> b` says that of two writers of one key one ends before the other
//! starts. The graph is a polygraph (Papadimitriou, "The serializability of concurrent database
//! updates", JACM 1979); deciding it is NP-complete for all three levels (Biswas and Enea, OOPSLA
//! 2019), so the search has bounds and may answer "unknown". Pruning before solving is Cobra's idea
//! (Tan et al., OSDI 2020); clocks per session in place of its matrix of reachability make a round
//! O(edges x sessions).

mod atomic;
mod chains;
mod choices;
mod explain;
mod facts;
mod overlooked;
mod pairs;
mod reach;
mod real_time;
mod refute;
mod replay;
mod saturate;
mod shape;
mod solve;
mod theory;
mod told;
mod verify;
mod viewed;
mod writes;

pub(super) use saturate::judge;
pub(super) use shape::Shape;

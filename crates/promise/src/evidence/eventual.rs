//! Evidence of an eventual answer: the answerer's signature, and nothing beside it.
//!
//! The rule: a node of the cluster signed that it gave this response to this request. It may then
//! be held to its word, and its answers may contradict each other; how much of the log the answer
//! reflects, and whether that was committed, nothing says.

use crate::fact::Answer;
use crate::log_point::LogPoint;

/// The point that is claimed: the answer's own.
pub(crate) const fn point(answer: &Answer) -> LogPoint {
    answer.point
}

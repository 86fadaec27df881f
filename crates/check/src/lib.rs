//! The judge of histories.

pub mod limits;
pub mod linearizability;
pub mod model;
pub mod operation;

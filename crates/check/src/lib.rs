//! The judge of histories.

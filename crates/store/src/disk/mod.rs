//! The log and the checkpoints on disk.

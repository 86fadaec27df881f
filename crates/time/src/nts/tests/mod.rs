//! What is agreed on, and what is protected by it.

mod exchange;
mod protected;

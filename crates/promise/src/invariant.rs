//! `invariant!`: an assertion that names the invariant of the file's header and stays on in
//! release builds. A failure is our own bug, never bad input.

/// Panics with the invariant's name when the condition is false.
///
/// ```should_panic
/// # use avouch_promise::invariant;
/// invariant!(I1, 1 + 1 == 3, "arithmetic broke: {}", 2);
/// ```
#[macro_export]
macro_rules! invariant {
    ($name:ident, $condition:expr, $($message:tt)+) => {
        assert!($condition, "invariant {} broken: {}", stringify!($name), format_args!($($message)+))
    };
}

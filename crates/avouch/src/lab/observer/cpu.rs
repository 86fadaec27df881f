//! The CPU time that this process has used, all threads together.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// So far.
pub(super) fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    #[test]
    fn work_takes_cpu() {
        let before = super::used();
        let mut sum = 1_u64;
        for _ in 0..20_000_000 {
            sum = std::hint::black_box(sum.wrapping_mul(3));
        }
        let used = super::used().saturating_sub(before);
        assert!(used > std::time::Duration::from_millis(1), "{used:?}");
    }
}

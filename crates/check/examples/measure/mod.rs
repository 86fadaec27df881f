//! What the benchmarks of the judge measure with, and how they tell it.

/// The most memory that this process has held, in MiB.
#[allow(dead_code, reason = "not every benchmark has a goal for it")]
pub(crate) fn peak_mib() -> Option<u32> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u32>().ok().map(|kib| kib.div_ceil(1024))
}

/// What a run comes to, and the seconds that it took.
#[expect(clippy::disallowed_types, reason = "a benchmark reads the clock")]
pub(crate) fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = std::time::Instant::now();
    let done = run();
    (done, start.elapsed().as_secs_f64())
}

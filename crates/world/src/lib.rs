//! The simulated physical world: links, clocks, disks and faults; one seed, one run.

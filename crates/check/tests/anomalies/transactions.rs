//! Anomalies of transactions on lists and registers: each with its name on the page, the weakest
//! level that forbids it, and a history.

use crate::Row;
use avouch_check::Level::{
    Causal, CursorStability, MonotonicAtomicView, MonotonicView, Prefix, ReadAtomic, ReadCommitted,
    ReadUncommitted, SnapshotIsolation, StrictSerializable, StrongReadCommitted,
    StrongReadUncommitted, StrongSessionReadCommitted, StrongSessionReadUncommitted,
    StrongSessionSerializable, StrongSnapshotIsolation, UpdateSerializable,
};

/// Cycles of dependencies, plain and by way of a session or of real time.
pub(crate) const CYCLES: [Row; 16] = [
    (
        'L',
        "G0, dirty write",
        ReadUncommitted,
        "0 0-10 a x 1, a y 1 / 1 1-11 a x 2, a y 2 / 2 12-13 r x 1 2, r y 2 1",
    ),
    (
        'L',
        "G1c, circular information flow",
        ReadCommitted,
        "0 0-10 a x 1, r y 1 / 1 1-11 a y 1, r x 1",
    ),
    ('L', "G-single, read skew (A5A)", MonotonicView, "0 0-10 a x 1, a y 1 / 1 1-11 r x 1, r y"),
    (
        'L',
        "G-single, lost update (P4)",
        CursorStability,
        "0 0-10 r x, a x 1 / 1 1-11 r x, a x 2 / 2 12-13 r x 1 2",
    ),
    (
        'L',
        "G-nonadjacent, long fork",
        Prefix,
        "0 0-10 a x 1 / 1 0-10 a y 1 / 2 0-10 r x 1, r y / 3 0-10 r y 1, r x",
    ),
    (
        'L',
        "G2-item, write skew (A5B)",
        UpdateSerializable,
        "0 0-10 r x, r y, a x 1 / 1 1-11 r x, r y, a y 1",
    ),
    ('L', "G0-process", StrongSessionReadUncommitted, "0 0-1 a x 1 / 0 2-3 a x 2 / 1 4-5 r x 2 1"),
    ('L', "G1c-process", StrongSessionReadCommitted, "0 0-1 r x 1 / 0 2-3 a x 1"),
    ('L', "G-single-process", ReadAtomic, "0 0-1 a x 1 / 0 2-3 r x / 1 4-5 r x 1"),
    (
        'L',
        "G-nonadjacent-process",
        Prefix,
        "0 0-5 a x 1 / 0 6-30 r y / 1 0-5 a y 1 / 1 6-30 r x / 2 40-41 r x 1, r y 1",
    ),
    (
        'L',
        "G2-item-process",
        StrongSessionSerializable,
        "0 0-1 a y 1 / 0 2-20 r x / 1 0-10 a x 1, r y / 2 40-41 r x 1, r y 1",
    ),
    ('L', "G0-realtime", StrongReadUncommitted, "0 0-1 a x 1 / 1 2-3 a x 2 / 2 4-5 r x 2 1"),
    ('L', "G1c-realtime", StrongReadCommitted, "0 0-1 r x 1 / 1 2-3 a x 1"),
    ('L', "G-single-realtime", StrongSnapshotIsolation, "0 0-1 a x 1 / 1 2-3 r x / 2 4-5 r x 1"),
    (
        'L',
        "G-nonadjacent-realtime",
        StrongSnapshotIsolation,
        "3 0-10 a y 1 / 1 5-30 a x 1 / 2 3-30 r x 1, r y / 0 11-20 r x / 4 40-41 r x 1, r y 1",
    ),
    (
        'L',
        "G2-item-realtime",
        StrictSerializable,
        "0 0-1 a y 1 / 3 2-20 r x / 1 0-10 a x 1, r y / 2 40-41 r x 1, r y 1",
    ),
];

/// What no order of transactions can mend.
pub(crate) const FLAWS: [Row; 14] = [
    ('L', "thin air", ReadUncommitted, "0 0-1 r x 7"),
    ('L', "duplicate elements", ReadUncommitted, "0 0-1 a x 1 / 1 2-3 r x 1 1"),
    ('L', "reordered appends", ReadUncommitted, "0 0-1 a x 1, a x 2 / 1 2-3 r x 2 1"),
    ('L', "G1a, aborted read", ReadCommitted, "0 0-1 fail a x 1 / 1 2-3 r x 1"),
    ('L', "G1b, intermediate read", ReadCommitted, "0 0-1 a x 1, a x 2 / 1 0-3 r x 1"),
    ('L', "dirty update", ReadCommitted, "0 0-1 fail a x 1 / 1 2-3 a x 2 / 2 4-5 r x 1 2"),
    (
        'L',
        "incompatible order",
        ReadCommitted,
        "0 0-10 a x 1 / 1 0-10 a x 2 / 2 11-12 r x 1 2 / 3 11-12 r x 2 1",
    ),
    ('L', "internal", ReadCommitted, "0 0-1 a x 1, r x / 1 2-3 r x 1"),
    ('L', "internal, future read", ReadCommitted, "0 0-1 r x 1, a x 1"),
    ('R', "thin air", ReadUncommitted, "0 0-1 r x 7"),
    ('R', "G1a, aborted read", ReadCommitted, "0 0-1 fail w x 1 / 1 2-3 r x 1"),
    ('R', "G1b, intermediate read", ReadCommitted, "0 0-1 w x 1, w x 2 / 1 0-3 r x 1"),
    ('R', "internal", ReadCommitted, "0 0-1 w x 1, w x 2, r x 1"),
    ('R', "internal, future read", ReadCommitted, "0 0-1 r x 1, w x 1"),
];

/// Of lists, whom a transaction sees.
pub(crate) const VIEWS: [Row; 3] = [
    (
        'L',
        "G-single, read skew (A5A): a cycle of 3",
        MonotonicView,
        "0 0-10 a x 1 / 1 0-10 r x 1, a y 1 / 2 1-11 r y 1, r x",
    ),
    ('L', "G-single, read skew (A5A)", ReadAtomic, "0 0-10 a x 1, a y 1 / 1 1-11 r x, r y 1"),
    (
        'L',
        "G-single-process: a cycle of 4",
        Causal,
        "0 0-10 a x 1 / 1 0-10 r x 1, a y 1 / 2 1-11 r y 1 / 2 12-13 r x",
    ),
];

/// Registers, of whose order of writes only reads tell.
pub(crate) const REGISTERS: [Row; 12] = [
    (
        'R',
        "G1c, circular information flow",
        ReadCommitted,
        "0 0-10 w x 1, r y 1 / 1 1-11 w y 1, r x 1",
    ),
    (
        'R',
        "observed transaction vanishes (OTV)",
        MonotonicAtomicView,
        "0 0-10 w x 1, w y 1 / 1 0-10 r x 1, r y",
    ),
    ('R', "fractured read", ReadAtomic, "0 0-10 w x 1, w y 1 / 1 0-10 r y, r x 1"),
    ('R', "non-repeatable read (P2)", ReadAtomic, "0 0-10 w x 1 / 1 0-10 r x, r x 1"),
    (
        'R',
        "causality violation",
        Causal,
        "0 0-20 w x 1 / 1 0-20 r x 1, w y 1 / 2 0-20 r y 1 / 2 21-22 r x",
    ),
    (
        'R',
        "G-nonadjacent, long fork",
        Prefix,
        "0 0-10 w x 1 / 1 0-10 w y 1 / 2 0-10 r x 1, r y / 3 0-10 r y 1, r x",
    ),
    ('R', "G-single, lost update (P4)", CursorStability, "0 0-10 r x, w x 1 / 1 0-10 r x, w x 2"),
    (
        'R',
        "G2-item, write skew (A5B)",
        UpdateSerializable,
        "0 0-10 r x, r y, w x 1 / 1 0-10 r x, r y, w y 1",
    ),
    ('R', "G-single-realtime", StrongSnapshotIsolation, "0 0-1 w x 1 / 1 2-3 r x"),
    ('R', "G1c-realtime", StrongReadCommitted, "0 0-1 r x 1 / 1 2-3 w x 1"),
    (
        'R',
        "G0, dirty write",
        StrongSnapshotIsolation,
        "0 0-10 w x 1, w y 1 / 1 1-11 w x 2, w y 2 / 2 12-13 r x 2 / 2 14-15 r y 1",
    ),
    (
        'R',
        "G-single-realtime, G-SIb, missed effects: a cycle of 3",
        StrongSnapshotIsolation,
        "0 0-1 w x 1 / 1 2-3 w y 1 / 2 0-10 r y 1, r x",
    ),
];

/// Adya's phenomena of single levels, by a cycle that the level forbids.
pub(crate) const PHENOMENA: [Row; 11] = [
    ('L', "G-cursor", CursorStability, "0 0-10 r x, a x 1 / 1 1-11 r x, a x 2 / 2 12-13 r x 1 2"),
    ('R', "G-cursor", CursorStability, "0 0-10 r x, w x 1 / 1 0-10 r x, w x 2"),
    ('L', "G-monotonic", MonotonicView, "0 0-10 a x 1, a y 1 / 1 1-11 r x 1, r y"),
    ('L', "G-update", UpdateSerializable, "0 0-10 r x, r y, a x 1 / 1 1-11 r x, r y, a y 1"),
    ('R', "G-update", UpdateSerializable, "0 0-10 r x, r y, w x 1 / 1 0-10 r x, r y, w y 1"),
    ('L', "G-SIb, missed effects", SnapshotIsolation, "0 0-10 a x 1, a y 1 / 1 1-11 r x 1, r y"),
    ('R', "G-SIb, missed effects", SnapshotIsolation, "0 0-10 w x 1, w y 1 / 1 0-10 r x 1, r y"),
    (
        'L',
        "G-SIb, missed effects",
        StrongSnapshotIsolation,
        "0 0-1 a x 1 / 1 2-3 r x / 2 4-5 r x 1",
    ),
    ('R', "G-SIb, missed effects", StrongSnapshotIsolation, "0 0-1 w x 1 / 1 2-3 r x"),
    ('L', "G-SIa, interference", StrongSnapshotIsolation, "0 0-1 r x 1 / 1 2-3 a x 1"),
    ('R', "G-SIa, interference", StrongSnapshotIsolation, "0 0-1 r x 1 / 1 2-3 w x 1"),
];

//! Bugs planted in the gray-failure detector, each off by default: they prove that the scripted
//! faults and the healthy day would notice them. Never on outside a test.

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GrayMutant {
    /// Only requests that are never answered count, however late the others are.
    IgnoresTails,
    /// Who is heard is well.
    TrustsHeartbeats,
    /// Takes a link's sender for its receiver.
    MixesDirections,
    /// Does not compare with the population: whoever is slow is named, even if all are.
    ForgetsPopulation,
    /// Does not compare with the own past: whatever takes more than 100 ms is late.
    ForgetsPast,
    /// Takes the word of one observer for that of all.
    BelievesOne,
    /// Takes a silence for a cut, whatever the sender's kernel tells.
    BelievesSilence,
    /// Takes one hiccup of every path to a node for stops of the node.
    BelievesHiccups,
    /// Who stood still itself takes what it slept through for the silence of its peers.
    AccusesInItsSleep,
    /// Takes a node's word of its own disk also while most find the node late in general.
    BelievesOwnDisk,
    /// Asks others only about a node's disk.
    IgnoresOwnDisk,
    /// Takes a report for what is so now, however old it is.
    BelievesOldReports,
    /// Takes a request that was refused for one that is never answered.
    CountsRefusals,
}

impl GrayMutant {
    /// Every planted bug.
    pub const ALL: [Self; 13] = [
        Self::IgnoresTails,
        Self::TrustsHeartbeats,
        Self::MixesDirections,
        Self::ForgetsPopulation,
        Self::ForgetsPast,
        Self::BelievesOne,
        Self::BelievesSilence,
        Self::BelievesHiccups,
        Self::AccusesInItsSleep,
        Self::BelievesOwnDisk,
        Self::IgnoresOwnDisk,
        Self::BelievesOldReports,
        Self::CountsRefusals,
    ];
}

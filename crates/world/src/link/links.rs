//! Every directed link of a run, by its ends.

use super::Link;
use crate::delay::{Delay, Family as DelayFamily};
use crate::geography::{Region, fibre_floor};
use avouch_promise::NodeId;

/// Every directed link of a run.
#[derive(Clone, Debug)]
pub struct Links {
    nodes: usize,
    matrix: Vec<Link>,
    /// Whether any link is cut, so that an arrival need not look at its link while none is: of a
    /// hundred nodes the links are more than a processor's cache holds.
    any_cut: bool,
}

impl Links {
    pub(crate) fn new(nodes: usize, link: &Link) -> Self {
        Self { nodes, matrix: vec![link.clone(); nodes * nodes], any_cut: link.is_cut() }
    }

    fn at(&self, from: NodeId, to: NodeId) -> Option<usize> {
        let (from, to) = (index(from)?, index(to)?);
        (from < self.nodes && to < self.nodes).then_some(from * self.nodes + to)
    }

    /// Looks again whether any link is cut: after every fault.
    pub(crate) fn look_for_cuts(&mut self) {
        self.any_cut = self.matrix.iter().any(Link::is_cut);
    }

    /// Links may be cut from now on without a fault: every arrival looks until the next fault.
    pub(crate) fn suspect_cuts(&mut self) {
        self.any_cut = true;
    }

    /// Whether nothing passes from one node to another.
    #[inline]
    pub(crate) fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.any_cut && self.link(from, to).is_some_and(Link::is_cut)
    }

    /// The link between two nodes.
    pub fn link(&self, from: NodeId, to: NodeId) -> Option<&Link> {
        self.matrix.get(self.at(from, to)?)
    }

    /// The link between two nodes, to change it.
    pub fn link_mut(&mut self, from: NodeId, to: NodeId) -> Option<&mut Link> {
        let at = self.at(from, to)?;
        self.matrix.get_mut(at)
    }

    /// Every link with its ends, to change them.
    pub fn each(&mut self) -> impl Iterator<Item = (NodeId, NodeId, &mut Link)> {
        let nodes = self.nodes;
        self.matrix
            .iter_mut()
            .enumerate()
            .filter(move |(at, _)| at / nodes != at % nodes)
            .map(move |(at, link)| (node(at / nodes), node(at % nodes), link))
    }

    /// Sets each link's delay to the measured one between its ends' regions, in node order, and
    /// its floor to that of fibre.
    pub fn set_regions(&mut self, regions: &[Region]) {
        self.set_regions_as(DelayFamily::LogNormal, regions);
    }

    /// The same with delays of another family, fitted to the same measurements.
    pub fn set_regions_as(&mut self, family: DelayFamily, regions: &[Region]) {
        for (from, to, link) in self.each() {
            let region = |node| index(node).and_then(|at| regions.get(at));
            if let (Some(from), Some(to)) = (region(from), region(to)) {
                link.delay = family.between(*from, *to);
                link.floor = fibre_floor(from.position(), to.position());
            }
        }
    }

    /// Keeps the parts of every delay apart from now on, on every link.
    pub fn measure(&mut self) {
        self.each().for_each(|(.., link)| link.measure());
    }

    /// Sets each link's delay from a table: row = from, column = to, both counted from 0.
    pub fn set_delays(&mut self, table: &[Vec<Delay>]) {
        for (from, to, link) in self.each() {
            let row = index(from).and_then(|row| table.get(row));
            if let Some(delay) = row.and_then(|row| row.get(index(to)?)) {
                link.delay = *delay;
            }
        }
    }
}

/// The position of a node in lists, which starts at 0; node 0 does not exist.
pub(crate) fn index(node: NodeId) -> Option<usize> {
    (node.0 as usize).checked_sub(1)
}

/// The node at a position in lists.
pub(crate) fn node(index: usize) -> NodeId {
    NodeId(index as u32 + 1)
}

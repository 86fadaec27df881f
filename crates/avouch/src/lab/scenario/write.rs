//! A scenario as a file: what is read from it is the same scenario, to the nanosecond.

use super::Scenario;
use super::cluster::{Cluster, Standing};
use super::codec::{
    Between, Codec, Count, Delay, Number, Places, Rate, Share, Span, Text, Times, quoted,
};
use super::crowd::{Crowd, Home};
use super::expect::Expect;
use super::rates::Rates;
use super::words;
use avouch_world::Synchrony;
use std::fmt::{self, Write as _};

/// A table being written.
struct Page(String);

impl Page {
    fn head(&mut self, head: &str) {
        self.line(&format!("\n{head}"));
    }

    fn line(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{text}");
    }

    fn member<C: Codec>(&mut self, key: &str, value: &C::Value) {
        self.line(&format!("{key} = {}", C::speak(value)));
    }

    fn maybe<C: Codec>(&mut self, key: &str, value: Option<&C::Value>) {
        if let Some(value) = value {
            self.member::<C>(key, value);
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut page = Page(String::new());
        page.member::<Text>("name", &self.name);
        page.member::<Text>("summary", &self.summary);
        page.maybe::<Count>("seed", self.seed.as_ref());
        page.member::<Span>("duration", &self.duration);
        page.member::<Span>("calm", &self.calm);
        cluster(&mut page, &self.cluster);
        synchrony(&mut page, &self.synchrony);
        self.clients.iter().for_each(|each| crowd(&mut page, each));
        for (at, fault) in self.faults.iter() {
            page.head("[[fault]]");
            page.member::<Span>("at", at);
            let (word, members) = words::speak(fault);
            page.line(&format!("do = {}", quoted(word)));
            for (key, value) in members {
                page.line(&format!("{key} = {value}"));
            }
        }
        rates(&mut page, &self.rates);
        expect(&mut page, &self.expect);
        f.write_str(&page.0)
    }
}

fn cluster(page: &mut Page, cluster: &Cluster) {
    page.head("[cluster]");
    match &cluster.standing {
        Standing::Regions(regions) => page.member::<Places>("regions", regions),
        Standing::Uniform { nodes, link } => {
            page.member::<Times>("nodes", nodes);
            page.member::<Delay>("link", link);
        }
    }
    page.maybe::<Span>("election", cluster.election.as_ref());
    page.member::<Delay>("sync", &cluster.sync);
    page.maybe::<Rate>("bandwidth", cluster.bandwidth.as_ref());
    page.maybe::<Delay>("step", cluster.step.as_ref());
    page.member::<Span>("clock-bound", &cluster.clock_bound);
    page.member::<Count>("checkpoint-entries", &cluster.checkpoint_entries);
    page.maybe::<Text>("plant", cluster.plant.map(|plant| plant.name()).as_ref());
}

fn synchrony(page: &mut Page, synchrony: &Synchrony) {
    match synchrony {
        Synchrony::Asynchronous => {}
        Synchrony::UnknownBound { at_least, at_most } => {
            page.head("[synchrony]");
            page.member::<Span>("delta", at_least);
            page.member::<Span>("delta-at-most", at_most);
        }
        Synchrony::AfterGst { gst, delta, before } => {
            page.head("[synchrony]");
            page.member::<Span>("delta", delta);
            page.member::<Span>("gst", gst);
            page.member::<Share>("loss", &before.loss);
            page.member::<Share>("hold", &before.hold);
            page.member::<Delay>("delay", &before.delay);
        }
    }
}

fn crowd(page: &mut Page, crowd: &Crowd) {
    page.head("[[clients]]");
    page.member::<Times>("count", &crowd.count);
    let home = match crowd.home {
        Home::Everywhere => "everywhere".to_owned(),
        Home::Node(node) => node.to_string(),
        Home::Region(region) => region.name().to_owned(),
    };
    page.member::<Text>("at", &home);
    page.member::<Number>("rate", &crowd.rate);
    page.member::<Count>("keys", &crowd.keys);
    page.member::<Count>("value-bytes", &crowd.value_bytes);
    page.member::<Share>("evidence", &crowd.evidence);
    page.member::<Span>("patience", &crowd.patience);
    let weight = |name: String, weight: &f64| format!("{name} = {}", Number::speak(weight));
    let operations = crowd.operations.iter().map(|(deed, by)| weight(deed.name().to_owned(), by));
    let guarantees = crowd.guarantees.iter().map(|(which, by)| weight(which.to_string(), by));
    page.line(&format!("operations = {{ {} }}", operations.collect::<Vec<_>>().join(", ")));
    page.line(&format!("guarantees = {{ {} }}", guarantees.collect::<Vec<_>>().join(", ")));
}

fn rates(page: &mut Page, rates: &Rates) {
    if rates.each.is_empty() {
        return;
    }
    page.head("[rates]");
    rates.each.iter().for_each(|(family, rate)| page.member::<Number>(family.name(), rate));
    if let Some((shortest, longest)) = rates.lasting {
        page.member::<Between>("lasting", &vec![shortest, longest]);
    }
    page.maybe::<Count>("down-at-most", rates.down_at_most.as_ref());
}

fn expect(page: &mut Page, expect: &Expect) {
    page.head("[expect]");
    page.line(&format!("verdict = {}", quoted(expect.verdict.word())));
    for bound in &expect.bounds {
        page.head("[[expect.bound]]");
        page.member::<Span>("from", &bound.from);
        page.maybe::<Span>("until", bound.until.as_ref());
        page.maybe::<Text>("guarantee", bound.guarantee.as_ref());
        page.maybe::<Share>("answered-at-least", bound.at_least.as_ref());
        page.maybe::<Share>("answered-at-most", bound.at_most.as_ref());
        page.maybe::<Span>("p99-at-most", bound.p99.as_ref());
    }
}

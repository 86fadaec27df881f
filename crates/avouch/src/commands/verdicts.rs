//! The verdicts of one run of `verify`, told one by one and summed up: how many of each, what they
//! all assume, whether they contradict each other, and with which trust file they were found.

use crate::cluster::choice::Trusted;
use crate::embedded::shown;
use crate::exit::{Exit, worse};
use crate::quantity::counted;
use crate::screen::{Format, Screen, error_json};
use avouch_promise::Error;
use avouch_promise::evidence::{Assumption, Fork, Judgement, Verdict};
use serde_json::{Map, Value, json};

pub(super) struct Verdicts<'a> {
    screen: &'a mut Screen,
    /// Of the items: hold, refuted, unknown.
    counts: [usize; 3],
    worst: Verdict,
    assumptions: Vec<Assumption>,
    /// What programs are told of each item.
    items: Vec<Value>,
    forks: Vec<String>,
    used: Vec<Trusted>,
    unreadable: Option<(usize, Error)>,
}

impl<'a> Verdicts<'a> {
    pub(super) fn new(screen: &'a mut Screen) -> Self {
        Self {
            screen,
            counts: [0; 3],
            worst: Verdict::Holds,
            assumptions: Vec::new(),
            items: Vec::new(),
            forks: Vec::new(),
            used: Vec::new(),
            unreadable: None,
        }
    }

    fn text(&mut self, text: &str) {
        if self.screen.format == Format::Text {
            self.screen.line(text);
        }
    }

    fn count(&mut self, verdict: Verdict) {
        self.worst = worse(self.worst, verdict);
        self.counts[usize::from(verdict.exit_code())] += 1;
    }

    /// An item, and the trust file that it was judged with.
    pub(super) fn judged(
        &mut self,
        label: &str,
        said: &str,
        judgement: &Judgement,
        trusted: &Trusted,
    ) {
        self.count(judgement.verdict);
        if self.used.iter().all(|used| used.path != trusted.path) {
            self.used.push(trusted.clone());
        }
        for assumption in &judgement.assumptions {
            if !self.assumptions.contains(assumption) {
                self.assumptions.push(assumption.clone());
            }
        }
        let text = judgement.to_string();
        // Assumptions that all items share are told once, in the end.
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("assumes ")).collect();
        let text = lines.join("\n");
        let text = match text.split_once(':') {
            Some((word, rest)) => format!("{}:{rest}", self.screen.paint(judgement.verdict, word)),
            None => text,
        };
        self.text(&format!("{label}  {said}\n{text}"));
        let mut told = json!({ "item": label, "said": said });
        if let (Some(told), Value::Object(more)) = (told.as_object_mut(), judgement.to_json()) {
            told.extend(more);
        }
        self.items.push(told);
    }

    /// An item, or a file without any, that cannot be judged here.
    pub(super) fn without_judgement(&mut self, label: &str, said: &str, reason: &str) {
        let verdict = Verdict::Unknown;
        self.count(verdict);
        let word = self.screen.paint(verdict, verdict.word());
        let head = if said.is_empty() { label.to_owned() } else { format!("{label}  {said}") };
        self.text(&format!("{head}\n{word}: {reason}"));
        let told =
            json!({ "item": label, "said": said, "verdict": verdict.word(), "reason": reason });
        self.items.push(told);
    }

    /// The end of a run that could judge nothing at all.
    pub(super) fn none(self, reason: &str) -> Exit {
        let verdict = Verdict::Unknown;
        match self.screen.format {
            Format::Text => {
                let word = self.screen.paint(verdict, verdict.word());
                self.screen.line(&format!("{word}: {reason}"));
            }
            Format::Json => {
                let told = json!({ "verdict": verdict.word(), "reason": reason });
                self.screen.line(&told.to_string());
            }
        }
        Exit::Verdict(verdict)
    }

    /// A file that cannot be read as evidence.
    pub(super) fn unreadable(&mut self, label: &str, error: &Error) {
        self.text(label);
        self.screen.tell(error);
        let mut told = Map::from_iter([("item".to_owned(), Value::from(label))]);
        told.extend(error_json(error));
        self.items.push(told.into());
        let (count, _) = self.unreadable.get_or_insert((0, error.clone()));
        *count += 1;
    }

    /// Facts that contradict each other.
    pub(super) fn forks(&mut self, forks: &[Fork]) {
        for fork in forks {
            self.worst = Verdict::Refuted;
            self.text(&fork.to_string());
            self.forks.push(fork.to_string());
        }
    }

    /// The summary; `first` is the trust file that would have been used first.
    pub(super) fn end(mut self, first: Option<&Trusted>) -> Exit {
        if self.used.is_empty() {
            self.used.extend(first.cloned());
        }
        if !self.assumptions.is_empty() {
            let assumptions: Vec<_> = self.assumptions.iter().map(ToString::to_string).collect();
            self.text(&format!("what holds assumes {}", assumptions.join("; ")));
        }
        let summary = self.summary();
        self.text(&summary);
        // A file that could not be read may have held anything.
        let sure = if self.unreadable.is_some() { Verdict::Unknown } else { Verdict::Holds };
        let verdict = worse(self.worst, sure);
        if self.screen.format == Format::Json {
            let trust: Vec<_> = self.used.iter().map(trusted_json).collect();
            let cluster = self.used.first().map(|used| used.trust.cluster().to_string());
            let [holds, refuted, unknown] = self.counts;
            let mut told = json!({
                "verdict": verdict.word(), "cluster": cluster, "trust": trust,
                "items": self.items, "forks": self.forks,
                "holds": holds, "refuted": refuted, "unknown": unknown,
            });
            if let (Some(told), Some((_, error))) = (told.as_object_mut(), &self.unreadable) {
                told.extend(error_json(error));
            }
            self.screen.line(&told.to_string());
        }
        match (verdict, self.unreadable) {
            (Verdict::Refuted, _) | (_, None) => Exit::Verdict(verdict),
            (_, Some((_, error))) => Exit::Error(error.blame),
        }
    }

    fn summary(&self) -> String {
        let [holds, refuted, unknown] = self.counts;
        let items = counted(self.counts.iter().sum(), "item");
        let unreadable = match &self.unreadable {
            Some((files, _)) => format!("; {} unreadable", counted(*files, "file")),
            None => String::new(),
        };
        let forks = match self.forks.len() {
            0 => "no forks".to_owned(),
            forks => counted(forks, "fork"),
        };
        let trust = |used: &Trusted| {
            format!("trust file {} of cluster {}", shown(&used.path), used.trust.cluster())
        };
        let trust: Vec<_> = self.used.iter().map(trust).collect();
        let trust = if trust.is_empty() { "no trust file".to_owned() } else { trust.join(" and ") };
        format!(
            "{items}: {holds} hold, {refuted} refuted, {unknown} unknown{unreadable}; {forks}; \
             {trust}"
        )
    }
}

fn trusted_json(trusted: &Trusted) -> Value {
    json!({ "path": trusted.path, "cluster": trusted.trust.cluster().to_string() })
}

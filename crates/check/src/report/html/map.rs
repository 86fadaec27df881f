//! The map of models as a picture: the strongest on top, a line from each to what follows from it,
//! lit by what is known of it. Drawn from the report's map, whatever it contains.
//!
//! ```text
//!   layers    the longest way down to a weakest model says how high one stands
//!   bends     a line over several layers gets a free place in each between
//!   order     in each layer by the middle of the neighbours, up and down a few times
//! ```
//!
//! Reference: Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
//! structures" (1981).

use crate::picture::{Page, escaped, width};
use crate::report::{Model, Word};

const TALL: f64 = 40.0;
const APART: f64 = 34.0;
const GAP: f64 = 18.0;
const EDGE: f64 = 8.0;
/// How often the layers are put into order.
const SWEEPS: usize = 24;

/// A model's box, or a bend of a line.
#[derive(Clone, Copy)]
struct Spot {
    /// The model; nothing for a bend.
    model: Option<usize>,
    layer: usize,
    wide: f64,
    /// The middle.
    x: f64,
}

/// Spots in layers, and the lines between neighbouring layers.
struct Layers {
    spots: Vec<Spot>,
    /// The spots of each layer from left to right; the weakest is the first.
    rows: Vec<Vec<usize>>,
    /// From a spot to one in the layer below.
    lines: Vec<(usize, usize)>,
    /// Each edge's spots from top to bottom.
    ways: Vec<Vec<usize>>,
}

/// The longest way down from each model.
fn heights(models: &[Model]) -> Vec<usize> {
    let mut heights = vec![0; models.len()];
    // As often as there are models is enough, and ends where a map has a cycle.
    for _ in models {
        for (place, model) in models.iter().enumerate() {
            let below = model.implies.iter().filter_map(|one| heights.get(*one));
            heights[place] = below.map(|height| height + 1).max().unwrap_or(0).min(models.len());
        }
    }
    heights
}

fn wide(model: &Model) -> f64 {
    width(&model.name, true).max(width(word(model), false) + 16.0) + 22.0
}

/// What stands below a model's name: its word, told without colour.
fn word(model: &Model) -> &'static str {
    match model.word {
        Some(Word::Holds) => "✓ holds",
        Some(Word::Violated) => "✗ violated",
        Some(Word::Unknown) => "? unknown",
        None => "not judged",
    }
}

fn ink(model: &Model) -> &'static str {
    match model.word {
        Some(Word::Holds) => "--holds",
        Some(Word::Violated) => "--refuted",
        Some(Word::Unknown) => "--unknown",
        None => "--faint",
    }
}

impl Layers {
    fn new(models: &[Model]) -> Self {
        let heights = heights(models);
        let spot = |(place, model): (usize, &Model)| Spot {
            model: Some(place),
            layer: heights[place],
            wide: wide(model),
            x: 0.0,
        };
        let spots: Vec<Spot> = models.iter().enumerate().map(spot).collect();
        let count = heights.iter().max().map_or(0, |most| most + 1);
        let mut all =
            Self { spots, rows: vec![Vec::new(); count], lines: Vec::new(), ways: Vec::new() };
        for (from, model) in models.iter().enumerate() {
            for to in model.implies.iter().copied().filter(|to| *to < models.len()) {
                let mut way = vec![from];
                for layer in (heights[to] + 1..heights[from]).rev() {
                    way.push(all.spots.len());
                    all.spots.push(Spot { model: None, layer, wide: 6.0, x: 0.0 });
                }
                way.push(to);
                all.lines.extend(way.windows(2).map(|pair| (pair[0], pair[1])));
                all.ways.push(way);
            }
        }
        for (place, spot) in all.spots.iter().enumerate() {
            all.rows[spot.layer].push(place);
        }
        all.sort();
        all.place();
        all
    }

    /// The middle of a spot's neighbours above or below, by their places or by where they stand.
    fn middle(&self, spot: usize, below: bool, at: impl Fn(usize) -> f64) -> Option<f64> {
        let near = self.lines.iter().filter_map(|(up, down)| match below {
            true if *up == spot => Some(*down),
            false if *down == spot => Some(*up),
            _ => None,
        });
        let (mut sum, mut count) = (0.0, 0_u32);
        for one in near {
            sum += at(one);
            count += 1;
        }
        (count > 0).then(|| sum / f64::from(count))
    }

    /// Puts every layer into an order with few crossings.
    fn sort(&mut self) {
        let mut ranks = vec![0.0; self.spots.len()];
        for sweep in 0..SWEEPS {
            let below = sweep % 2 == 0;
            let mut turns: Vec<usize> = (0..self.rows.len()).collect();
            if !below {
                turns.reverse();
            }
            for layer in turns {
                let mut members = std::mem::take(&mut self.rows[layer]);
                let key = |spot: &usize| {
                    self.middle(*spot, below, |one| ranks[one]).unwrap_or(ranks[*spot])
                };
                members.sort_by(|one, other| key(one).total_cmp(&key(other)));
                let middle = f64::from(members.len() as u32) / 2.0;
                for (rank, spot) in (0..).zip(&members) {
                    ranks[*spot] = f64::from(rank) + 0.5 - middle;
                }
                self.rows[layer] = members;
            }
        }
    }

    /// Gives every spot its place across: close to its neighbours, and beside those of its layer.
    fn place(&mut self) {
        for sweep in 0..SWEEPS {
            for layer in 0..self.rows.len() {
                let layer = if sweep % 2 == 0 { layer } else { self.rows.len() - 1 - layer };
                let members = self.rows[layer].clone();
                let wish = |spot: usize| {
                    let near = self.middle(spot, sweep % 2 == 0, |one| self.spots[one].x);
                    near.unwrap_or(self.spots[spot].x)
                };
                let wishes: Vec<f64> = members.iter().map(|spot| wish(*spot)).collect();
                let (mut xs, mut free) = (Vec::new(), f64::NEG_INFINITY);
                for (spot, wish) in members.iter().zip(&wishes) {
                    let half = self.spots[*spot].wide / 2.0;
                    let x = wish.max(free + half);
                    free = x + half + GAP;
                    xs.push(x);
                }
                // What was pushed to the right goes back by what the layer went too far.
                let count = f64::from(xs.len().max(1) as u32);
                let over = xs.iter().zip(&wishes).map(|(x, wish)| x - wish).sum::<f64>() / count;
                for (spot, x) in members.iter().zip(&xs) {
                    self.spots[*spot].x = x - over;
                }
            }
        }
        let left = |spot: &Spot| spot.x - spot.wide / 2.0;
        let least = self.spots.iter().map(left).fold(f64::INFINITY, f64::min);
        for spot in &mut self.spots {
            spot.x += EDGE - least;
        }
    }

    fn y(&self, spot: &Spot) -> f64 {
        let above = self.rows.len() - 1 - spot.layer;
        EDGE + f64::from(above as u32) * (TALL + APART)
    }
}

/// The picture with its width and height; nothing for an empty map.
pub(super) fn map(models: &[Model]) -> Option<(String, f64, f64)> {
    if models.is_empty() {
        return None;
    }
    let layers = Layers::new(models);
    let mut page = Page::new();
    for way in &layers.ways {
        line(&mut page, &layers, models, way);
    }
    for (spot, model) in layers.spots.iter().zip(models) {
        node(&mut page, spot, layers.y(spot), model);
    }
    let right = |spot: &Spot| spot.x + spot.wide / 2.0;
    let wide = layers.spots.iter().map(right).fold(0.0, f64::max) + EDGE;
    let tall = EDGE * 2.0 + f64::from(layers.rows.len() as u32) * (TALL + APART) - APART;
    Some((page.into_string(), wide, tall))
}

/// An edge, in the colour of what it carries: down from what holds, up from what is violated.
fn line(page: &mut Page, layers: &Layers, models: &[Model], way: &[usize]) {
    let word = |place: Option<&usize>| place.and_then(|place| models.get(*place)?.word);
    let colour = match (word(way.first()), word(way.last())) {
        (Some(Word::Holds), _) => "--holds",
        (_, Some(Word::Violated)) => "--refuted",
        _ => "--faint",
    };
    let mut path = Page::new();
    for pair in way.windows(2) {
        let (from, to) = (&layers.spots[pair[0]], &layers.spots[pair[1]]);
        let (start, end) = (layers.y(from) + TALL, layers.y(to));
        // A bend goes straight through its layer.
        let start = if from.model.is_none() { start - TALL } else { start };
        let begin =
            if pair[0] == way[0] { format!("M{:.1} {start:.1}", from.x) } else { String::new() };
        let through =
            if from.model.is_none() { format!("V{:.1}", start + TALL) } else { String::new() };
        let start = if from.model.is_none() { start + TALL } else { start };
        let middle = f64::midpoint(start, end);
        path.add(format_args!(
            "{begin}{through}C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {end:.1}",
            from.x, to.x, to.x
        ));
    }
    let path = path.into_string();
    page.line(format_args!(
        "<path d=\"{path}\" fill=\"none\" stroke=\"var({colour})\" stroke-width=\"1.5\" opacity=\".55\"/>"
    ));
}

fn node(page: &mut Page, spot: &Spot, y: f64, model: &Model) {
    let colour = ink(model);
    let dashed = if model.word.is_none() { " stroke-dasharray=\"3 3\"" } else { "" };
    page.line(format_args!(
        "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{TALL}\" rx=\"8\" fill=\"var(--card)\"/>\
         <rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{TALL}\" rx=\"8\" fill=\"var({colour})\" \
         fill-opacity=\".13\" stroke=\"var({colour})\" stroke-width=\"1.5\"{dashed}/>\
         <text class=\"bold\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" style=\"fill:var({colour})\">{}</text>",
        spot.x - spot.wide / 2.0,
        spot.wide,
        spot.x - spot.wide / 2.0,
        spot.wide,
        y + 16.0,
        escaped(&model.name),
        y + 31.0,
        word(model),
        x = spot.x,
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::inspect;
    use crate::transaction::Level;

    fn models() -> Vec<Model> {
        let all = Level::ALL;
        let place = |level: &Level| all.iter().position(|one| one == level);
        let model = |level: &Level| Model {
            name: level.name().to_owned(),
            word: None,
            implies: level.directly_implied().iter().filter_map(place).collect(),
        };
        all.iter().map(model).collect()
    }

    #[test]
    fn the_stronger_stand_higher_and_no_box_or_bend_covers_another() {
        let models = models();
        let layers = Layers::new(&models);
        for (place, model) in models.iter().enumerate() {
            for weaker in &model.implies {
                assert!(layers.spots[place].layer > layers.spots[*weaker].layer);
            }
        }
        for layer in &layers.rows {
            for pair in layer.windows(2) {
                let [one, other] = [pair[0], pair[1]].map(|place| layers.spots[place]);
                assert!(one.x + one.wide / 2.0 + GAP / 2.0 < other.x - other.wide / 2.0);
            }
        }
        let (drawn, wide, tall) = map(&models).expect("a map");
        let svg = format!("<svg viewBox=\"0 0 {wide:.0} {tall:.0}\">{drawn}</svg>");
        assert_eq!(inspect::faults(&svg), (Vec::new(), 2 * models.len()));
        assert!(wide < 1_100.0, "{wide}");
    }

    #[test]
    fn a_map_with_a_cycle_or_nothing_ends_too() {
        let model = |to: usize| Model { name: "same".to_owned(), word: None, implies: vec![to] };
        assert!(map(&[model(1), model(0), model(7)]).is_some());
        assert!(map(&[]).is_none());
    }
}

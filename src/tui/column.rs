//! The leaderboard's columns: which there are, how wide they are and how their numbers are written.

use crate::analysis::human;
use crate::analysis::parameters::is_branched;
use crate::domain::event::{ObjectiveKind, StudySpec};
use crate::domain::history::History;
use crate::domain::space::{Distribution, KIND, Parameter};
use crate::domain::trial::Trial;
use crate::domain::value::{Value, significant};
use crate::tui::text;

/// Widest a parameter's name may be.
const NAME: usize = 13;
/// Most folds that have a column without being asked for.
const FOLDS: usize = 10;
/// Width of the parameters that depend on others.
pub const DEPENDENT: usize = 42;
/// Least width of what is said about a trial; the last column takes what is left.
pub const NOTE: usize = 20;

/// What is shown of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Its rank by score.
    Rank,
    /// Its number.
    Trial,
    /// Its score.
    Score,
    /// The spread of that over folds or repeats.
    Spread,
    /// Its state.
    State,
    /// A searched parameter, by its place in the space.
    Parameter(usize),
    /// The values of all parameters that depend on others, in one text.
    Dependent,
    /// Epochs trained, or steps of a program.
    Epochs,
    /// Seconds from start to end.
    Time,
    /// What a person wrote about it, or why it ended.
    Note,
    /// What suggested it.
    By,
    /// How many numbers its network learns.
    Weights,
    /// Its score on a fold, by the training's number.
    Fold(usize),
    /// Another metric, by its place in the catalogue.
    Metric(usize),
    /// The time of day at which it was started.
    Started,
}

impl Column {
    /// Whether it stays in sight while those behind it are scrolled, if it stands before them.
    pub fn is_held(self, catalogue: &Catalogue) -> bool {
        match self {
            Column::Rank | Column::Trial | Column::Score | Column::Spread | Column::State => true,
            Column::Parameter(i) => catalogue.kind == Some(i),
            _ => false,
        }
    }

    /// Whether it holds words that are read from the left.
    pub fn is_text(self) -> bool {
        matches!(self, Column::State | Column::Dependent | Column::Note | Column::By)
    }
}

/// How the numbers of a column are written, so that their decimal points stand below each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// With so many decimals.
    Fixed(usize),
    /// With an exponent, and so many decimals before it.
    Scientific(usize),
}

impl Format {
    /// For numbers of about this size, with four significant digits.
    pub fn of_size(size: f64) -> Self {
        let size = size.abs();
        if size == 0.0 || !size.is_finite() {
            return Format::Fixed(4);
        }
        if (1e-3..1e6).contains(&size) { Format::Fixed(human::decimals(size)) } else { Format::Scientific(3) }
    }

    /// For numbers of these sizes, from the one that matters most to the one that is most usual.
    fn of_scores(best: f64, usual: f64) -> Self {
        let (b, u) = (best.abs(), usual.abs());
        // A best of zero says nothing of the others; one that is far smaller would get no digit.
        match (b, u) {
            (0.0, _) => Format::of_size(usual),
            _ if u / b > 1e4 => Format::Scientific(3),
            _ => Format::of_size(best),
        }
    }

    fn of_range(low: f64, high: f64, log: bool) -> Self {
        let most = low.abs().max(high.abs());
        if most >= 1e6 || (log && low > 0.0 && (low < 1e-4 || high / low > 1e3)) {
            return Format::Scientific(2);
        }
        let decimals =
            if log && low > 0.0 { human::decimals(low).saturating_sub(1) } else { human::decimals(most) };
        Format::Fixed(decimals)
    }

    /// A number in at most `room` columns: shorter, never cut, where it is out of the column's scale.
    pub fn number(self, value: f64, room: usize) -> String {
        let usual = match self {
            Format::Fixed(decimals) => format!("{value:.decimals$}"),
            Format::Scientific(_) if value == 0.0 => "0".to_owned(),
            Format::Scientific(decimals) => format!("{value:.decimals$e}"),
        };
        let shorter = |digits: usize| significant(value, digits);
        let is_zero = value != 0.0 && usual.bytes().all(|b| !(b'1'..=b'9').contains(&b));
        let mut choices = vec![shorter(3), shorter(2), format!("{value:.0e}")];
        if !is_zero {
            choices.insert(0, usual);
        }
        let fits = choices.iter().position(|words| words.len() <= room);
        choices.swap_remove(fits.unwrap_or(0))
    }
}

/// A column there is.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which.
    pub column: Column,
    /// Its name in filters and lists.
    pub name: String,
    /// What stands above it.
    pub heading: String,
    /// Its width, without the gap before it.
    pub width: usize,
    /// How its numbers are written.
    pub format: Format,
    /// Whether it is shown unless a person says otherwise.
    pub usual: bool,
}

impl Entry {
    fn new(column: Column, name: &str, least: usize) -> Self {
        let heading = text::clean(name);
        let width = least.max(text::width(&heading).min(NAME));
        Entry { column, name: name.to_owned(), heading, width, format: Format::Fixed(0), usual: true }
    }

    fn headed(self, heading: String) -> Self {
        Entry { heading, ..self }
    }

    fn when(self, usual: bool) -> Self {
        Entry { usual, ..self }
    }

    fn written(self, format: Format) -> Self {
        Entry { format, ..self }
    }
}

/// Every column of a study.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    entries: Vec<Entry>,
    /// The other metrics.
    metrics: Vec<String>,
    /// The metric that scores.
    metric: String,
    /// The parameter that says a trial's kind, where there is one.
    pub kind: Option<usize>,
}

/// Best, middle and worst score.
pub type Scores = Option<[f64; 3]>;

impl Catalogue {
    /// The columns of a study with these scores.
    pub fn of(history: &History, scores: Scores) -> Self {
        let (study, trials) = (history.study(), history.trials());
        let parameters = &study.space.parameters;
        let kind = parameters.iter().position(|p| p.name == KIND);
        let digits = trials.len().saturating_sub(1).to_string().len();
        let (score, figures) = score_format(scores);
        let mut entries = vec![
            Entry::new(Column::Rank, "rank", 0),
            Entry::new(Column::Trial, "trial", digits.max(5)),
            Entry::new(Column::Score, "score", figures).headed(study.metric.clone()).written(score),
            Entry::new(Column::Spread, "spread", 0)
                .headed(if study.repeats > 1 { "rep" } else { "fold" }.to_owned())
                .written(score)
                .when(study.trainings() > 1),
            Entry::new(Column::State, "state", 11),
        ];
        entries[0].width = digits.max(2);
        // The usual order's mark has its own place.
        entries[2].width = figures.max(text::width(&study.metric).min(8) + 1);
        entries[3].width = figures.clamp(5, 8);
        let branched = is_branched(&study.space);
        let apart = |p: &Parameter| !branched || p.when.is_empty();
        let of_parameter = |i: usize| parameter(i, &parameters[i]).when(apart(&parameters[i]));
        entries.extend(kind.map(of_parameter));
        entries.extend((0..parameters.len()).filter(|i| Some(*i) != kind).map(of_parameter));
        if branched {
            entries.push(Entry::new(Column::Dependent, "settings", DEPENDENT));
        }
        let example = history.incumbent().or_else(|| first(history, |t| !t.folds.is_empty()));
        let metrics = example.map_or_else(Vec::new, |t| t.metrics().into_iter().map(str::to_owned).collect());
        let metrics: Vec<String> = metrics.into_iter().filter(|name| *name != study.metric).collect();
        let says = |t: &Trial| !t.annotation.is_empty() || t.state.reason().is_some();
        entries.extend([
            Entry::new(Column::Epochs, study.objective.steps(), 6),
            Entry::new(Column::Time, "time", 7),
            Entry::new(Column::Note, "note", NOTE).when(first(history, says).is_some()),
            Entry::new(Column::By, "by", 10).when(first(history, |t| !t.origin.by.is_empty()).is_some()),
        ]);
        if study.objective == ObjectiveKind::Network {
            let weighed = first(history, |t| t.weights.is_some()).is_some();
            entries.push(Entry::new(Column::Weights, "weights", 8).when(weighed));
        }
        entries.extend(folds(study, score, figures));
        entries.extend(metrics.iter().enumerate().map(|(i, name)| {
            let format = Format::of_size(example.and_then(|t| metric(t, name)).unwrap_or(0.0));
            Entry::new(Column::Metric(i), name, 8).written(format)
        }));
        entries.push(Entry::new(Column::Started, "started", 8).when(false));
        Catalogue { entries, metrics, metric: study.metric.clone(), kind }
    }

    /// All, in their usual order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is known of a column.
    pub fn entry(&self, column: Column) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.column == column)
    }

    /// A column's name.
    pub fn name(&self, column: Column) -> &str {
        self.entry(column).map_or("", |entry| &entry.name)
    }

    /// The name of another metric.
    pub fn metric(&self, number: usize) -> &str {
        self.metrics.get(number).map_or("", String::as_str)
    }

    /// The columns that are shown unless a person says otherwise.
    #[cfg(test)]
    pub fn usual(&self) -> Vec<Column> {
        self.entries.iter().filter(|entry| entry.usual).map(|entry| entry.column).collect()
    }

    /// The column of that name; a parameter's name goes before the table's own. The score has the metric's name
    /// too, and steps of a program are also called epochs.
    pub fn named(&self, name: &str) -> Option<Column> {
        let same = |entry: &&Entry| entry.name.eq_ignore_ascii_case(name);
        let found = self.entries.iter().filter(same).map(|entry| entry.column);
        found.max_by_key(|column| matches!(column, Column::Parameter(_))).or_else(|| {
            let is = |word: &str| name.eq_ignore_ascii_case(word);
            let other =
                [(&*self.metric, Column::Score), ("epochs", Column::Epochs), ("steps", Column::Epochs)];
            other.into_iter().find(|(word, _)| is(word)).map(|(_, column)| column)
        })
    }

    /// The name that is most like this one, where one is.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let name = name.to_lowercase();
        let near =
            self.entries.iter().map(|entry| (strsim::damerau_levenshtein(&entry.name, &name), &*entry.name));
        near.min().filter(|(distance, _)| *distance <= 3).map(|(_, name)| name)
    }
}

fn first(history: &History, holds: impl Fn(&Trial) -> bool) -> Option<&Trial> {
    history.trials().iter().map(AsRef::as_ref).find(|trial| holds(trial))
}

/// How scores are written, and in how many columns.
fn score_format(scores: Scores) -> (Format, usize) {
    let Some([best, middle, worst]) = scores else { return (Format::Fixed(4), 6) };
    let format = Format::of_scores(best, middle);
    let width = [best, middle, worst].map(|score| format.number(score, 9).len()).into_iter().max();
    (format, width.unwrap_or(0).clamp(5, 9))
}

fn parameter(number: usize, parameter: &Parameter) -> Entry {
    let shown = |v: &Value| text::width(&v.to_string());
    let (format, least) = match &parameter.distribution {
        Distribution::Int { low, high, .. } => {
            (Format::Fixed(0), shown(&Value::Int(*low)).max(shown(&Value::Int(*high))))
        }
        Distribution::Float { low, high, log } => {
            let format = Format::of_range(*low, *high, *log);
            (format, [*low, *high].map(|v| format.number(v, 9).len()).into_iter().max().unwrap_or(0))
        }
        Distribution::Choice { choices } => {
            (Format::Fixed(0), choices.iter().map(shown).max().unwrap_or(0).min(NAME))
        }
    };
    Entry::new(Column::Parameter(number), &parameter.name, least.max(4)).written(format)
}

fn folds(study: &StudySpec, format: Format, width: usize) -> Vec<Entry> {
    let count = if study.trainings() > 1 { study.trainings() } else { 0 };
    let fold = |number: usize| {
        let name = format!("fold{}", study.training(number));
        Entry::new(Column::Fold(number), &name, width).written(format).when(count <= FOLDS)
    };
    (0..count).map(fold).collect()
}

/// The mean of a metric over a trial's folds.
pub fn metric(trial: &Trial, name: &str) -> Option<f64> {
    let values = trial.folds.iter().filter_map(|fold| fold.metrics.get(name));
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::{busy, kinds};

    #[test]
    fn numbers_of_a_column_share_their_decimals_and_never_outgrow_it() {
        let tiny = Format::of_scores(1.5e-7, 3e-7);
        assert_eq!((tiny.number(1.5e-7, 9), tiny.number(0.0, 9)), ("1.500e-7".into(), "0".into()));
        let usual = Format::of_scores(63.4, 70.0);
        assert_eq!(usual.number(240.0, 6), "240.00");
        assert_eq!(usual.number(24_000_000.0, 5), "2.4e7", "shorter, not cut");
        assert_eq!(usual.number(0.0001, 7), "1.00e-4", "not 0.00");
        assert_eq!(Format::of_scores(0.0, 0.5), Format::Fixed(4));
        assert_eq!(Format::of_range(0.002, 0.1, true).number(0.01519, 9), "0.01519");
        assert_eq!(Format::of_range(1e-5, 1e-2, true).number(0.007_784, 9), "7.78e-3");
        assert_eq!(Format::of_range(0.0, 0.5, false).number(0.08, 9), "0.0800");
    }

    #[test]
    fn columns_are_found_by_name_and_kinds_stand_first() {
        let script = busy();
        let catalogue = Catalogue::of(script.history(), None);
        assert_eq!(catalogue.named("MSE"), Some(Column::Score));
        assert_eq!(catalogue.named("kernel"), Some(Column::Parameter(1)));
        assert_eq!(catalogue.named("fold4"), Some(Column::Fold(3)));
        assert_eq!(catalogue.named("pearson").map(|c| catalogue.name(c)), Some("pearson"));
        assert_eq!((catalogue.named("fold5"), catalogue.nearest("kernle")), (None, Some("kernel")));
        assert!(catalogue.usual().contains(&Column::Note) && !catalogue.usual().contains(&Column::By));
        let script = kinds();
        let catalogue = Catalogue::of(script.history(), None);
        assert!(catalogue.usual()[5].is_held(&catalogue) && catalogue.usual()[6] != Column::Parameter(0));
        assert_eq!(catalogue.named("fold2.2"), Some(Column::Fold(3)));
    }
}

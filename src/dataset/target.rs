//! What is predicted: one value, class or row of labels an individual.

use std::cmp::Ordering;

use super::error::DataError;
use super::phenotype::number;
use crate::domain::task::Task;

/// What is predicted of each individual.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// How the values are to be read.
    pub task: Task,
    /// The columns: one trait, or the labels of [`Task::MultiLabel`].
    pub names: Vec<String>,
    /// The classes of [`Task::Binary`] (the second is the positive one) and [`Task::MultiClass`]: numbers
    /// in their order, texts in the alphabet's. Empty for the other tasks.
    pub classes: Vec<String>,
    /// Individuals × columns: a trait value in its own units, a class as its place in `classes`, or 1
    /// where the individual has the label, else 0.
    pub values: Vec<f64>,
}

impl Target {
    /// A quantitative trait, one value an individual.
    pub fn quantity(name: &str, values: Vec<f64>) -> Self {
        Target { task: Task::Regression, names: vec![name.to_owned()], classes: Vec::new(), values }
    }

    /// Values an individual.
    pub fn columns(&self) -> usize {
        self.names.len()
    }

    /// Number of individuals.
    pub fn individuals(&self) -> usize {
        self.values.len() / self.columns().max(1)
    }

    /// Outputs of a network that predicts it: one a class where there may be several, else one a column.
    pub fn outputs(&self) -> usize {
        match self.task {
            Task::MultiClass => self.classes.len(),
            Task::Regression | Task::Binary | Task::MultiLabel => self.columns(),
        }
    }

    /// The values of one individual.
    pub fn row(&self, individual: usize) -> &[f64] {
        &self.values[individual * self.columns()..][..self.columns()]
    }

    /// The values of `rows`, rows × columns.
    pub fn of(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().flat_map(|r| self.row(*r)).copied().collect()
    }

    /// For each column how many of `rows` are of each class: of each of `classes`, or without and with the
    /// label. Nothing for a quantitative trait.
    pub fn class_counts(&self, rows: &[usize]) -> Vec<Vec<usize>> {
        let classes = match self.task {
            Task::Regression => return Vec::new(),
            Task::MultiLabel => 2,
            Task::Binary | Task::MultiClass => self.classes.len(),
        };
        let mut counts = vec![vec![0; classes]; self.columns()];
        for row in rows {
            for (counts, value) in counts.iter_mut().zip(self.row(*row)) {
                counts[*value as usize] += 1;
            }
        }
        counts
    }

    /// `values` (individuals × columns) as a target; a class is its place in `classes`, of which those
    /// that do not occur are left out and the others are put in order.
    ///
    /// # Errors
    /// Where a column is the same for all individuals, or a binary trait has more than two classes.
    pub(super) fn assemble(
        task: Task,
        names: &[String],
        classes: &[String],
        mut values: Vec<f64>,
    ) -> Result<Self, DataError> {
        for (column, name) in names.iter().enumerate() {
            let mut of_column = values.iter().skip(column).step_by(names.len());
            let Some(first) = of_column.next().filter(|first| of_column.all(|v| v == *first)) else {
                continue;
            };
            let value = classes.get(*first as usize).map_or_else(|| first.to_string(), |c| format!("`{c}`"));
            let individuals = values.len() / names.len();
            return Err(DataError::ConstantTrait { name: name.clone(), value, individuals });
        }
        // Without classes the values are what they are, not places.
        let classes = if classes.is_empty() { Vec::new() } else { put_in_order(classes, &mut values) };
        if task == Task::Binary && classes.len() > 2 {
            return Err(DataError::NotBinary { name: names.join(", "), classes });
        }
        if classes.len() > MOST_CLASSES {
            return Err(DataError::TooManyClasses { name: names.join(", "), classes: classes.len() });
        }
        Ok(Target { task, names: names.to_vec(), classes, values })
    }
}

/// Most classes of a trait: beyond it the column is a number or an id.
const MOST_CLASSES: usize = 1000;

/// The classes that occur, numbers in their order, else texts in the alphabet's; the values become places
/// in it.
fn put_in_order(classes: &[String], values: &mut [f64]) -> Vec<String> {
    let mut occurs = vec![false; classes.len()];
    values.iter().for_each(|v| occurs[*v as usize] = true);
    let mut order: Vec<usize> = (0..classes.len()).filter(|c| occurs[*c]).collect();
    let numbers: Vec<Option<f64>> = classes.iter().map(|class| number(class)).collect();
    if order.iter().all(|c| numbers[*c].is_some()) {
        // All are numbers, and those are finite: the order is total.
        order.sort_by(|a, b| numbers[*a].partial_cmp(&numbers[*b]).unwrap_or(Ordering::Equal));
    } else {
        order.sort_by_key(|c| &classes[*c]);
    }
    let mut place = vec![0.0; classes.len()];
    order.iter().enumerate().for_each(|(new, old)| place[*old] = new as f64);
    values.iter_mut().for_each(|v| *v = place[*v as usize]);
    order.into_iter().map(|c| classes[c].clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_says, folder, spec};
    use super::super::{DataSpec, Dataset, load};
    use super::*;

    /// Loads eight individuals, `a` to `h`, with this phenotype file.
    fn loaded(task: Task, names: &[&str], phenotypes: &str) -> Result<Dataset, DataError> {
        let genotypes: String = ('a'..='h').map(|id| format!("{id},{},1\n", u32::from(id) % 3)).collect();
        let folder = folder(&[
            ("g.csv", format!("id,s,t\n{genotypes}").as_bytes()),
            ("phenotypes.csv", phenotypes.as_bytes()),
        ]);
        let trait_names = names.iter().map(|n| (*n).to_owned()).collect();
        load(&DataSpec { task, trait_names, ..spec(folder.path(), "g.csv") })
    }

    fn refusal(task: Task, names: &[&str], phenotypes: &str) -> String {
        loaded(task, names, phenotypes).unwrap_err().to_string()
    }

    #[test]
    fn two_classes_are_ordered_and_the_second_is_positive() {
        let dataset = loaded(Task::Binary, &["ill"], "id,ill\na,yes\nb,no\nc,NA\nd, no\ne,yes\n").unwrap();
        let target = dataset.target();
        assert_eq!((&target.classes[..], target.outputs()), (&["no", "yes"].map(String::from)[..], 1));
        assert_eq!(target.values, [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(target.class_counts(&[0, 1, 2]), [[2, 1]]);
        let lines = dataset.report().lines().join("\n");
        assert_says(
            &lines,
            &["trait ill: binary, `no` 2, `yes` 2 (the positive class)", "1 without a value"],
        );
        let numbers = loaded(Task::Binary, &["y"], "id,y\na,10\nb,9\nc,10.0\nd,9\n").unwrap();
        assert_eq!(numbers.target().classes, ["9", "10"], "numbers in their order, not the alphabet's");
        assert_eq!(numbers.target().values, [1.0, 0.0, 1.0, 0.0]);
        let plink = "FID,IID,y\nf,a,1\nf,b,2\nf,c,-9\nf,d,2\n";
        assert_eq!(loaded(Task::Binary, &["y"], plink).unwrap().target().values, [0.0, 1.0, 1.0]);
    }

    #[test]
    fn classes_are_those_of_the_individuals_that_are_kept() {
        // `z` has no genotypes: its class would be an output that nothing teaches.
        let text = "id,y\nz,violet\na,red\nb,green\nc,blue\nd,green\n";
        let dataset = loaded(Task::MultiClass, &["y"], text).unwrap();
        let target = dataset.target();
        assert_eq!((&target.classes.join(" ")[..], target.outputs()), ("blue green red", 3));
        assert_eq!(target.values, [2.0, 1.0, 0.0, 1.0]);
        assert_eq!(target.class_counts(&[0, 1, 3]), [[0, 2, 1]], "no blue among these");
        assert_says(
            &dataset.report().lines().join("\n"),
            &["trait y: 3 classes, `blue` 1, `green` 2, `red` 1"],
        );
    }

    #[test]
    fn labels_are_columns_and_a_row_that_lacks_one_is_dropped() {
        let text = "id,p,q,r\na,0,1,1\nb,1,0,0\nc,1,NA,0\nd,0,1.0,0\ne,1,1,1\n";
        let dataset = loaded(Task::MultiLabel, &["p", "q"], text).unwrap();
        let target = dataset.target();
        assert_eq!((target.columns(), target.outputs(), target.individuals()), (2, 2, 4));
        assert_eq!(target.of(&[2, 0]), [0.0, 1.0, 0.0, 1.0]);
        assert_eq!(target.class_counts(&[0, 1, 3]), [[1, 2], [1, 2]]);
        let lines = dataset.report().lines().join("\n");
        assert_says(&lines, &["labels: `p` 2, `q` 3 of 4", "1 without a value of `p` or `q`"]);
        let other = loaded(Task::MultiLabel, &["p", "r"], text).unwrap();
        assert_ne!(dataset.fingerprint(), other.fingerprint());
    }

    #[test]
    fn one_class_too_many_classes_and_wrong_cells_are_refused_by_name() {
        let text = refusal(Task::Binary, &["y"], "id,y\na,no\nb,no\nc,no\n");
        assert_says(&text, &["`y` is `no` for all 3"]);
        let text = refusal(Task::MultiLabel, &["p", "q"], "id,p,q\na,1,0\nb,0,0\nc,1,0\n");
        assert_says(&text, &["`q` is 0 for all 3"]);
        let text = refusal(Task::Binary, &["y"], "id,y\na,2\nb,0\nc,1\nd,0\n");
        assert_says(&text, &["`y` has 3 classes (`0`, `1`, `2`)", r#"data.task = "multi-class""#]);
        let text = refusal(Task::MultiLabel, &["p", "q"], "id,p,q\na,1,0\nb,0,2\nc,1,0\n");
        assert_says(&text, &["phenotypes.csv, line 3, column `q`", "`2`", "0 or 1"]);
        let text = refusal(Task::MultiClass, &["y"], "id,y\na,1\nb,2.5\nc,1\n");
        assert_says(&text, &["line 3", "`2.5`", r#"data.task = "regression""#]);
        let text = refusal(Task::Regression, &["y"], "id,y\na,1\nb,tall\nc,1\n");
        assert_says(&text, &["line 3", "`tall`", r#"data.task = "binary""#, "multi-class"]);
        let text = refusal(Task::Binary, &["p", "q"], "id,p,q\na,1,0\nb,0,1\nc,1,0\n");
        assert_says(&text, &["2 columns", "`binary`", "multi-label"]);
        let text = refusal(Task::MultiLabel, &["p", "s"], "id,p,q\na,1,0\n");
        assert_says(&text, &["no column `s` (data.trait)"]);
    }

    #[test]
    fn the_fingerprint_covers_the_task_and_the_names_of_the_classes() {
        let print = |task, text: &str| loaded(task, &["y"], text).unwrap().fingerprint();
        let numbers = "id,y\na,0\nb,1\nc,0\n";
        let prints = [
            print(Task::Regression, numbers),
            print(Task::Binary, numbers),
            print(Task::MultiClass, numbers),
            print(Task::Binary, "id,y\na,no\nb,yes\nc,no\n"),
        ];
        assert!((1..4).all(|i| !prints[..i].contains(&prints[i])), "{prints:?}");
    }
}

//! What is predicted: a quantity, a class or several labels.

use serde::{Deserialize, Serialize};

/// What is predicted: `data.task` of the study file. It decides what a trait's cells may hold, how many
/// outputs a network has, and which losses and metrics suit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// A quantitative trait.
    #[default]
    Regression,
    /// A trait of two classes, the second of which is the positive one.
    Binary,
    /// A trait of several classes that exclude each other.
    MultiClass,
    /// Several traits that an individual has or has not, independently of each other.
    MultiLabel,
}

impl Task {
    /// Every task.
    pub const ALL: [Task; 4] = [Task::Regression, Task::Binary, Task::MultiClass, Task::MultiLabel];

    /// The names of [`Task::ALL`], in the same order.
    pub const WORDS: [&'static str; 4] = ["regression", "binary", "multi-class", "multi-label"];

    /// Its name in the study file.
    pub const fn name(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// The task of a name.
    pub fn named(name: &str) -> Option<Task> {
        Self::ALL.into_iter().find(|task| task.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_written_by_its_name() {
        for (task, word) in Task::ALL.into_iter().zip(Task::WORDS) {
            assert_eq!((task.name(), Task::named(word)), (word, Some(task)));
            assert_eq!(serde_json::to_value(task).unwrap(), word);
        }
        assert_eq!(Task::named("classification"), None);
    }
}

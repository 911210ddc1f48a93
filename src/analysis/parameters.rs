//! Parameters as a person reads them beside a trial.

use crate::domain::space::{KIND, SearchSpace};
use crate::domain::value::{Params, Value};

/// Most parameters that depend on others and still have columns of their own; those of more would be empty
/// in most rows.
const COLUMNS: usize = 3;

/// A parameter's name beside its trial's kind: `filters` for `cnn.filters` of a `cnn`.
pub fn plain_name<'a>(name: &'a str, params: &Params) -> &'a str {
    let own = match params.get(KIND) {
        Some(Value::Text(kind)) => name.strip_prefix(kind.as_str()).and_then(|rest| rest.strip_prefix('.')),
        _ => None,
    };
    own.unwrap_or(name)
}

/// Whether a table gives the parameters that depend on others one column, with [`dependent`] in it.
pub fn is_branched(space: &SearchSpace) -> bool {
    space.parameters.iter().filter(|p| !p.when.is_empty()).count() > COLUMNS
}

/// The values that `params` have of parameters that depend on others, under their plain names:
/// "filters 65, kernel 14".
pub fn dependent(space: &SearchSpace, params: &Params) -> String {
    let own = space.parameters.iter().filter(|p| !p.when.is_empty());
    let own = own.filter_map(|p| Some((plain_name(&p.name, params), params.get(&p.name)?)));
    own.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::kinds;

    #[test]
    fn a_trial_shows_what_its_kind_has_under_plain_names() {
        let script = kinds();
        let history = script.history();
        let space = &history.study().space;
        assert!(is_branched(space));
        for trial in history.trials() {
            let Some(Value::Text(kind)) = trial.params.get(KIND) else { panic!("no kind") };
            let words = dependent(space, &trial.params);
            let first = match kind.as_str() {
                "cnn" => "filters ",
                "mlp" => "layers ",
                _ => "neurons ",
            };
            assert!(words.starts_with(first) && !words.contains('.'), "{kind}: {words}");
        }
        let params = Params::from([(KIND.to_owned(), "mlp".into())]);
        assert_eq!(plain_name("mlp.layers", &params), "layers");
        assert_eq!(plain_name("cnn.filters", &params), "cnn.filters");
        assert_eq!(plain_name("mlpx", &params), "mlpx");
    }
}

//! What is told to a program, and what it says.

use serde::Serialize;
use serde_json::Value as Json;

use super::{plain, variable};
use crate::domain::trial::TrialId;
use crate::domain::value::Params;

/// Most characters of a line that an error quotes.
const QUOTED: usize = 80;

/// A trial as it is told to a program.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    pub trial: TrialId,
    pub seed: u64,
    pub params: &'a Params,
}

/// A line that a program says.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// Nothing.
    Blank,
    /// How it does at a step.
    Step { step: usize, score: f64 },
    /// The score, and how many numbers the model learned.
    Score { score: f64, weights: Option<u64> },
    /// That it failed, and why.
    Failed(String),
}

impl Request<'_> {
    /// The line on its standard input: of a kept process with the trial and its seed.
    pub fn line(&self, persistent: bool) -> String {
        let text = if persistent { serde_json::to_string(self) } else { serde_json::to_string(self.params) };
        // Values are finite, and names are text: there is nothing that JSON has no word for.
        text.unwrap_or_default() + "\n"
    }

    /// The same as variables of the environment.
    pub fn variables(&self) -> Vec<(String, String)> {
        let own = [("TUNE_TUI_TRIAL", self.trial.to_string()), ("TUNE_TUI_SEED", self.seed.to_string())];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        own.chain(self.params.iter().map(|(name, value)| (variable(name), plain(value)))).collect()
    }
}

/// Reads a line of a program that works at `trial`; a kept one must name it. What else stands in it is its own
/// affair.
///
/// # Errors
/// What is wrong with the line, for a sentence that begins with its number.
pub(super) fn parse(text: &str, trial: TrialId, persistent: bool) -> Result<Line, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Line::Blank);
    }
    let object = match serde_json::from_str(text) {
        Ok(Json::Object(object)) => object,
        _ if text.starts_with('{') && ["NaN", "Inf", "nan", "inf"].iter().any(|word| text.contains(word)) => {
            return Err(format!("has a score that is not finite: {}", quoted(text)));
        }
        _ => {
            return Err(format!(
                "is no JSON object: {} (what is printed for people belongs on standard error)",
                quoted(text)
            ));
        }
    };
    // A list of one is how R writes a number.
    let get = |key: &str| match object.get(key) {
        Some(Json::Array(items)) if items.len() == 1 => items.first(),
        Some(Json::Null) | None => None,
        value => value,
    };
    let whole = |key: &str| match get(key) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_u64().or_else(|| {
                let number = value.as_f64().filter(|v| v.fract() == 0.0 && (0.0..9e15).contains(v))?;
                Some(number as u64)
            });
            let number = number.and_then(|number| usize::try_from(number).ok());
            number.map(Some).ok_or_else(|| format!("has a `{key}` that is no whole number: {}", quoted(text)))
        }
    };
    match whole("trial")? {
        Some(other) if other != trial => {
            return Err(format!("is of trial {other}, not of trial {trial}: {}", quoted(text)));
        }
        None if persistent => {
            return Err(format!("does not name its `trial`, which is {trial}: {}", quoted(text)));
        }
        _ => {}
    }
    if let Some(reason) = get("error") {
        return Ok(Line::Failed(reason.as_str().map_or_else(|| reason.to_string(), str::to_owned)));
    }
    let score = match get("score") {
        None => return Err(format!("has no `score`: {}", quoted(text))),
        Some(value) => value.as_f64().filter(|score| score.is_finite()),
    };
    let score = score.ok_or_else(|| format!("has a `score` that is no finite number: {}", quoted(text)))?;
    Ok(match whole("step")? {
        Some(step) => Line::Step { step, score },
        None => Line::Score { score, weights: whole("weights")?.map(|count| count as u64) },
    })
}

fn quoted(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(QUOTED).collect();
    if text.chars().count() > QUOTED {
        short.push('…');
    }
    format!("`{short}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_scores_are_told_apart() {
        let one = |text: &str| parse(text, 3, false);
        assert_eq!(one(r#"{"step": 3, "score": 0.5}"#), Ok(Line::Step { step: 3, score: 0.5 }));
        assert_eq!(
            one(r#"{"step": 10.0, "score": 1, "note": "x"}"#),
            Ok(Line::Step { step: 10, score: 1.0 })
        );
        let weighty = Line::Score { score: 1.0, weights: Some(12) };
        assert_eq!(one(r#"{"score": 1, "weights": 12}"#), Ok(weighty));
        assert_eq!(one(r#" {"score": -1e-3}"#), Ok(Line::Score { score: -1e-3, weights: None }));
        assert_eq!(
            one(r#"{"score": [0.25], "trial": [3]}"#),
            Ok(Line::Score { score: 0.25, weights: None }),
            "R"
        );
        assert_eq!(one(r#"{"error": "diverged"}"#), Ok(Line::Failed("diverged".into())));
        assert_eq!(one("  "), Ok(Line::Blank));
        assert_eq!(
            parse(r#"{"trial": 3, "score": 1}"#, 3, true),
            Ok(Line::Score { score: 1.0, weights: None })
        );
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        for (text, persistent, said) in [
            ("Epoch 1/10", false, "standard error"),
            ("0.5", false, "no JSON object"),
            (r#"{"score": NaN}"#, false, "not finite"),
            (r#"{"score": "0.5"}"#, false, "finite number"),
            (r#"{"score": 1e999}"#, false, "JSON"),
            (r#"{"loss": 0.5}"#, false, "no `score`"),
            (r#"{"step": -1, "score": 0.5}"#, false, "`step`"),
            (r#"{"score": 0.5}"#, true, "`trial`"),
            (r#"{"trial": 2, "score": 0.5}"#, true, "trial 2"),
            (r#"{"trial": 2, "score": 0.5}"#, false, "trial 2"),
        ] {
            let error = parse(text, 3, persistent).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn params_keep_their_types() {
        let params = Params::from([
            ("depth".to_owned(), 3.into()),
            ("rate".to_owned(), 1e-5.into()),
            ("whole-rate".to_owned(), 2.0.into()),
            ("kind".to_owned(), "cnn".into()),
        ]);
        let request = Request { trial: 7, seed: 5, params: &params };
        let line = request.line(false);
        assert_eq!(line, "{\"depth\":3,\"kind\":\"cnn\",\"rate\":0.00001,\"whole-rate\":2.0}\n");
        assert!(request.line(true).starts_with(r#"{"trial":7,"seed":5,"params":{"depth":3,"#));
        let variables = request.variables();
        for (name, value) in [
            ("TUNE_TUI_TRIAL", "7"),
            ("TUNE_TUI_PARAM_DEPTH", "3"),
            ("TUNE_TUI_PARAM_WHOLE_RATE", "2.0"),
            ("TUNE_TUI_PARAM_RATE", "1e-5"),
        ] {
            assert!(variables.contains(&(name.to_owned(), value.to_owned())), "{variables:?}");
        }
    }
}

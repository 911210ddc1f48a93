//! Values as a person writes them, and why they can't be had.

use super::text::clean;
use crate::domain::space::Distribution;
use crate::domain::value::{Params, Value};

/// The value in full: as it must be written to be the same again.
pub fn exact(value: &Value) -> String {
    match value {
        Value::Float(v) => format!("{v:?}"),
        other => other.to_string(),
    }
}

/// As TOML writes it: words in quotes.
pub fn toml(value: &Value) -> String {
    match value {
        Value::Text(word) => format!("{word:?}"),
        other => exact(other),
    }
}

/// What may be written of a parameter, in a few words.
pub fn range(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Choice { choices } => one_of(choices),
        // In full: what is written is compared with it.
        Distribution::Float { low, high, log } => {
            format!("{low:?} – {high:?}{}", if *log { " (log)" } else { "" })
        }
        Distribution::Int { .. } => distribution.to_string(),
    }
}

fn one_of(choices: &[Value]) -> String {
    choices.iter().map(exact).collect::<Vec<_>>().join(", ")
}

/// The value that `text` writes, where the distribution has it.
///
/// # Errors
/// What is wrong with it, and what may stand there.
pub fn read(text: &str, distribution: &Distribution) -> Result<Value, String> {
    let text = text.trim();
    let value = match distribution {
        Distribution::Choice { choices } => {
            let word = text.trim_matches('"');
            return choices.iter().find(|c| exact(c) == word || c.to_string() == word).cloned().ok_or_else(
                || {
                    let names: Vec<String> = choices.iter().map(exact).collect();
                    let near = near(word, names.iter().map(String::as_str));
                    format!("`{}` is none of {}{near}", clean(word), one_of(choices))
                },
            );
        }
        Distribution::Int { .. } => Value::Int(whole(text)?),
        Distribution::Float { .. } => Value::Float(number(text)?),
    };
    if distribution.to_unit(&value).is_some() {
        return Ok(value);
    }
    Err(format!("{} is outside {}", clean(text), range(distribution)))
}

/// A whole number.
///
/// # Errors
/// Where it is none.
pub fn whole(text: &str) -> Result<i64, String> {
    let text = text.trim();
    text.parse().map_err(|_| match text {
        "" => "a whole number is wanted here".to_owned(),
        _ => format!("`{}` is not a whole number", clean(text)),
    })
}

/// A real number.
///
/// # Errors
/// Where it is none, or not finite.
pub fn number(text: &str) -> Result<f64, String> {
    let text = text.trim();
    text.parse().ok().filter(|v: &f64| v.is_finite()).ok_or_else(|| match text {
        "" => "a number is wanted here".to_owned(),
        _ => format!("`{}` is not a number", clean(text)),
    })
}

/// Settings written as `name=value name=value`: flags, numbers and words.
///
/// # Errors
/// Names the word that is none.
pub fn settings(text: &str) -> Result<Params, String> {
    let setting = |word: &str| {
        let (name, value) = word
            .split_once('=')
            .filter(|(name, value)| !name.is_empty() && !value.is_empty())
            .ok_or_else(|| format!("`{}` is no setting: write name=value", clean(word)))?;
        let flag = || value.parse().ok().map(Value::Bool);
        let int = || value.parse().ok().map(Value::Int);
        let float = || value.parse().ok().filter(|v: &f64| v.is_finite()).map(Value::Float);
        let word = || Value::Text(value.trim_matches('"').to_owned());
        Ok((name.to_owned(), flag().or_else(int).or_else(float).unwrap_or_else(word)))
    };
    text.split_whitespace().map(setting).collect()
}

/// Settings as [`settings`] reads them.
pub fn written(params: &Params) -> String {
    params.iter().map(|(name, value)| format!("{name}={}", exact(value))).collect::<Vec<_>>().join(" ")
}

/// `: did you mean …?`, where a name is near enough to be meant; else nothing.
pub fn near<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    let word = word.to_lowercase();
    let distance = |name: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &word);
    let nearest = names.map(|name| (distance(name), name)).min();
    // A short word is near to everything.
    let most = (word.chars().count() / 2).min(3);
    nearest
        .filter(|(distance, _)| *distance <= most)
        .map_or_else(String::new, |(_, name)| format!(": did you mean `{}`?", clean(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{choice, float, int};

    #[test]
    fn values_are_read_and_errors_say_what_may_stand_there() {
        assert_eq!(read(" 12", &int(5, 50)), Ok(Value::Int(12)));
        assert_eq!(read("1e-3", &float(0.0, 1.0)), Ok(Value::Float(0.001)));
        assert_eq!(read("\"relu\"", &choice(&["relu", "elu"])), Ok("relu".into()));
        let error = |text, distribution| read(text, &distribution).unwrap_err();
        assert_eq!(error("51", int(5, 50)), "51 is outside 5 – 50");
        assert_eq!(error("1.5", int(5, 50)), "`1.5` is not a whole number");
        assert_eq!(error("", int(5, 50)), "a whole number is wanted here");
        assert_eq!(error("inf", float(0.0, 1.0)), "`inf` is not a number");
        assert_eq!(
            error("rleu", choice(&["relu", "elu"])),
            "`rleu` is none of relu, elu: did you mean `relu`?"
        );
        assert_eq!(error("x", choice(&["relu", "elu"])), "`x` is none of relu, elu");
    }

    #[test]
    fn a_value_in_full_is_read_the_same_again() {
        let value = Value::Float(0.000_123_456_789_012_345);
        assert_eq!(read(&exact(&value), &float(0.0, 1.0)), Ok(value));
        assert_eq!(
            [toml(&"a\"b".into()), toml(&1.0.into()), toml(&true.into())],
            [r#""a\"b""#, "1.0", "true"]
        );
    }

    #[test]
    fn settings_are_typed_as_they_look() {
        let read = settings("gamma=0.1 startup=5 liar=true kind=\"ei\"").unwrap();
        assert_eq!(written(&read), "gamma=0.1 kind=ei liar=true startup=5");
        assert_eq!((&read["startup"], &read["liar"]), (&Value::Int(5), &Value::Bool(true)));
        assert_eq!(settings("gamma"), Err("`gamma` is no setting: write name=value".into()));
    }
}

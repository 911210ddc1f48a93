//! Params of which a person gave a part.

use super::{SearchSpace, SpaceError};
use crate::domain::seed::Rng;
use crate::domain::value::{Params, Value};

impl SearchSpace {
    /// Params with the values `given`, and draws for the other parameters that are active beside them. Where what
    /// is given depends on a parameter that is not, that one is drawn among what makes it active.
    ///
    /// # Errors
    /// Where what is given is not of the space, or contradicts itself.
    pub fn complete(&self, given: &Params, rng: &mut Rng) -> Result<Params, SpaceError> {
        let wanted = self.wanted(given)?;
        let mut params = Params::new();
        for (parameter, wanted) in self.parameters.iter().zip(wanted) {
            // Drawn in any case: what is drawn for others does not depend on what is given.
            let draw = rng.uniform();
            if !parameter.is_active(&params) {
                continue;
            }
            let among = |values: Vec<Value>| {
                let last = values.len() - 1;
                values[((draw * values.len() as f64) as usize).min(last)].clone()
            };
            let own = given.get(&parameter.name).cloned();
            let value = own.or_else(|| wanted.map(among));
            params.insert(
                parameter.name.clone(),
                value.unwrap_or_else(|| parameter.distribution.from_unit(draw)),
            );
        }
        // Also what is given and has no effect.
        let all: Params =
            given.iter().chain(&params).map(|(name, value)| (name.clone(), value.clone())).collect();
        self.check(&all)?;
        Ok(params)
    }

    /// For each parameter on which something that is given depends, the values that it may have; never none.
    fn wanted(&self, given: &Params) -> Result<Vec<Option<Vec<Value>>>, SpaceError> {
        let mut wanted: Vec<Option<Vec<Value>>> = vec![None; self.parameters.len()];
        for child in (0..self.parameters.len()).rev() {
            let parameter = &self.parameters[child];
            if !given.contains_key(&parameter.name) && wanted[child].is_none() {
                continue;
            }
            for condition in &parameter.when {
                let inactive = || SpaceError::Inactive {
                    name: parameter.name.clone(),
                    parameter: condition.parameter.clone(),
                };
                let Some(parent) =
                    self.parameters[..child].iter().position(|p| p.name == condition.parameter)
                else {
                    return Err(inactive());
                };
                let fits = |value: &&Value| {
                    self.parameters[parent].distribution.to_unit(value).is_some()
                        && given.get(&condition.parameter).is_none_or(|given| given == *value)
                        && wanted[parent].as_ref().is_none_or(|known| known.contains(value))
                };
                let values: Vec<Value> = condition.is.iter().filter(fits).cloned().collect();
                if values.is_empty() {
                    return Err(inactive());
                }
                wanted[parent] = Some(values);
            }
        }
        Ok(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::conditional;

    fn complete(given: &[(&str, Value)], seed: u64) -> Result<Params, SpaceError> {
        let given: Params = given.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        let params = conditional().complete(&given, &mut Rng::new(seed))?;
        assert_eq!(conditional().check(&params), Ok(()));
        assert!(given.iter().all(|(name, value)| params.get(name) == Some(value)), "{params:?}");
        Ok(params)
    }

    #[test]
    fn what_is_given_stands_and_what_it_depends_on_makes_it_active() {
        let mut layers = std::collections::BTreeSet::new();
        for seed in 0..40 {
            assert!(complete(&[], seed).is_ok());
            let params = complete(&[("mlp.units_2", 8.into())], seed).unwrap();
            assert_eq!(params["kind"], "mlp".into());
            layers.insert(params["mlp.layers"].to_string());
            let params = complete(&[("mlp.units_3", 4.into()), ("mlp.units_2", 8.into())], seed).unwrap();
            assert_eq!(params["mlp.layers"], 3.into());
        }
        assert_eq!(layers.len(), 2, "two or three layers");
        assert_eq!(complete(&[("mlp.layers", 1.into())], 3), complete(&[("mlp.layers", 1.into())], 3));
    }

    #[test]
    fn contradictions_and_strangers_are_named() {
        let error = |given: &[(&str, Value)]| complete(given, 1).unwrap_err().to_string();
        let inactive = "parameter `cnn.pool` has a value, but no effect with this value of `kind`";
        assert_eq!(error(&[("kind", "mlp".into()), ("cnn.pool", 1.into())]), inactive);
        assert!(error(&[("mlp.units_3", 4.into()), ("mlp.layers", 2.into())]).contains("`mlp.units_3`"));
        assert!(error(&[("cnn.pool", 1.into()), ("mlp.layers", 2.into())]).contains("no effect"));
        assert_eq!(
            error(&[("cnn.pool", 7.into())]),
            "`7` is outside the distribution of parameter `cnn.pool`"
        );
        assert_eq!(error(&[("x", 7.into())]), "the space has no parameter `x`");
    }
}

//! What the values of parameters say: which network, and how it is trained.

use crate::dataset::Dataset;
use crate::dataset::encode::{Encoding, Preprocessing};
use crate::domain::setting::Settings;
use crate::domain::value::Params;
use crate::model::{self, Architecture, Input, LEARNING_RATE, ModelError, ModelRow};
use crate::train::{TRAIN, TrainSpec};

/// A network and its training, before anything is built.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The kind of network.
    pub model: &'static ModelRow,
    /// Its settings that have an effect.
    pub settings: Settings,
    /// The learning rate at the first step.
    pub learning_rate: f64,
    /// How it is trained.
    pub train: TrainSpec,
}

impl Plan {
    /// What `values` say of one of `models`; what has no effect is passed over. The learning rate and the
    /// settings of [`TRAIN`] have plain names, those of models as in [`model::chosen`].
    ///
    /// # Errors
    /// Where a value is missing or not what its setting accepts.
    pub fn of(models: &[&'static ModelRow], values: &Params) -> Result<Self, String> {
        let (model, settings) = model::chosen(models, values)?;
        let rate = Settings::resolve(&[LEARNING_RATE], "", values)?;
        let train = TrainSpec::of(&Settings::resolve(TRAIN, "", values)?);
        Ok(Plan { model, settings, learning_rate: rate.float(LEARNING_RATE.name), train })
    }

    /// How genotypes are put before the network: as `given`, or as its kind prefers where that is left open.
    pub fn preprocessing(&self, dataset: &Dataset, given: &Preprocessing) -> Preprocessing {
        let preferred = if self.model.build.one_hot { Encoding::OneHot } else { Encoding::Additive };
        given.for_network(dataset.coding(), preferred)
    }

    /// The network's layers for an input and a number of outputs.
    ///
    /// # Errors
    /// Where the settings contradict the input's shape.
    pub fn architecture(&self, input: Input, outputs: usize) -> Result<Architecture, ModelError> {
        (self.model.build.plan)(&self.settings, input, outputs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::space::KIND;
    use crate::domain::table::Row;
    use crate::domain::value::Value;
    use crate::model::MODELS;

    /// The first model's settings under another name.
    static OTHER: ModelRow = Row { name: "other", ..MODELS[0] };

    fn values(prefix: &str) -> Params {
        let mut values = Settings::defaults(TRAIN).0;
        for setting in MODELS[0].settings {
            let distribution = setting.preset.distribution().map(|d| d.from_unit(0.5));
            if let Some(value) = setting.preset.value().or(distribution) {
                values.insert(format!("{prefix}{}", setting.name), value);
            }
        }
        values.insert("learning_rate".into(), Value::Float(0.25));
        values
    }

    #[test]
    fn the_kind_chooses_between_several_and_its_parameters_stand_behind_its_name() {
        let own = &MODELS[0];
        let plain = Plan::of(&[own], &values("")).unwrap();
        assert_eq!((plain.model.name, plain.learning_rate), (own.name, 0.25));
        let mut several = values("other.");
        several.insert(KIND.into(), "other".into());
        let chosen = Plan::of(&[own, &OTHER], &several).unwrap();
        assert_eq!((chosen.model.name, &chosen.settings), ("other", &plain.settings));
        several.insert(KIND.into(), own.name.into());
        let error = Plan::of(&[own, &OTHER], &several).unwrap_err();
        assert!(error.contains(&format!("`{}.", own.name)) && error.contains("has no value"), "{error}");
        several.insert(KIND.into(), "lenet".into());
        assert!(Plan::of(&[own, &OTHER], &several).unwrap_err().contains("`lenet`"));
        assert!(Plan::of(&[own, &OTHER], &values("other.")).unwrap_err().contains("`kind` has no value"));
    }

    #[test]
    fn what_has_no_effect_is_passed_over_and_what_is_wrong_is_named() {
        let own = &MODELS[0];
        let mut given = values("");
        // Searched optimizers leave a fixed momentum to those that have one.
        given.insert("momentum".into(), Value::Float(0.9));
        assert!(Plan::of(&[own], &given).is_ok());
        given.insert("optimizer".into(), "sgd".into());
        assert!(Plan::of(&[own], &given).unwrap_err().contains("`nesterov` has no value"));
        given.insert("nesterov".into(), Value::Int(1));
        assert!(Plan::of(&[own], &given).unwrap_err().contains("`nesterov` is 1, expected true or false"));
    }

    #[test]
    fn no_models_parameter_has_a_name_of_training() {
        for setting in MODELS.iter().flat_map(|row| row.settings) {
            let taken = TRAIN.iter().chain([&LEARNING_RATE]).any(|own| own.name == setting.name);
            assert!(!taken && setting.name != KIND, "{}", setting.name);
        }
    }
}

//! Parts that a person may choose in the tests.

use std::collections::BTreeMap;

use super::{Limit, Touchy};
use crate::domain::event::{Method, StudySpec};
use crate::domain::history::History;
use crate::domain::space::{Distribution, SearchSpace};
use crate::executor::Layout;
use crate::pruner::Pruner;
use crate::sampler::{Sampler, SamplerError, Suggestion};
use crate::study::{Made, Maker};

/// One whose `x` may be from -4 to 4.
pub(super) fn maker() -> Box<dyn Maker> {
    Box::new(Workshop(BTreeMap::from([("x".to_owned(), (-4.0, 4.0))])))
}

/// Makes `touchy`, `middle` and `none`, and as many workers as four cores have; with these limits of parameters.
struct Workshop(BTreeMap<String, (f64, f64)>);

/// Always the middle; what it is asked for with shows in nothing else.
struct Middle;

impl Sampler for Middle {
    fn plan(&self, space: &SearchSpace, _: usize) -> Result<Option<String>, SamplerError> {
        let float = |d: &Distribution| matches!(d, Distribution::Float { low, .. } if *low < -3.0);
        match space.parameters.iter().find(|p| float(&p.distribution)) {
            Some(_) => Err(SamplerError::Failed("it has no middle".into())),
            None => Ok(Some("looks at one place".into())),
        }
    }

    fn ask(&mut self, space: &SearchSpace, history: &History, _: u64) -> Result<Suggestion, SamplerError> {
        if history.trials().iter().filter(|t| t.origin.by == "middle").count() > 2 {
            return Err(SamplerError::Exhausted("three are enough".into()));
        }
        Ok(Suggestion::by("middle", space.from_unit(&vec![0.5; space.dimensions()])))
    }
}

impl Maker for Workshop {
    fn sampler(
        &self,
        wanted: &Method,
        space: &SearchSpace,
        trials: usize,
    ) -> Result<Made<Box<dyn Sampler>>, String> {
        let part: Box<dyn Sampler> = match wanted.kind.as_str() {
            "touchy" => Box::new(Touchy),
            "middle" => Box::new(Middle),
            _ => return Err("no such sampler".into()),
        };
        let plan = part.plan(space, trials).map_err(|e| e.to_string())?;
        Ok(Made { part, method: wanted.clone(), plan })
    }

    fn pruner(&self, wanted: &Method, _: &StudySpec) -> Result<Made<Box<dyn Pruner>>, String> {
        let limit = match wanted.kind.as_str() {
            "none" => f64::INFINITY,
            "strict" => 0.01,
            _ => return Err("no such pruner".into()),
        };
        Ok(Made { part: Box::new(Limit(limit)), method: wanted.clone(), plan: None })
    }

    fn layout(&self, workers: usize) -> Layout {
        Layout { cores: 4, ..Layout::of(workers.min(4), 1) }
    }

    fn limits(&self) -> &BTreeMap<String, (f64, f64)> {
        &self.0
    }
}

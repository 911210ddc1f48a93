//! Where a study will look: what its sampler says before it starts, and what is enqueued before it is asked.

use anyhow::{Result, anyhow};

use crate::config::study::StudyConfig;
use crate::domain::seed::{Rng, derive};
use crate::domain::space::SearchSpace;
use crate::domain::value::Params;
use crate::sampler::SAMPLERS;

/// What a person should know of the search before it begins, if anything.
///
/// # Errors
/// Where the sampler can't search the space.
pub fn plan(config: &StudyConfig) -> Result<Option<String>> {
    let sampler = (super::row(SAMPLERS, &config.sampler.kind)?.build)(&config.sampler.settings);
    let plan = sampler.plan(&config.parameters().space, config.trials);
    plan.map_err(|e| anyhow!("the sampler `{}` can't search this space: {e}", config.sampler.kind))
}

/// The configs of `sampler.enqueue`, with draws where they leave parameters out: always the same ones for a config,
/// wherever it stands in the list.
///
/// # Errors
/// Where one is not of the space.
pub(super) fn enqueued(config: &StudyConfig, space: &SearchSpace) -> Result<Vec<Params>> {
    let complete = |given: &Params| {
        let text: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let seed = derive(config.seed, &format!("enqueue {}", text.join(" ")), 0);
        space.complete(given, &mut Rng::new(seed)).map_err(|e| anyhow!("sampler.enqueue: {e}"))
    };
    config.enqueue.iter().map(complete).collect()
}

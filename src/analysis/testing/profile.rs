//! Marker effects for tests.

use std::sync::Arc;

use crate::analysis::profile::{Genome, Output, Place, Profile, Qtl, QtlKind, Track};
use crate::domain::seed::Rng;
use crate::domain::trial::TrialId;

/// The effects of 3,000 SNPs on five chromosomes of different lengths: noise, and the QTL behind it.
pub fn profile(trial: TrialId) -> Profile {
    let names: Vec<(String, String, u64)> = (0..3000_u64)
        .map(|j| {
            let chromosome = 1 + j / 600;
            (format!("snp{}", j + 1), chromosome.to_string(), (j % 600) * 20_000 * (6 - chromosome) + 5_000)
        })
        .collect();
    let places = names.iter().map(|(name, chromosome, position)| Place {
        name,
        chromosome: Some(chromosome),
        position: Some(*position),
    });
    let places: Vec<Place<'_>> = places.collect();
    let kinds = [
        (200, QtlKind::Additive, -3.0),
        (950, QtlKind::Additive, 3.0),
        (1400, QtlKind::Epistatic, 1.5),
        (1900, QtlKind::Imprinted, 1.0),
        (2500, QtlKind::Dominance, 5.0),
        (2800, QtlKind::Dominance, 4.0),
    ];
    let qtl = kinds.map(|(snp, kind, effect)| {
        let (name, chromosome, position) = &names[snp];
        Qtl { name: name.clone(), chromosome: chromosome.clone(), position: position + 900, kind, effect }
    });
    let mut rng = Rng::new(3);
    let mut effect: Vec<f64> = (0..names.len()).map(|_| 0.06 * rng.normal()).collect();
    for (snp, kind, size) in kinds {
        for (distance, value) in effect[snp - 30..snp + 30].iter_mut().enumerate() {
            let near = (-(distance as f64 - 30.0).abs() / 8.0).exp();
            *value += if kind == QtlKind::Dominance { 0.05 } else { 0.25 } * size * near;
        }
    }
    let weights = effect.iter().map(|e| e.abs() + 0.1).collect();
    let genome = Arc::new(Genome::new(&places, qtl.into()));
    let tracks = vec![
        Track { name: "effect", help: "what a copy of the counted allele adds", values: effect },
        Track { name: "weights", help: "of the output layer, spread over its input", values: weights },
    ];
    Profile { trial, genome, outputs: vec![Output { name: "ebv".into(), tracks }] }
}

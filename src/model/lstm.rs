//! Recurrent network: long short-term memory along the genome (DLpipeline, Pérez-Enciso & Zingaretti
//! 2019, Genes 10:553), with dropout behind each layer.
//!
//! A step a SNP is DLpipeline's network (`front = "none"`), for hundreds of SNPs. For tens of thousands
//! something has to shorten the sequence first: chunks of neighbouring SNPs, or a convolution without
//! overlap. Either leaves out a remainder shorter than one step at the genome's end.

use super::architecture::Architecture;
use super::layer::{Chunk, Conv1d, Dense, Dropout, Lstm, MeanOverTime, Regularize};
use super::table::SHARE;
use super::{Input, Model, ModelError, ModelRow};
use crate::domain::setting::{Accepts, Is, Preset, Setting, Settings, Variant};
use crate::domain::table::Row;
use crate::kernel::Padding;

/// The most steps that `front_size = "auto"` leaves: DLpipeline's example has 200 SNPs.
const STEPS: usize = 200;

const SETTINGS: &[Setting] = &[
    Setting::new(
        "front",
        Accepts::Word(&["none", "conv", "chunk"]),
        Preset::Word("chunk"),
        "what makes one step of neighbouring SNPs: nothing, a convolution, or the SNPs side by side",
    ),
    Setting::new(
        "front_size",
        Accepts::IntOr { min: 1, max: 1_000_000, word: "auto" },
        Preset::Word("auto"),
        "SNPs of one step, or `auto`: so many that at most 200 steps are left",
    )
    .when("front", Is::OneOf(&["conv", "chunk"])),
    Setting::new(
        "front_filters",
        Accepts::Int { min: 1, max: 4096 },
        Preset::SearchInt { low: 4, high: 64, log: true },
        "filters of the convolution in front",
    )
    .when("front", Is::OneOf(&["conv"])),
    Setting::new(
        "layers",
        Accepts::Int { min: 1, max: 8 },
        Preset::SearchInt { low: 1, high: 3, log: false },
        "recurrent layers",
    ),
    Setting::new(
        "units",
        // The orthogonal weights that it begins with cost the cube of this.
        Accepts::Int { min: 1, max: 2048 },
        Preset::SearchInt { low: 8, high: 256, log: true },
        "units of each layer",
    ),
    Setting::new("dropout", SHARE, Preset::Float(0.1), "share of each layer's outputs that training drops"),
    Setting::new(
        "readout",
        Accepts::Word(&["last", "mean"]),
        Preset::Word("last"),
        "what goes on to the output: the last step's state or the mean of all",
    ),
];

/// The row of the table of models.
pub const ROW: ModelRow = Row {
    name: "lstm",
    help: "long short-term memory along the genome",
    settings: SETTINGS,
    build: Model {
        plan,
        one_hot: false,
        variants: &[Variant {
            name: "dlpipeline",
            help: "the network of DLpipeline: three layers of 256 units, a step a SNP",
            values: &[
                ("front", Preset::Word("none")),
                ("layers", Preset::Int(3)),
                ("units", Preset::Int(256)),
            ],
        }],
    },
};

fn plan(settings: &Settings, input: Input, outputs: usize) -> Result<Architecture, ModelError> {
    let mut plan = Architecture::new(input.shape());
    front(&mut plan, settings, input.positions)?;
    let (layers, units) = (settings.count("layers"), settings.count("units"));
    let mean = settings.word("readout") == "mean";
    let rate = settings.float("dropout");
    for layer in 1..=layers {
        let last = layer == layers;
        plan.push(Lstm { units, return_sequences: !last || mean })?;
        if last && mean {
            plan.push(MeanOverTime)?;
        }
        if rate > 0.0 {
            plan.push(Dropout { rate })?;
        }
    }
    plan.join(input.covariates)?;
    plan.push(Dense { units: outputs, regularize: Regularize::default() })?;
    Ok(plan)
}

/// What shortens the sequence.
fn front(plan: &mut Architecture, settings: &Settings, positions: usize) -> Result<(), ModelError> {
    let front = settings.word("front");
    if front == "none" {
        return Ok(());
    }
    let size = settings.count_or_word("front_size").unwrap_or(positions.div_ceil(STEPS));
    if size > positions {
        return Err(ModelError::Shape(format!(
            "`front_size` {size} is larger than the input of {positions} positions: lower it"
        )));
    }
    if front == "conv" {
        plan.push(Conv1d {
            filters: settings.count("front_filters"),
            kernel: size,
            stride: size,
            padding: Padding::Valid,
            regularize: Regularize::default(),
        })?;
    } else {
        plan.push(Chunk { size })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::value::Value;
    use crate::model::tests::draw;

    fn build(positions: usize, given: &[(&str, Value)]) -> Result<Architecture, ModelError> {
        let given = [&[("layers", 2.into()), ("units", 8.into())], given].concat();
        plan(&Settings::with(SETTINGS, &given), Input { positions, channels: 1, covariates: 0 }, 1)
    }

    #[test]
    fn dlpipelines_network_by_hand() {
        let input = Input { positions: 200, channels: 1, covariates: 0 };
        let plan = plan(&draw(&ROW, Some("dlpipeline"), 0), input, 1).unwrap();
        let found: Vec<(Vec<usize>, usize)> =
            plan.summary().into_iter().filter(|l| l.weights > 0).map(|l| (l.output, l.weights)).collect();
        // Four gates, each with weights of the inputs, of the state, and a bias.
        let expected = [
            (vec![200, 256], 4 * (1 + 256 + 1) * 256),
            (vec![200, 256], 4 * (256 + 256 + 1) * 256),
            (vec![256], 4 * (256 + 256 + 1) * 256),
            (vec![1], 257),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn steps_stay_few_whatever_the_input() {
        for positions in [1, 200, 201, 9_723, 50_174] {
            for front in ["conv", "chunk"] {
                let mut given: Vec<(&str, Value)> = vec![("front", front.into())];
                if front == "conv" {
                    given.push(("front_filters", 4.into()));
                }
                let steps = build(positions, &given).unwrap().summary()[0].output[0];
                assert!((1..=STEPS).contains(&steps), "{steps} of {positions}");
                assert!(positions < STEPS || steps >= STEPS / 2, "{steps} of {positions}");
            }
        }
    }

    #[test]
    fn the_readout_and_what_does_not_fit() {
        let names = |given: &[(&str, Value)]| -> Vec<String> {
            build(50, given).unwrap().summary().into_iter().map(|l| l.name).collect()
        };
        let mean = names(&[("readout", "mean".into()), ("front", "none".into()), ("dropout", 0.0.into())]);
        assert_eq!((mean.len(), mean[1].as_str(), mean[3].as_str()), (4, "lstm_1", "dense"));
        assert_eq!(names(&[]), ["reshape", "lstm", "dropout", "lstm_1", "dropout_1", "dense"]);
        let message = build(50, &[("front_size", 51.into())]).unwrap_err().to_string();
        assert!(message.contains("`front_size` 51") && message.contains("of 50 positions"), "{message}");
    }
}

//! `sampler.warm_start`.

use super::*;
use crate::domain::direction::Direction;
use crate::import::Source;

#[test]
fn sources_read_back_as_they_are_written_and_decide_no_score() {
    let text = "[sampler]\nkind = \"random\"\nwarm_start = [\"old.csv\", { path = \"o.journal#a \\\"b\", \
                direction = \"maximize\" }, { path = \"runs/x\", score = \"mse\" }]\n";
    let config = read(&format!("{SMALL}{text}")).unwrap_or_else(|e| panic!("{e}"));
    let wanted = [
        Source::plain("old.csv"),
        Source { direction: Some(Direction::Maximize), ..Source::plain("o.journal#a \"b") },
        Source { score: Some("mse".into()), ..Source::plain("runs/x") },
    ];
    assert_eq!(config.warm_start, wanted);
    assert_eq!(read(&write::toml(&config)).unwrap_or_else(|e| panic!("{e}")), config);
    let without = read(&format!("{SMALL}[sampler]\nkind = \"random\"\n")).unwrap_or_else(|e| panic!("{e}"));
    assert!(without.warm_start.is_empty());
    assert_eq!(without.fingerprint_text(), config.fingerprint_text());
}

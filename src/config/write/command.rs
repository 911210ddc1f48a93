//! `[objective]` and `[space]` of a study of a program.

use super::{float, line, list, plain, search, text, texts};
use crate::config::study::{CommandConfig, Parameters};
use crate::domain::event::ObjectiveKind;

/// Both tables.
pub(super) fn tables(out: &mut String, command: &CommandConfig) {
    program(out, command);
    line(out, "persistent", &command.persistent.to_string());
    line(out, "directory", &text(&command.directory.to_string_lossy()));
    if let Some(seconds) = command.timeout {
        line(out, "timeout", &float(seconds));
    }
    line(out, "grace", &float(command.grace));
    line(out, "retries", &command.retries.to_string());
    if let Some(seed) = command.seed {
        line(out, "seed", &seed.to_string());
    }
    space(out, &command.parameters);
}

/// What of them decides a score.
pub(super) fn deciding(out: &mut String, command: &CommandConfig) {
    program(out, command);
    space(out, &command.parameters);
}

fn program(out: &mut String, command: &CommandConfig) {
    out.push_str("\n[objective]\n");
    line(out, "kind", &text(ObjectiveKind::Command.word()));
    line(out, "run", &texts(&command.run));
    let variables = command.environment.iter().map(|(name, value)| format!("{name} = {}", text(value)));
    line(out, "environment", &format!("{{ {} }}", variables.collect::<Vec<_>>().join(", ")));
}

fn space(out: &mut String, parameters: &Parameters) {
    out.push_str("\n[space]\n");
    plain(out, &parameters.fixed);
    for parameter in &parameters.space.parameters {
        let conditions = parameter.when.iter().map(|c| format!("{} = {}", c.parameter, list(&c.is)));
        let conditions: Vec<String> = conditions.collect();
        let when = match conditions.as_slice() {
            [] => String::new(),
            all => format!(", when = {{ {} }}", all.join(", ")),
        };
        line(out, &parameter.name, &format!("{{ {}{when} }}", search(&parameter.distribution)));
    }
}

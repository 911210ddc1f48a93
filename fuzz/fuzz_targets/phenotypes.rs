//! A phenotype file: the first byte chooses the task and the kind of file, the rest is the file.

#![no_main]

mod files;

use libfuzzer_sys::fuzz_target;
use tune_tui::dataset::DataSpec;
use tune_tui::domain::task::Task;

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let task = [Task::Regression, Task::Binary, Task::MultiClass, Task::MultiLabel][usize::from(choice % 4)];
    let is_table = choice & 4 != 0;
    let genotypes = if is_table {
        files::write("g.X", b"0 1\n1 2\n2 0\n0 NA\n1 1\n")
    } else {
        files::write("g.csv", b"id,s,t\na,0,1\nb,1,2\nc,2,0\nd,0,NA\ne,1,1\n")
    };
    let phenotypes = files::write("p", bytes);
    let names: &[&str] = match (is_table, task) {
        (true, Task::MultiLabel) => &["1", "2"],
        (true, _) => &["1"],
        (false, Task::MultiLabel) => &["y", "z"],
        (false, _) => &["y"],
    };
    let group = if is_table { "2" } else { "g" };
    files::run(&DataSpec {
        task,
        trait_names: names.iter().map(|name| (*name).to_owned()).collect(),
        group_columns: if choice & 8 == 0 { Vec::new() } else { vec![group.to_owned()] },
        ..files::spec(&genotypes, &phenotypes)
    });
});

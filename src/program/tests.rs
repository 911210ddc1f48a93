//! The program as an objective, without a study.

use std::cell::RefCell;

use super::*;
use crate::domain::trial::FoldScore;

/// Keeps what is reported; says stop from some report on.
#[derive(Default)]
struct Recorder {
    reports: RefCell<Vec<Report>>,
    most: Option<usize>,
    stopped: bool,
}

impl Recorder {
    fn word(&self) -> Verdict {
        let enough = self.most.is_some_and(|most| self.reports.borrow().len() >= most);
        if self.stopped || enough { Verdict::Stop } else { Verdict::Continue }
    }
}

impl Reporter for Recorder {
    fn report(&self, report: Report) -> Verdict {
        self.reports.borrow_mut().push(report);
        self.word()
    }

    fn verdict(&self) -> Verdict {
        self.word()
    }

    fn fold_finished(&self, _: FoldScore) {}

    fn warn(&self, _: String) {}
}

fn program(script: &str, persistent: bool) -> Program {
    let start = Start {
        run: ["sh", "-c", script].map(str::to_owned).to_vec(),
        directory: ".".into(),
        environment: BTreeMap::from([("OWN".to_owned(), "5".to_owned())]),
        persistent,
        timeout: None,
        grace: Duration::from_millis(100),
        threads: 3,
    };
    Program::new(start, Params::from([("fixed".to_owned(), 2.into())]), None, None)
}

fn job(trial: TrialId) -> Job {
    Job::new(trial, Params::from([("x".to_owned(), 0.5.into())]), 9)
}

#[test]
fn steps_are_counted_and_kept_as_epochs() {
    let script = r#"echo '{"step": 5, "score": 1}'; echo; echo '{"step": 50, "score": 2}'
        echo "{\"score\": $TUNE_TUI_PARAM_FIXED$TUNE_TUI_PARAM_X$OWN$TUNE_TUI_THREADS}""#;
    let recorder = Recorder::default();
    let end = program(script, false).evaluate(&job(0), &recorder).unwrap();
    assert_eq!((end.score, end.weights), (20.553, None));
    let reports = recorder.reports.take();
    let places: Vec<_> = reports.iter().map(|r| (r.step, r.epoch, r.score)).collect();
    assert_eq!(places, [(0, 5, 1.0), (1, 50, 2.0)]);
    assert!(reports.iter().all(|r| r.train_loss.is_none() && r.validation_loss.is_none()));
}

#[test]
fn a_stop_is_heard_at_a_report_and_in_silence() {
    let forever = r#"i=0; while :; do i=$((i+1)); echo "{\"step\": $i, \"score\": 1}"; done"#;
    let recorder = Recorder { most: Some(3), ..Recorder::default() };
    let stopped = program(forever, false).evaluate(&job(0), &recorder);
    assert!(matches!(stopped, Err(ObjectiveError::Stopped)));
    assert_eq!(recorder.reports.take().len(), 3);
    let silent = Recorder { stopped: true, ..Recorder::default() };
    let stopped = program("sleep 1000", false).evaluate(&job(0), &silent);
    assert!(matches!(stopped, Err(ObjectiveError::Stopped)));
}

#[test]
fn the_same_trial_has_the_same_seed_and_another_trial_another() {
    let program = program(r#"echo "{\"score\": $TUNE_TUI_SEED}""#, false);
    let seed = |seed| program.evaluate(&Job { seed, ..job(0) }, &Recorder::default()).unwrap().score;
    assert_eq!(seed(9), seed(9));
    assert_ne!(seed(9), seed(10));
    assert!((0.0..2_147_483_648.0).contains(&seed(9)) && seed(9).fract() == 0.0);
}

#[test]
fn a_kept_process_is_kept_until_it_is_closed() {
    let script = r#"n=0; while read -r line; do n=$((n+1)); t=${line#*\"trial\":}; t=${t%%,*}
        echo "{\"trial\": $t, \"score\": $n}"; done"#;
    let program = program(script, true);
    for trial in 0..3 {
        let end = program.evaluate(&job(trial), &Recorder::default()).unwrap();
        assert_eq!(end.score, trial as f64 + 1.0, "the third line of one process is its third trial");
    }
    program.close();
    let after = program.evaluate(&job(3), &Recorder::default());
    assert!(matches!(after, Err(ObjectiveError::Failed(reason)) if reason.contains("has ended")));
}

#[test]
fn names_of_variables_are_those_that_shells_know() {
    assert_eq!(variable("learning-rate_2"), "TUNE_TUI_PARAM_LEARNING_RATE_2");
}

#[test]
fn a_flood_of_reports_fails_the_trial_and_says_what_to_do() {
    let flood = |reports: usize| {
        let count = format!("awk 'BEGIN {{ for (i = 0; i < {reports}; i++) printf \"{{\\\"step\\\": %d, ");
        count + "\\\"score\\\": 1}\\n\", i; print \"{\\\"score\\\": 1}\" }'"
    };
    let recorder = Recorder::default();
    let end = program(&flood(MOST_REPORTS), false).evaluate(&job(0), &recorder).unwrap();
    assert_eq!((end.score, recorder.reports.borrow().len()), (1.0, MOST_REPORTS));
    let recorder = Recorder::default();
    let error = program(&flood(MOST_REPORTS + 1), false).evaluate(&job(0), &recorder).unwrap_err();
    assert_eq!(recorder.reports.borrow().len(), MOST_REPORTS);
    let text = error.to_string();
    assert!(
        text.contains("line 100001 of its output is a report too many") && text.contains("report less"),
        "{text}"
    );
}

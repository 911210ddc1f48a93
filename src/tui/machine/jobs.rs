//! The person's jobs in Slurm, by its program `squeue`.

use std::io::{ErrorKind, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::trial::TrialId;

/// Most time of an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most bytes of an answer.
const MOST: u64 = 4 << 20;
/// Number, state in a word and in letters, nodes, time used, left and granted, why it waits, name. Names may
/// hold the sign between them, and so stand last.
const FORMAT: &str = "%i|%T|%t|%N|%M|%L|%l|%r|%j";

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Jobs {
    /// The jobs; none is an answer too.
    Found(Vec<Job>),
    /// There is no Slurm here.
    Absent,
    /// Why there is no answer.
    Failed(String),
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number, of an array with its place or places.
    pub id: String,
    /// What it does, in a word.
    pub state: String,
    /// The same in letters.
    pub letters: String,
    /// Where it runs.
    pub nodes: String,
    /// Seconds that it has run.
    pub used: Option<u64>,
    /// Seconds that it may still run; none where there is no limit or nobody knows.
    pub left: Option<u64>,
    /// Seconds that it was granted.
    pub limit: Option<u64>,
    /// Why it waits.
    pub reason: String,
    /// Its name.
    pub name: String,
}

impl Job {
    /// Whether time passes for it.
    pub fn is_running(&self) -> bool {
        matches!(self.letters.as_str(), "R" | "CG" | "SO" | "SI")
    }

    /// The trial that its name tells of: "pig-trial-17".
    pub fn trial(&self) -> Option<TrialId> {
        let name = self.name.to_ascii_lowercase();
        let rest = &name[name.rfind("trial")? + "trial".len()..];
        let rest = rest.trim_start_matches(['-', '_', ' ', '.']);
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..end].parse().ok()
    }
}

/// Asks for the jobs.
pub fn ask() -> Jobs {
    let mut command = Command::new("squeue");
    command.args(["--noheader", "--me", "--format", FORMAT]);
    match run(command, PATIENCE) {
        Ok(text) => Jobs::Found(parse(&text)),
        Err(None) => Jobs::Absent,
        Err(Some(why)) => Jobs::Failed(why),
    }
}

/// What a program writes. Without such a program the error is empty.
fn run(mut command: Command, patience: Duration) -> Result<String, Option<String>> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => None,
        _ => Some(format!("{name} can't be started: {error}")),
    })?;
    let begun = Instant::now();
    let output = child.stdout.take().map(read);
    let errors = child.stderr.take().map(read);
    let rest = || patience.saturating_sub(begun.elapsed());
    let text = output.and_then(|output| output.recv_timeout(rest()).ok());
    let said = errors.and_then(|errors| errors.recv_timeout(rest()).ok());
    let (Some(text), Some(said)) = (text, said) else {
        // One that has ended by itself meanwhile is as late.
        child.kill().ok();
        child.wait().ok();
        return Err(Some(format!("{name} did not answer within {}s", patience.as_secs_f64())));
    };
    // Its output is closed, so this is soon; one that only closed it is ended.
    while child.try_wait().is_ok_and(|status| status.is_none()) {
        if rest().is_zero() {
            child.kill().ok();
        }
        thread::sleep(Duration::from_millis(5));
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(text),
        _ => {
            let words =
                said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said no reason");
            Err(Some(format!("{name} failed: {}", words.trim())))
        }
    }
}

/// Reads a stream to its end beside.
fn read(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (send, text) = mpsc::channel();
    // Without a thread there is no answer, which is told as such.
    thread::Builder::new()
        .name("squeue".into())
        .spawn(move || {
            let mut bytes = Vec::new();
            if stream.take(MOST).read_to_end(&mut bytes).is_ok() {
                send.send(String::from_utf8_lossy(&bytes).into_owned()).ok();
            }
        })
        .ok();
    text
}

/// The jobs of an answer; a line that is none is passed over.
fn parse(text: &str) -> Vec<Job> {
    let job = |line: &str| {
        let fields: Vec<&str> = line.splitn(9, '|').map(str::trim).collect();
        let [id, state, letters, nodes, used, left, limit, reason, name] = fields[..] else { return None };
        let told = |text: &str| if matches!(text, "None" | "(null)" | "n/a") { "" } else { text }.to_owned();
        Some(Job {
            id: id.to_owned(),
            state: state.to_ascii_lowercase().replace('_', " "),
            letters: letters.to_owned(),
            nodes: told(nodes),
            used: seconds(used),
            left: seconds(left),
            limit: seconds(limit),
            reason: told(reason),
            name: name.to_owned(),
        })
    };
    text.lines().filter_map(job).collect()
}

/// Of `days-hours:minutes:seconds`, of which the larger ones may be missing; words such as `UNLIMITED` and
/// `INVALID` are none.
fn seconds(text: &str) -> Option<u64> {
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (days.parse().ok()?, clock),
        None => (0_u64, text),
    };
    let parts = clock.split(':').map(str::parse).collect::<Result<Vec<u64>, _>>().ok()?;
    let units: &[u64] = match (parts.len(), days > 0 || text.contains('-')) {
        (1, true) => &[3600],
        (2, true) => &[3600, 60],
        (2, false) => &[60, 1],
        (3, _) => &[3600, 60, 1],
        _ => return None,
    };
    Some(days * 86_400 + parts.iter().zip(units).map(|(part, unit)| part * unit).sum::<u64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Slurm 22.05 and later write it.
    const ANSWER: &str = "\
        27_[3-5%2]|PENDING|PD||0:00|2:00:00|2:00:00|JobArrayTaskLimit|pig_ebv\n\
        27_1|RUNNING|R|n1|12:05|1:47:55|2:00:00|None|pig_ebv trial 12\n\
        31|COMPLETING|CG|n[2-3]|1-02:03:04|INVALID|UNLIMITED|None|a|b\n\
        32|PENDING|PD|(null)|0:00|5-00:00:00|5-00:00:00|Nodes required for job are DOWN, DRAINED|x\n\
        33|OUT_OF_MEMORY|OOM|n1|0:07|NOT_SET|Partition_Limit|OutOfMemory|Trial-7.b\n\
        slurm_load_jobs: something else\n\n";

    #[test]
    fn jobs_are_read_with_their_times() {
        let jobs = parse(ANSWER);
        let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
        assert_eq!(ids, ["27_[3-5%2]", "27_1", "31", "32", "33"]);
        let [array, running, ending, pending, failed] = &jobs[..] else { panic!("five jobs") };
        assert_eq!((array.nodes.as_str(), array.left, array.trial()), ("", Some(7200), None));
        assert_eq!((running.used, running.left, running.limit), (Some(725), Some(6475), Some(7200)));
        assert_eq!((running.reason.as_str(), running.trial(), running.is_running()), ("", Some(12), true));
        assert_eq!((ending.used, ending.left, ending.limit), (Some(93_784), None, None));
        assert_eq!((ending.name.as_str(), ending.nodes.as_str()), ("a|b", "n[2-3]"));
        assert_eq!((pending.nodes.as_str(), pending.left), ("", Some(432_000)));
        assert!(pending.reason.contains("DOWN, DRAINED") && !pending.is_running());
        assert_eq!((failed.state.as_str(), failed.trial()), ("out of memory", Some(7)));
    }

    #[test]
    fn times_in_every_form() {
        let cases =
            [("5-04", 5 * 86_400 + 4 * 3600), ("1-02:03", 93_780), ("0:07", 7), ("100:00:01", 360_001)];
        for (text, expected) in cases {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in ["", "7", "UNLIMITED", "INVALID", "1:2:3:4", "a-1:00", "NOT_SET", "-"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    fn shell(script: &str, patience: Duration) -> Result<String, Option<String>> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        run(command, patience)
    }

    #[test]
    fn a_program_that_hangs_fails_or_is_missing_is_told_apart() {
        let long = Duration::from_secs(20);
        assert_eq!(shell("echo a; echo b >&2", long), Ok("a\n".into()));
        let failed = "echo warning >&2; echo 'Unable to contact slurm controller' >&2; echo >&2; exit 1";
        let why = "sh failed: Unable to contact slurm controller";
        assert_eq!(shell(failed, long), Err(Some(why.into())));
        assert_eq!(shell("exit 3", long), Err(Some("sh failed: it said no reason".into())));
        let late = Err(Some("sh did not answer within 0.1s".into()));
        assert_eq!(shell("exec sleep 600", Duration::from_millis(100)), late);
        assert_eq!(run(Command::new("no-such-program-here"), long), Err(None));
        // More than a pipe holds.
        let much = shell("head -c 300000 /dev/zero | tr '\\0' x", long);
        assert_eq!(much.map(|text| text.len()), Ok(300_000));
    }
}

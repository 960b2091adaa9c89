//! The threats, tried where the cluster makes a difference: beside whom a job runs, and what the engine makes of two hand-ins.
//! Trials are named by their rows, as those of the local engine.

#[path = "hostile/attacks.rs"]
mod attacks;

use std::path::PathBuf;

use assay_contract::Stage;
use assay_tests_cluster::broken::{Submission, Variant};
use assay_tests_cluster::{Bed, Ended, Job, run, trial};
use assay_tests_stand_in::{Act, Moment, Order, Orders};
use serde_json::Value;

/// All of these jobs were handed in then.
const HANDED_IN: &str = "2026-03-10T00:00:00Z";

fn main() {
    run(|| {
        vec![
            trial("i3_one_hand_in_twice_is_two_jobs_one_after_the_other", twice),
            trial("i3_two_of_one_student_wait_for_each_other", one_after_another),
            trial("t5_a_bomb_beside_an_honest_job", beside),
            trial("t1_t3_t4_t5_t6_t7_t8_t9_t10_t11_r4_r5_f2_no_program_reaches_anything_from_a_case", || {
                attacks::from_cases(false)
            }),
            trial("t1_t3_t4_t5_t6_t7_t8_t9_t10_t11_r4_r5_f2_nor_in_strict_isolation", || {
                attacks::from_cases(true)
            }),
            trial("v1_v3_v4_no_program_reaches_anything_from_a_build", attacks::from_builds),
            trial("f6_a_fault_leaves_an_earlier_result", earlier),
        ]
    });
}

/// Two calls at once with one submission are two jobs of two names, which never run at once: both would write to one claim.
fn twice() -> Result<(), String> {
    let bed = Bed::open()?;
    let (_work, folder) = wordcount(&bed)?;
    let submission = folder.join("submissions/solution");
    bed.student("twice")?;
    let jobs = std::thread::scope(|scope| {
        let calls =
            [0; 2].map(|_| scope.spawn(|| Job::submit(&bed, &folder, &submission, "twice", HANDED_IN)));
        calls.map(|call| call.join().map_err(|_| "it panicked".to_owned()).flatten())
    });
    let [first, second] = jobs;
    let jobs = [first?, second?];
    if jobs[0].name == jobs[1].name {
        return Err(format!("two jobs are called {}", jobs[0].name));
    }
    apart(&jobs)?;
    for job in &jobs {
        let result = job.result(&folder)?;
        if result["verdict"] != "passed" {
            return Err(format!("{}: {result}", job.name));
        }
    }
    Ok(())
}

/// The same of two submissions of one student.
fn one_after_another() -> Result<(), String> {
    let bed = Bed::open()?;
    let (_work, folder) = wordcount(&bed)?;
    let submit =
        |name: &str| Job::submit(&bed, &folder, &folder.join("submissions").join(name), "both", HANDED_IN);
    apart(&[submit("solution")?, submit("off-by-one")?])
}

/// Waits for both, of which the second must not begin before the first has ended.
fn apart(jobs: &[Job; 2]) -> Result<(), String> {
    let [first, second] = [jobs[0].ended()?, jobs[1].ended()?];
    let (mut early, mut late) = (span(&first)?, span(&second)?);
    if late < early {
        std::mem::swap(&mut early, &mut late);
    }
    if late.0 < early.1 {
        Err(format!("pods of one student at once: {early:?} and {late:?}"))
    } else {
        Ok(())
    }
}

/// From when to when a job's pods ran that one student has one at a time: all but Setup's, which takes the submission in at once.
/// Times in RFC 3339 and UTC compare as texts.
fn span(ended: &Ended) -> Result<(String, String), String> {
    let nodes = ended.workflow["status"]["nodes"].as_object().ok_or("a Workflow without nodes")?;
    let in_turn = |node: &Value| {
        let stages = [Stage::Verify, Stage::Test, Stage::Results, Stage::Finalise];
        stages.iter().any(|stage| node["templateName"] == stage.id())
    };
    let pods = || nodes.values().filter(|node| node["type"] == "Pod" && in_turn(node));
    let time = |node: &Value, field: &str| node[field].as_str().map(str::to_owned);
    let from = pods().filter_map(|node| time(node, "startedAt")).min();
    let to = pods().filter_map(|node| time(node, "finishedAt")).max();
    from.zip(to).ok_or_else(|| "a Workflow without pods".into())
}

/// A program that takes all it can get takes nothing from another student's job.
fn beside() -> Result<(), String> {
    let bed = Bed::open()?;
    let (_work, folder) = wordcount(&bed)?;
    let submit = |name: &str, student: &str| {
        Job::submit(&bed, &folder, &folder.join("submissions").join(name), student, HANDED_IN)
    };
    let bombs = [("fork-bomb", "bomb-1"), ("eats-memory", "bomb-2"), ("fills-disk", "bomb-3")];
    let bombs = bombs.map(|(name, student)| submit(name, student));
    let honest = submit("solution", "neighbour")?;
    honest.ended()?;
    let result = honest.result(&folder)?;
    for bomb in bombs {
        bomb?.ended()?;
    }
    if result["verdict"] == "passed" && result["points"] == result["max_points"] {
        Ok(())
    } else {
        Err(format!("an honest job beside others: {result}"))
    }
}

/// A job that the system failed changes nothing of the job before it.
fn earlier() -> Result<(), String> {
    let bed = Bed::faults()?;
    let folder = Variant::Standard.published(&bed)?;
    let good = Submission::new(&Orders { breaks: vec![], look: None })?;
    let good = Job::submit(&bed, &folder, good.path(), "earlier", HANDED_IN)?;
    good.ended()?;
    let kept = || Ok::<_, String>((good.result(&folder)?, good.student_result(&folder)?));
    let before = kept()?;
    let fault =
        Order { stage: Stage::Results, moment: Moment::Instead, act: Act::Exit(41), runs: (1, u32::MAX) };
    let bad = Submission::new(&Orders { breaks: vec![fault], look: None })?;
    let bad = Job::submit(&bed, &folder, bad.path(), "earlier", HANDED_IN)?;
    bad.ended()?;
    // It was concluded, without a result, by the handler of the job's exit.
    if bad.result(&folder).is_ok() {
        return Err("the second job was to fail".into());
    }
    if kept()? == before { Ok(()) } else { Err("the earlier job's result has changed".into()) }
}

/// An example, published.
fn wordcount(bed: &Bed) -> Result<(tempfile::TempDir, PathBuf), String> {
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    let folder = bed.example("wordcount", work.path(), |text| text)?;
    bed.in_cluster(&folder, &["publish", ".", "--yes"])?.ok()?;
    Ok((work, folder))
}

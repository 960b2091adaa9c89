//! `assay submit`, by the queue server.
//!
//! The order matters. What goes in and what the rules say of it are told first; then the zip is on the disk, by its digest; then
//! a record says that it is about to be sent; then it is sent, under the same key until there is an answer. "Received" is
//! printed when the ticket is there, and at no other time.

use std::path::{Path, PathBuf};

use assay_client::home::{HomeError, Outbox, Packed, Pending};
use assay_client::{Address, Fate, HandedIn, NotHandedIn, Order, key};
use assay_contract::queue::{Expected, Phase, Rules};
use assay_contract::result::Refusal;
use assay_contract::{API_VERSION, AssignmentId, Digest, Exit, JobId, StudentId};
use assay_core::look;
use assay_core::pack::{Choice, PackError, choose};
use jiff::Timestamp;
use serde::Serialize;

use super::{Desk, OTHER_ROUTE, ROUTE, failed, home_failed, refuse_clusters, result};
use crate::args::Submit;
use crate::commands::{assignment_id, refuse_given};
use crate::console::{Console, inert};
use crate::error::CliError;
use crate::show;
use crate::show::clock::Clock;
use crate::show::progress::Packing;

/// What is printed for programs once it was received.
#[derive(Serialize)]
struct Received<'a> {
    job: &'a JobId,
    assignment: &'a AssignmentId,
    student: &'a StudentId,
    digest: &'a Digest,
    handed_in: &'a str,
    /// Seconds after the due date; `null` where that is not known.
    late_seconds: Option<u64>,
    phase: Phase,
    place: Option<u64>,
    expected: &'a Option<Expected>,
    /// Where the ticket is kept.
    ticket: &'a Path,
}

pub(crate) fn run(console: &Console, args: &Submit, address: &Address) -> Result<Exit, CliError> {
    let Submit { assignment, submission, anyway, wait, routed: _, digest, student, handed_in, revision, cluster } = args;
    refuse_clusters(cluster)?;
    let given = [
        ("--student", student.is_some()),
        ("--handed-in", handed_in.is_some()),
        ("--revision", revision.is_some()),
        ("--digest", digest.is_some()),
    ];
    refuse_given(ROUTE, OTHER_ROUTE, given)?;
    let assignment = assignment_id(console, assignment)?;
    let path = submission.as_deref().unwrap_or(Path::new("."));
    let choice = choose(path).map_err(|error| cannot(&error))?;
    let desk = Desk::open(address)?;
    let rules = rules(console, &desk, &assignment);
    console.note(&show::choice::text(&assignment, &choice, rules.as_ref()));
    for notebook in look::notebooks::stale(&choice) {
        console.note(&inert(&format!(
            "warning: {notebook} may lack your last change: a newer copy of it says something else; save it in your notebook"
        )));
    }
    if let Some(rules) = &rules {
        object(console, *anyway, look::files(&rules.rules, &choice))?;
    }
    let outbox = desk.home.outbox(|| {
        console.note("another `assay submit` is at work in your home; this one waits for its end");
    });
    let outbox = outbox.map_err(home_failed)?;
    let packed = pack(&outbox, &choice)?;
    let before = outbox.pending(&assignment, packed.content()).map_err(home_failed)?;
    let order = match before {
        Some(before) => {
            console.note(&inert(&format!(
                "this was sent before, at {}, and its end is not known: the same is sent again, and counts once",
                before.since
            )));
            Order { assignment, student: None, digest: before.digest, key: before.key }
        }
        None => {
            if let Some(rules) = &rules {
                let size = look::zip(&rules.rules, packed.size(), &choice);
                let date = rules.schedule.as_ref().and_then(|schedule| look::date(schedule, Timestamp::now()));
                object(console, *anyway, size.into_iter().chain(date).collect())?;
            }
            begin(&outbox, packed, assignment)?
        }
    };
    let handed_in = hand_in(console, &desk, &outbox, &order)?;
    let ticket = keep(&desk, &handed_in)?;
    outbox.end(&order.digest);
    // Others of this home may hand in while this one waits for its result.
    drop(outbox);
    if *wait {
        console.note(&said(&handed_in, rules.as_ref()));
        desk.follow(console, &handed_in.says.job)?;
        return result::show(console, &desk, &handed_in.says.job);
    }
    let HandedIn { ticket: _, says, standing } = &handed_in;
    let received = Received {
        job: &says.job,
        assignment: &says.assignment,
        student: &says.student,
        digest: &says.digest,
        handed_in: &says.handed_in,
        late_seconds: late_seconds(&handed_in, rules.as_ref()),
        phase: standing.phase,
        place: standing.place,
        expected: &standing.expected,
        ticket: &ticket,
    };
    console.data(&received, || format!("{}\njob {}\n", said(&handed_in, rules.as_ref()), says.job))?;
    Ok(Exit::Done)
}

/// What the rules say, if that can be known now: nothing waits for it.
fn rules(console: &Console, desk: &Desk, assignment: &AssignmentId) -> Option<Rules> {
    match desk.wait(desk.client.rules(assignment)) {
        Ok(rules) => rules,
        Err(error) => {
            console.note(&inert(&format!("the rules are not known now: {error}")));
            None
        }
    }
}

/// Tells what the rules have against it; an error unless it is handed in anyway.
fn object(console: &Console, anyway: bool, refusals: Vec<Refusal>) -> Result<(), CliError> {
    if refusals.is_empty() {
        return Ok(());
    }
    let told: Vec<String> = refusals.into_iter().map(|refusal| refusal.message).collect();
    if anyway {
        told.iter().for_each(|message| console.note(&inert(&format!("warning: {message}"))));
        return Ok(());
    }
    let message = format!("not handed in, because it would be refused:\n  {}", told.join("\n  "));
    Err(CliError::new(Exit::SubmissionRefused, message).hint("mend it, or hand it in all the same with --anyway"))
}

fn cannot(error: &PackError) -> CliError {
    let failed = CliError::of(Exit::SubmissionRefused, error);
    match error {
        PackError::Special { .. } | PackError::Name(_) | PackError::Depth(_) | PackError::Many(_) => {
            failed.hint("take it away, or name it in .assayignore")
        }
        PackError::Read { .. } | PackError::Empty(_) | PackError::Rule { .. } | PackError::Zip { .. } => failed,
    }
}

/// Why packing failed: what is packed, or where it goes.
enum Unpacked {
    Pack(PackError),
    Home(HomeError),
}

impl From<HomeError> for Unpacked {
    fn from(error: HomeError) -> Unpacked {
        Unpacked::Home(error)
    }
}

fn pack(outbox: &Outbox, choice: &Choice) -> Result<Packed, CliError> {
    let bar = Packing::new(choice.size());
    let packed = outbox.pack(|to| choice.write(to, &mut |more| bar.read(more)).map_err(Unpacked::Pack));
    bar.finish();
    packed.map_err(|error| match error {
        Unpacked::Pack(error) => cannot(&error),
        Unpacked::Home(error) => home_failed(error),
    })
}

/// Puts the zip into the outbox, then the record that it is about to be sent.
fn begin(outbox: &Outbox, packed: Packed, assignment: AssignmentId) -> Result<Order, CliError> {
    let (digest, content) = (packed.digest().clone(), packed.content().clone());
    let key = key(&assignment, &digest).map_err(CliError::bug)?;
    let pending = Pending {
        api_version: API_VERSION.into(),
        assignment: assignment.clone(),
        digest: digest.clone(),
        content,
        key: key.clone(),
        since: now().to_string(),
    };
    outbox.put(packed).map_err(home_failed)?;
    if let Err(error) = outbox.begin(&pending) {
        outbox.discard(&digest);
        return Err(home_failed(error));
    }
    Ok(Order { assignment, student: None, digest, key })
}

fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

fn hand_in(console: &Console, desk: &Desk, outbox: &Outbox, order: &Order) -> Result<HandedIn, CliError> {
    let mut on_retry = |retry: assay_client::Retry<'_>| {
        // Up to a second: "in 0 s" would say that nothing is waited for.
        let seconds = retry.wait.as_secs() + 1;
        console.note(&inert(&format!("not received yet: {}; trying again in {seconds} s", retry.error)));
    };
    desk.wait(desk.client.hand_in(order, &mut on_retry)).map_err(|not| {
        let NotHandedIn { fate, error, tries: _ } = not;
        let exit = failed(&error).exit();
        match fate {
            Fate::Unclear => CliError::new(exit, format!("it is not known whether this was received: {error}"))
                .hint("run the very same command again: it sends the same hand-in, which counts once"),
            Fate::NotReceived if error.is_final() => {
                outbox.end(&order.digest);
                outbox.discard(&order.digest);
                CliError::new(exit, format!("not received: {error}")).hint(error.hint())
            }
            Fate::NotReceived => CliError::new(exit, format!("not received: {error}"))
                .hint("run the very same command again; what you hand in is kept in .assay/outbox"),
        }
    })
}

/// Keeps the ticket. A home that cannot take it has received all the same, and the record stays, so that the ticket can be had
/// again.
fn keep(desk: &Desk, handed_in: &HandedIn) -> Result<PathBuf, CliError> {
    desk.home.keep_ticket(&handed_in.ticket, &handed_in.says).map_err(|error| {
        let message = format!("received, as job {}, but your home cannot take the ticket: {error}", handed_in.says.job);
        CliError::new(Exit::Io, message).hint(format!(
            "{}; the very same command then fetches the same ticket",
            if error.hint().is_empty() { "make room in your home" } else { error.hint() }
        ))
    })
}

/// How long after the due date it was handed in, as far as that is known here.
fn late_seconds(handed_in: &HandedIn, rules: Option<&Rules>) -> Option<u64> {
    let schedule = rules?.schedule.as_ref()?;
    let at: Timestamp = handed_in.says.handed_in.parse().ok()?;
    Some(assay_core::look::late_seconds(schedule, at))
}

/// The sentence that everybody waits for.
fn said(handed_in: &HandedIn, rules: Option<&Rules>) -> String {
    let schedule = rules.and_then(|rules| rules.schedule.as_ref());
    let clock = schedule.map_or_else(Clock::of_system, Clock::of_schedule);
    show::queue::received(&handed_in.says.handed_in, late_seconds(handed_in, rules), &handed_in.standing, &clock)
}

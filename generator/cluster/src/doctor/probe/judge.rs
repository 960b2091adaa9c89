//! What the findings of probes mean.

use assay_contract::probe::{Connected, Home, LARGE_BYTES, Looked, Machine, Owned, SMALL_FILES, Written};

use super::run::Silence;
use crate::doctor::catalogue::{
    CONFINEMENT, HOME, NETWORK_ENFORCED, NODE_CLOCK, STAGE_IMAGE, STORAGE, STORAGE_SHARED, STORAGE_SPEED,
};
use crate::doctor::check::{Check, Definition};
use crate::doctor::clock::{self, Window};
use crate::doctor::look;
use crate::waiting::Waiting;

/// Below this, the stage tool lacks a right that it asks for.
const WHOLE_LANDLOCK: u32 = 6;
/// Less than this slows every job down.
const SLOW_MIB: u64 = 20;
const SLOW_FILES: u64 = 100;

pub(super) type Told<T> = Result<T, Silence>;

/// A check whose probe did not answer: a refusal or a pod that cannot start is a problem of its own.
fn silent(definition: &'static Definition, silence: &Silence) -> Check {
    match silence {
        Silence::Refused(why) if why.starts_with(look::NO_RIGHT) => definition.not_checked(why),
        Silence::Refused(_) | Silence::NotStarted(_) | Silence::Ended(_) => {
            definition.problem(silence.to_string())
        }
        Silence::Other(why) => definition.not_checked(why),
    }
}

pub(super) fn stage_image(machine: &Told<Machine>, image: &str) -> Check {
    match machine {
        Ok(_) => STAGE_IMAGE.ok(image),
        Err(Silence::Ended(why)) => STAGE_IMAGE
            .problem(why)
            .fix("let `stage-image` be the image of this version of `assay`: an older one knows no probes"),
        Err(silence @ Silence::NotStarted(Waiting::Image { .. })) => STAGE_IMAGE.problem(silence.to_string()),
        // Something stops pods, and says what.
        Err(silence @ Silence::NotStarted(why)) => STAGE_IMAGE.problem(silence.to_string()).fix(match why {
            Waiting::Unschedulable { .. } => "make room on the nodes, or take away the taints that the message names",
            _ => "kubectl describe pod of any probe while it waits, and the kubelet's log on its node, say more",
        }),
        Err(silence) => silent(&STAGE_IMAGE, silence),
    }
}

pub(super) fn confinement(machine: &Told<Machine>) -> Check {
    let machine = match machine {
        Ok(machine) => machine,
        Err(_) => return CONFINEMENT.not_checked("the probe of the node did not answer"),
    };
    let Machine { kernel, landlock_abi, cgroup, pids_max: _, seccomp, no_new_privileges, unix_ms: _ } =
        machine;
    let found = format!("Linux {kernel}, Landlock ABI {landlock_abi}, cgroup v{cgroup}");
    let mut lacks = Vec::new();
    if *landlock_abi == 0 {
        lacks.push("no Landlock".to_owned());
    }
    if *seccomp != 2 {
        lacks.push("no seccomp filter on the pod".to_owned());
    }
    if !no_new_privileges {
        lacks.push("setuid programs gain rights".to_owned());
    }
    if !lacks.is_empty() {
        return CONFINEMENT.problem(format!("{found}: {}", lacks.join(", ")));
    }
    if *landlock_abi < WHOLE_LANDLOCK {
        return CONFINEMENT
            .warning(format!(
                "{found}: below ABI {WHOLE_LANDLOCK} signals and some file rights are not confined"
            ))
            .fix("upgrade the nodes to Linux 6.12 or newer");
    }
    CONFINEMENT.ok(found)
}

pub(super) fn node_clock(machine: &Told<Machine>, window: Option<Window>) -> Check {
    match (machine, window) {
        (Ok(machine), Some(window)) => clock::judge(&NODE_CLOCK, window.distance(machine.unix_ms)),
        (Ok(_), None) => NODE_CLOCK.not_checked("the API server does not tell its time"),
        (Err(_), _) => NODE_CLOCK.not_checked("the probe of the node did not answer"),
    }
}

pub(super) fn storage(written: &Told<Written>, owned: &Told<Owned>) -> Check {
    let written = match written {
        Ok(written) => written,
        Err(silence) => return silent(&STORAGE, silence),
    };
    let mut failed: Vec<String> =
        written.failed.iter().map(|what| format!("the trusted user cannot {what}")).collect();
    match owned {
        Ok(owned) => {
            failed.extend(owned.failed.iter().map(|what| format!("an untrusted user cannot {what}")))
        }
        Err(silence) if failed.is_empty() => return silent(&STORAGE, silence),
        Err(_) => {}
    }
    STORAGE.problem_unless_empty(&failed, "both users write, and the tool runs")
}

pub(super) fn shared(looked: &Told<Looked>, owned: &Told<Owned>) -> Check {
    let looked = match looked {
        Ok(looked) => looked,
        Err(silence) => return silent(&STORAGE_SHARED, silence),
    };
    let Looked { files, runs: _, wrote, failed } = looked;
    let mut wrong = failed.clone();
    if *files < SMALL_FILES {
        wrong.push(format!("of {SMALL_FILES} files that one pod wrote the next one saw {files}"));
    }
    if *wrote {
        wrong.push("a read-only mount could be written".into());
    }
    if owned.as_ref().is_ok_and(|owned| owned.overwrote) {
        wrong.push("an untrusted user could change a trusted user's file".into());
    }
    STORAGE_SHARED.problem_unless_empty(&wrong, "it does, and cannot")
}

pub(super) fn speed(written: &Told<Written>) -> Check {
    let (Some(large_ms), Some(small_ms)) =
        written.as_ref().map_or((None, None), |written| (written.large_ms, written.small_ms))
    else {
        return STORAGE_SPEED.not_checked("the probe of storage did not write");
    };
    let mib = (LARGE_BYTES >> 20) * 1000 / large_ms.max(1);
    let files = u64::from(SMALL_FILES) * 1000 / small_ms.max(1);
    let found = format!("{mib} MiB/s, {files} small files/s");
    if mib < SLOW_MIB || files < SLOW_FILES { STORAGE_SPEED.warning(found) } else { STORAGE_SPEED.ok(found) }
}

pub(super) fn home(home: &Told<Home>, claim: &str, trusted: u32) -> Check {
    let Home { uid, gid: _, mode, listed } = match home {
        Ok(home) => home,
        Err(silence) => return silent(&HOME, silence),
    };
    let found = format!("{claim} belongs to user {uid}, mode {mode:04o}");
    let everybodys = mode & 0o007 == 0o007;
    if *uid != trusted && everybodys && *listed {
        HOME.warning(format!("{found}, so that everybody may write there; trusted stages run as {trusted}"))
    } else if *uid != trusted {
        HOME.problem(format!("{found}, and trusted stages run as {trusted}"))
    } else if *listed {
        HOME.ok(found)
    } else {
        HOME.problem(format!("{found}, and its owner cannot list it")).fix("chmod u+rwx the home")
    }
}

/// What connections came to: without a policy, out of a pod that a policy cuts off, and into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Connections {
    pub(super) free: Connected,
    pub(super) out: Connected,
    pub(super) into: Connected,
}

pub(super) fn network(told: &Told<Connections>) -> Check {
    let Connections { free, out, into } = match told {
        Ok(told) => told,
        // Whatever stops these pods is told by the other probes.
        Err(silence) => return NETWORK_ENFORCED.not_checked(silence.to_string()),
    };
    if free.reached == 0 {
        return NETWORK_ENFORCED.not_checked("pods do not reach each other here even without a policy");
    }
    let open: Vec<&str> = [(out, "leave"), (into, "enter")]
        .into_iter()
        .filter(|(connected, _)| is_open_at_last(connected))
        .map(|(_, way)| way)
        .collect();
    if !open.is_empty() {
        let ways = open.join(" and ");
        return NETWORK_ENFORCED.warning(format!("connections {ways} a pod that a policy cuts off"));
    }
    match out.last_ms.max(into.last_ms) {
        None => NETWORK_ENFORCED.ok("a pod that a policy cuts off is cut off from its start"),
        Some(last) => NETWORK_ENFORCED
            .warning(format!("enforced, but a new pod is open for its first {last} ms"))
            .fix("nothing, if you can live with it: the stage tool itself denies sockets to student code"),
    }
}

/// Whether connections still succeeded in the last quarter of the time.
fn is_open_at_last(connected: &Connected) -> bool {
    connected.last_ms.is_some_and(|last| last > connected.tried_ms / 4 * 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Outcome;

    fn machine() -> Machine {
        Machine {
            kernel: "6.18.4".into(),
            landlock_abi: 7,
            cgroup: 2,
            pids_max: None,
            seccomp: 2,
            no_new_privileges: true,
            unix_ms: 0,
        }
    }

    #[test]
    fn confinement_needs_landlock_and_seccomp() {
        let outcome = |change: fn(&mut Machine)| {
            let mut machine = machine();
            change(&mut machine);
            confinement(&Ok(machine)).outcome
        };
        assert_eq!(outcome(|_| {}), Outcome::Ok);
        assert_eq!(outcome(|machine| machine.landlock_abi = 5), Outcome::Warning);
        assert_eq!(outcome(|machine| machine.landlock_abi = 0), Outcome::Problem);
        assert_eq!(outcome(|machine| machine.seccomp = 0), Outcome::Problem);
        assert_eq!(outcome(|machine| machine.no_new_privileges = false), Outcome::Problem);
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_its_own_problem_alone() {
        let waiting = Waiting::Image { image: "x".into(), message: "ErrImagePull".into() };
        let machine = Err(Silence::NotStarted(waiting));
        assert_eq!(stage_image(&machine, "x").outcome, Outcome::Problem);
        assert_eq!(confinement(&machine).outcome, Outcome::NotChecked);
        assert_eq!(node_clock(&machine, None).outcome, Outcome::NotChecked);
    }

    #[test]
    fn a_right_that_is_missing_here_says_nothing_of_the_cluster() {
        let silence = Silence::Refused("this account cannot create resource \"pods\"".into());
        assert_eq!(stage_image(&Err(silence.clone()), "x").outcome, Outcome::NotChecked);
        assert_eq!(storage(&Err(silence), &Ok(Owned::default())).outcome, Outcome::NotChecked);
        let quota = Silence::Refused("exceeded quota".into());
        assert_eq!(stage_image(&Err(quota), "x").outcome, Outcome::Problem);
    }

    #[test]
    fn storage_that_one_user_cannot_write_is_a_problem() {
        let good = Written { large_ms: Some(100), small_ms: Some(100), runs: true, failed: Vec::new() };
        let owned = Owned { wrote: true, overwrote: false, failed: Vec::new() };
        assert_eq!(storage(&Ok(good.clone()), &Ok(owned.clone())).outcome, Outcome::Ok);
        let failed = vec!["run a program from the volume: Permission denied".to_owned()];
        let noexec = Written { runs: false, failed, ..good.clone() };
        let check = storage(&Ok(noexec), &Ok(owned.clone()));
        assert!(check.found.starts_with("the trusted user cannot run a program"), "{}", check.found);
        let failed = vec!["write to the volume's root: Permission denied".to_owned()];
        let check = storage(&Ok(good), &Ok(Owned { wrote: false, failed, ..owned }));
        assert_eq!(check.outcome, Outcome::Problem);
    }

    #[test]
    fn what_is_stale_or_open_is_told() {
        let owned = Ok(Owned { wrote: true, overwrote: false, failed: Vec::new() });
        let looked = |files, wrote| Ok(Looked { files, runs: true, wrote, failed: Vec::new() });
        assert_eq!(shared(&looked(SMALL_FILES, false), &owned).outcome, Outcome::Ok);
        assert_eq!(shared(&looked(SMALL_FILES - 1, false), &owned).outcome, Outcome::Problem);
        assert_eq!(shared(&looked(SMALL_FILES, true), &owned).outcome, Outcome::Problem);
        let open = Ok(Owned { wrote: true, overwrote: true, failed: Vec::new() });
        assert_eq!(shared(&looked(SMALL_FILES, false), &open).outcome, Outcome::Problem);
    }

    #[test]
    fn speed_is_counted_in_what_jobs_do() {
        let written = |large_ms, small_ms| {
            Ok(Written { large_ms: Some(large_ms), small_ms: Some(small_ms), runs: true, failed: Vec::new() })
        };
        assert_eq!(speed(&written(1000, 1000)).found, "64 MiB/s, 1000 small files/s");
        assert_eq!(speed(&written(1000, 20_000)).outcome, Outcome::Warning);
        assert_eq!(speed(&written(0, 0)).outcome, Outcome::Ok);
        assert_eq!(speed(&Ok(Written::default())).outcome, Outcome::NotChecked);
    }

    #[test]
    fn a_policy_counts_only_where_there_is_something_to_cut_off() {
        let all = Connected { tries: 100, reached: 100, last_ms: Some(11_950), tried_ms: 12_000 };
        let none = Connected { tries: 12, reached: 0, last_ms: None, tried_ms: 12_000 };
        let some = Connected { tries: 30, reached: 8, last_ms: Some(400), tried_ms: 12_000 };
        let judge = |free, out, into| network(&Ok(Connections { free, out, into }));
        assert_eq!(judge(all, none, none).outcome, Outcome::Ok);
        assert_eq!(judge(all, all, none).found, "connections leave a pod that a policy cuts off");
        assert_eq!(judge(all, all, all).found, "connections leave and enter a pod that a policy cuts off");
        assert!(judge(all, some, none).found.contains("first 400 ms"));
        assert_eq!(judge(none, none, none).outcome, Outcome::NotChecked);
    }

    #[test]
    fn a_home_of_somebody_else_is_a_problem_unless_it_is_everybodys() {
        let judge = |uid, mode, listed| home(&Ok(Home { uid, gid: 100, mode, listed }), "claim-ada", 1000);
        assert_eq!(judge(1000, 0o700, true).found, "claim-ada belongs to user 1000, mode 0700");
        assert_eq!(judge(1000, 0o700, true).outcome, Outcome::Ok);
        assert_eq!(judge(1000, 0o000, false).outcome, Outcome::Problem);
        assert_eq!(judge(0, 0o755, true).outcome, Outcome::Problem);
        assert_eq!(judge(0, 0o777, true).outcome, Outcome::Warning);
    }
}

//! Every exit code that the command line can produce is produced.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use assay_contract::Exit;
use rustix::process::{Pid, Signal, kill_process};

use crate::session::Session;

/// How each code comes about: a line for a shell in a folder with `greeting/`, or why there is none.
fn cause(exit: Exit) -> Result<&'static str, &'static str> {
    Ok(match exit {
        Exit::Done => "assay check greeting",
        Exit::Usage => "assay frobnicate",
        Exit::SubmissionRefused => "assay try greeting/submissions/extra",
        Exit::MarksDiffer => {
            "sed -i 's/shouts: {points: 2/shouts: {points: 3/' greeting/assignment.yaml; assay test greeting"
        }
        Exit::AssignmentInvalid => "sed -i 's/^title/titel/' greeting/assignment.yaml; assay render greeting",
        Exit::AssignmentFile => "rm greeting/two.in; assay try greeting/submissions/solution",
        Exit::AuditFailed => "echo 'kind: Pod' | tee pod.yaml; assay audit pod.yaml",
        Exit::OperatorInvalid => "echo '[]' > operator.yaml; assay render greeting --operator operator.yaml",
        Exit::SolutionFailed => "assay record greeting --solution greeting/submissions/crashes",
        // A user namespace in which no further one may be made, as on machines that forbid them.
        Exit::IsolationUnavailable => {
            "unshare --user --map-root-user sh -c \
             'echo 0 > /proc/sys/user/max_user_namespaces; assay try greeting/submissions/solution'"
        }
        Exit::Io => "assay render greeting --to /proc/template.yaml",
        Exit::Key => "assay receipt verify receipt --key greeting/assignment.yaml",
        Exit::ReceiptInvalid => {
            "openssl genpkey -algorithm ed25519 | openssl pkey -pubout > key.pem; \
             assay receipt verify greeting/assignment.yaml --key key.pem"
        }
        Exit::ClusterUnavailable => "KUBECONFIG=missing.yaml assay status staff-1",
        Exit::ClusterRefused => return Err("it takes a cluster to refuse something"),
        Exit::StageFailed => return Err("a test of its own kills the engine"),
        Exit::DocumentDamaged => return Err("stages write whole documents or none"),
        Exit::ClusterUnfit => return Err("needs a cluster that answers"),
        Exit::Interrupted => {
            return Err("it takes a cluster; elsewhere a signal ends the program as signals do");
        }
        Exit::Bug => return Err("no bug is known"),
    })
}

#[test]
fn every_code_comes_about() {
    for &exit in Exit::ALL {
        let Ok(line) = cause(exit) else { continue };
        let session = Session::greeting();
        let output = session.place().output(session.place().command("sh").args(["-c", line]));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(i32::from(exit.code())), "{line}: {stderr}");
        assert_eq!(
            stderr.is_empty(),
            matches!(exit, Exit::Done | Exit::AuditFailed | Exit::SubmissionRefused),
            "{line}: {stderr}"
        );
    }
}

#[test]
fn a_machine_that_cannot_isolate_runs_nothing() {
    let session = Session::greeting();
    let line = cause(Exit::IsolationUnavailable).unwrap();
    let output = session.place().output(session.place().command("sh").args(["-c", line]));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("user.max_user_namespaces"), "{stderr}");
}

#[test]
fn an_engine_that_is_killed_is_a_failed_stage() {
    let session = Session::greeting();
    session.edit("greeting/assignment.yaml", "cpu: 2s", "cpu: 2s, wall: 60s");
    session.write("greeting/sleeps/greet.sh", "sleep 60\n");
    let mut command = session.place().command(env!("CARGO_BIN_EXE_assay"));
    command.args(["try", "greeting/sleeps"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    kill_process(engine_of(child.id()), Signal::KILL).unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(i32::from(Exit::StageFailed.code())), "{stderr}");
    assert!(stderr.contains("hint: run it again"), "{stderr}");
}

/// A keeper whose parent was killed before it could ask to die with it has another one: here process 1 is said to be the
/// right one.
#[test]
fn a_keeper_without_its_gate_ends_by_itself() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
    command.arg0("assay-local:keeper").args(["try-1", "1"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let requests = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(requests);
    assert_eq!(output.status.code(), Some(i32::from(Exit::StageFailed.code())));
    assert_eq!(output.stdout, b"");
}

/// The process that a running `assay` keeps its job in, once there is one.
fn engine_of(pid: u32) -> Pid {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(60) {
        let tasks = fs::read_dir(Path::new("/proc").join(pid.to_string()).join("task")).unwrap();
        let children =
            tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
        let children: String = children.collect();
        if let Some(child) = children.split_whitespace().next() {
            return Pid::from_raw(child.parse().unwrap()).unwrap();
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("it starts no process");
}

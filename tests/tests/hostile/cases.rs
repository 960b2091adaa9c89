//! Hostile programs in Test: rows T1, T3, T5 to T8, T11, R4 and R5 of the threats. Each ends in a named state, and the case that
//! comes after it sees nothing of it.

use std::path::Path;

use assay_contract::Exit;
use assay_tests::bench::Bench;
use assay_tests::finished::Finished;
use assay_tests::program::Who;
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        t1_ending_before_anything_is_done_earns_nothing,
        t1_t8_whoever_runs_the_cases_cannot_be_harmed,
        t3_r4_forged_results_of_every_kind_are_not_looked_at,
        t5_every_limit_has_its_verdict,
        t5_memory_that_is_shared_or_belongs_to_no_process_is_limited_too,
        t5_threads_descriptors_and_core_dumps_end_where_they_began,
        t5_a_full_disk_is_the_students_fault_however_it_is_filled,
        t11_a_tree_that_is_hard_to_remove_is_removed,
        t11_a_hundred_thousand_files_are_removed_and_the_next_case_starts,
        v4_a_daemon_does_not_see_the_next_case,
        t6_t7_nothing_of_this_machine_can_be_read_or_reached,
        r5_what_a_terminal_would_obey_is_shown_as_text,
    ]
}

const ASSIGNMENT: &str = r#"
submit: {required: [main.py], allowed: ["*.py"], size: 1Mi}
test:
  mode: sealed
  run: python3 main.py
  limits: {cpu: 10s, wall: 30s, memory: 96Mi, processes: 4, output: 64Ki, disk: 4Mi}
  compare: trimmed
  cases:
    - {name: first, args: [first], stdout: done, points: 1, show: diff}
    - {name: second, args: [second], stdout: alone, points: 2, show: diff}
samples: {submissions/solution: 3}
"#;

/// The second case of every submission: looks for what the first may have left. It may see no process but its own, and
/// asks the kernel about each, because `/proc` cannot be listed.
const SECOND: &str = r#"
import os, signal, sys

def exists(pid):
    try:
        os.getsid(pid)
    except ProcessLookupError:
        return False
    return True

def second():
    # Process 1 is the stage; everything else would be a survivor.
    survivors = [pid for pid in range(2, 40000) if pid != os.getpid() and exists(pid)]
    files = sorted(os.listdir(".")) + sorted(os.listdir(os.environ["HOME"])) + sorted(os.listdir(os.environ["TMPDIR"]))
    print("alone" if not survivors and files == ["main.py"] else f"survivors {survivors}, files {files}")
    sys.exit()

if sys.argv[1] == "second":
    second()

"#;

struct Cases(Bench);

impl Cases {
    fn new() -> Cases {
        Cases::of(ASSIGNMENT)
    }

    fn of(assignment: &str) -> Cases {
        let bench = Bench::new(Who::Caller, assignment);
        bench.submission("solution", "main.py", format!("{SECOND}print('done')\n"));
        Cases(bench)
    }

    fn write(&self, first: &str) -> std::path::PathBuf {
        self.0.submission("hostile", "main.py", format!("{SECOND}{first}"))
    }

    /// Runs a program whose first case is `first`: it must end as `verdict`, and the second case must pass.
    #[track_caller]
    fn ends(&self, first: &str, verdict: &str) -> Finished {
        let finished = self.0.attempt(&self.write(first), &[]);
        finished.ended(Exit::Done).case("first", verdict).case("second", "passed");
        finished.graded(verdict, if verdict == "passed" { 3.0 } else { 2.0 });
        finished
    }

    /// Why the first case did not pass.
    #[track_caller]
    fn reason(finished: &Finished) -> String {
        finished.document()["cases"][0]["reason"].as_str().expect("there is a reason").to_owned()
    }
}

fn t1_ending_before_anything_is_done_earns_nothing() {
    let cases = Cases::new();
    for program in ["sys.exit(0)", "os._exit(0)", "os.close(1); os._exit(0)"] {
        cases.ends(program, "wrong-output");
    }
    for signal in ["SIGKILL", "SIGABRT", "SIGSEGV"] {
        let finished = cases.ends(&format!("os.kill(os.getpid(), signal.{signal})"), "crashed");
        assert!(Cases::reason(&finished).contains(signal));
    }
    cases.0.grades_a_good_one();
}

fn t1_t8_whoever_runs_the_cases_cannot_be_harmed() {
    let cases = Cases::new();
    let attack = "
for pid in [1, os.getppid(), -1]:
    for number in [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM]:
        try:
            os.kill(pid, number)
            print('sent', number, 'to', pid)
        except OSError:
            pass
print('done')
";
    cases.ends(attack, "passed");
    let exit_code = "
for path in ['/var/run/argo/ctr/main/exitcode', '/var/run/argo/ctr/main/signal', '/dev/termination-log']:
    try:
        open(path, 'w').write('0')
        print('wrote', path)
    except OSError:
        pass
print('done')
";
    cases.ends(exit_code, "passed");
    cases.0.grades_a_good_one();
}

fn t3_r4_forged_results_of_every_kind_are_not_looked_at() {
    let cases = Cases::new();
    let traps = r#"
import socket, stat
def attempt(action, *arguments):
    try:
        action(*arguments)
    except (OSError, AttributeError):
        pass
forged = '{"api-version":"assay.dev/v1","id":"case-002","end":{"exited":0}}'
names = ["outcome.json", "stdout", "stderr", "confinement.json", "plan.json", "tree"]
places = [".", "..", "../..", "../../..", "../../case-001", "../../case-002", "/volumes/testing/case-002", "/volumes/results"]
for place in places:
    if place not in [".", ".."]:
        attempt(os.makedirs, place)
    for name in names:
        path = f"{place}/{name}"
        for kind, make in enumerate([
            lambda: os.mkfifo(path),
            lambda: os.mkdir(path, 0),
            lambda: os.symlink("/etc/passwd", path),
            lambda: os.symlink("/proc/self/fd/1", path),
            lambda: os.mknod(path, stat.S_IFSOCK | 0o600),
            lambda: os.link("main.py", path),
            lambda: open(path, "w").write(forged),
        ]):
            attempt(make)
            if kind % 2 == names.index(name) % 2:
                attempt(os.rename, path, f"{path}.{kind}")
print("done")
"#;
    cases.ends(traps, "passed");
    // A terabyte of nothing is a file that is too large.
    let sparse = cases.ends(
        "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nopen('stdout', 'w').truncate(1 << 40)\n",
        "output-limit",
    );
    assert_eq!(Cases::reason(&sparse), "it wrote more to disk than allowed");
    let swap = "
if os.fork() == 0:
    while True:
        os.symlink('/etc/passwd', 'a'); os.rename('a', 'b'); os.mkdir('a'); os.rmdir('a'); os.unlink('b')
print('done')
";
    cases.ends(swap, "passed");
    cases.0.grades_a_good_one();
}

fn t5_every_limit_has_its_verdict() {
    let with = |limits: &str| {
        let changed = ASSIGNMENT.replace("cpu: 10s, wall: 30s", limits);
        assert_ne!(changed, ASSIGNMENT);
        Cases::of(&changed)
    };
    // So long that a busy machine is not the reason why it ends.
    let finished = with("cpu: 1s, wall: 60s").ends("while True: pass", "time-limit");
    assert_eq!(Cases::reason(&finished), "it used more CPU time than allowed");
    let cases = with("cpu: 1s, wall: 8s");
    for (program, verdict, reason) in [
        (
            "import time\nos.close(0); os.close(1); os.close(2)\ntime.sleep(1000)",
            "time-limit",
            "it ran longer than allowed",
        ),
        ("os.kill(os.getpid(), signal.SIGSTOP)", "time-limit", "it ran longer than allowed"),
        ("while True: os.write(1, b'x' * 65536)", "output-limit", "it wrote more output than allowed"),
        ("while True: os.write(2, b'x' * 65536)", "output-limit", "it wrote more output than allowed"),
        (
            "x = []\nwhile True: x.append(bytearray(1 << 20))",
            "memory-limit",
            "it used more memory than allowed",
        ),
        ("while True: os.fork()", "process-limit", "it started more processes than allowed"),
        (
            "while os.fork() != 0 or os.setsid(): pass\nsignal.pause()",
            "process-limit",
            "it started more processes than allowed",
        ),
    ] {
        let finished = cases.ends(program, verdict);
        assert_eq!(Cases::reason(&finished), reason, "{program}");
    }
    cases.0.grades_a_good_one();
}

fn t5_memory_that_is_shared_or_belongs_to_no_process_is_limited_too() {
    let cases = Cases::new();
    let shared = "
import mmap
m = mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, 1 << 30, 4096):
    m[at] = 1
    if at == 1 << 23: os.fork()
print('done')
";
    cases.ends(shared, "memory-limit");
    // Memory that is shared without a file, by itself or by way of a device, a memory file, a System V segment, a POSIX segment, a message queue, a tmpfs of one's own.
    let of_nobody = "
import ctypes, mmap
libc = ctypes.CDLL(None, use_errno=True)
found = []
for shared in [lambda: mmap.mmap(-1, 4096), lambda: mmap.mmap(os.open('/dev/zero', os.O_RDWR), 4096)]:
    try:
        shared()
        found.append('shared memory')
    except OSError:
        pass
if libc.memfd_create(b'x', 0) != -1: found.append('memory file')
if libc.shmget(0, 1 << 20, 0o1600) != -1: found.append('segment')
if libc.msgget(0, 0o1600) != -1: found.append('queue')
if libc.semget(0, 1, 0o1600) != -1: found.append('semaphore')
if libc.mount(b'none', os.environ['TMPDIR'].encode(), b'tmpfs', 0, None) != -1: found.append('tmpfs')
for path in ['/dev/shm/x', '/tmp/x', '/var/tmp/x', '/run/x', '/dev/mqueue/x']:
    try:
        open(path, 'w')
        found.append(path)
    except OSError:
        pass
print(found or 'done')
";
    cases.ends(of_nobody, "passed");
    cases.0.grades_a_good_one();
}

fn t5_threads_descriptors_and_core_dumps_end_where_they_began() {
    let cases = Cases::new();
    let threads = "
import threading
threading.stack_size(32768)
stop = threading.Event()
try:
    for _ in range(10000): threading.Thread(target=stop.wait, daemon=True).start()
    print('all of them')
except RuntimeError:
    print('done', flush=True)
os._exit(0)
";
    cases.ends(threads, "passed");
    let descriptors = "
try:
    while True: os.open('/dev/null', os.O_RDONLY)
except OSError:
    print('done')
";
    cases.ends(descriptors, "passed");
    let core = "
import resource
print('core', resource.getrlimit(resource.RLIMIT_CORE), flush=True)
os.abort()
";
    cases.ends(core, "crashed");
    cases.0.grades_a_good_one();
}

fn t5_a_full_disk_is_the_students_fault_however_it_is_filled() {
    let cases = Cases::new();
    let fill = "
def fill(folder, most=1 << 30):
    written, n = 0, 0
    while written < most:
        with open(f'{folder}/fill{n}', 'wb') as file: written += file.write(b'x' * (2 << 20))
        n += 1
import time
";
    for (what, program) in [
        ("and waits", "fill('.')\ntime.sleep(100)"),
        ("in its home", "fill(os.environ['HOME'])\ntime.sleep(100)"),
        ("in its folder for temporary files", "fill(os.environ['TMPDIR'])\ntime.sleep(100)"),
        ("in one go, and ends", "fill('.', 6 << 20)"),
        (
            "deep down, and waits",
            "for _ in range(300): os.mkdir('d'); os.chdir('d')\nfill('.')\ntime.sleep(100)",
        ),
        ("where nobody may look, and ends", "os.mkdir('d', 0o300)\nfill('d', 64 << 20)"),
        (
            "until there is no room, where nobody may look",
            "
os.mkdir('d', 0o300)
try:
    fill('d', 1 << 40)
except OSError:
    pass",
        ),
        (
            "with more names than can be counted",
            "
for n in range(200001): os.close(os.open(f'f{n}', os.O_CREAT | os.O_WRONLY))",
        ),
    ] {
        let finished = cases.0.attempt(&cases.write(&format!("{fill}{program}\n")), &[]);
        finished.ended(Exit::Done).graded("output-limit", 2.0);
        assert_eq!(finished.document()["fault"], "student", "{what}");
        assert_eq!(Cases::reason(&finished), "it wrote more to disk than allowed", "{what}");
    }
    cases.0.grades_a_good_one();
}

fn t11_a_tree_that_is_hard_to_remove_is_removed() {
    let cases = Cases::new();
    let trees = r#"
for n in range(5000): open(f"f{n}\n\x1b[2J", "w").close()
os.mkdir("locked"); os.mkdir("locked/in"); open("locked/in/f", "w").close()
os.umask(0o777)
os.mkdir("a"); os.mkdir("b", 0)
os.symlink("..", "up"); os.symlink("loop", "loop"); os.symlink("/", "root")
os.umask(0o022)
os.mkdir("deep"); os.chdir("deep")
for _ in range(5000):
    os.mkdir("d"); os.chdir("d")
print("done")
"#;
    cases.ends(trees, "output-limit");
    cases.0.grades_a_good_one();
}

fn t11_a_hundred_thousand_files_are_removed_and_the_next_case_starts() {
    let cases = Cases::new();
    let files = "
for n in range(100000):
    os.close(os.open(f'f{n}', os.O_CREAT | os.O_WRONLY))
print('done')
";
    let finished = cases.0.attempt(&cases.write(files), &[]);
    let document = finished.ended(Exit::Done).document();
    finished.case("second", "passed");
    // Whether it is done in time depends on the machine.
    let verdict = &document["cases"][0]["verdict"];
    assert!(
        ["passed", "time-limit", "output-limit"].iter().any(|expected| verdict == expected),
        "{document:#}"
    );
    cases.0.grades_a_good_one();
}

fn v4_a_daemon_does_not_see_the_next_case() {
    let cases = Cases::new();
    let daemon = "
for number in [signal.SIGHUP, signal.SIGTERM, signal.SIGINT]: signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for descriptor in range(3): os.close(descriptor)
        import time
        time.sleep(1000)
    os._exit(0)
os.wait()
print('done', flush=True)
for descriptor in range(3): os.close(descriptor)
os._exit(0)
";
    cases.ends(daemon, "passed");
    cases.0.grades_a_good_one();
}

fn t6_t7_nothing_of_this_machine_can_be_read_or_reached() {
    let cases = Cases::new();
    let reach = r#"
import socket, ctypes
found = []
for path in ["/proc/1/environ", "/proc/1/cmdline", "/proc/1/fd", "/proc/1/root", f"/proc/{os.getppid()}/environ", "/var/run/secrets",
             "/var/run/docker.sock", "/run", "/home", "/root", "/root/.ssh", "/sys", "/dev/kmsg", "/dev/tty", "/etc/shadow",
             "/proc/self/task/1/environ", "/proc/kcore", "/proc/keys", "/volumes/submission/plan.json"]:
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1)
        found.append(path)
    except OSError:
        pass
for family in range(46):
    for kind in [1, 2, 3, 5]:
        try:
            socket.socket(family, kind).close()
            found.append(f"socket {family} {kind}")
        except (OSError, ValueError):
            pass
# Typing on a terminal, tracing, new namespaces.
libc = ctypes.CDLL(None)
if libc.ioctl(0, 0x5412, b"x") != -1: found.append("TIOCSTI")
if libc.unshare(0x10000000) != -1: found.append("unshare")
if libc.ptrace(16, os.getppid(), 0, 0) != -1: found.append("ptrace")
print(found or "done")
"#;
    cases.ends(reach, "passed");
    cases.0.grades_a_good_one();
}

fn r5_what_a_terminal_would_obey_is_shown_as_text() {
    let cases = Cases::new();
    let noise = r#"
text = "\x1b]0;title\x07 \x1b[2J \x1b]8;;http://x\x1b\\ \x1b]52;c;eA==\x07 over\rprint \u202egnp.exe\u202c \u200b \u2066 \x00 \x9b31m \ufeff"
out = text.encode() + b"\xff\xfe\n"
os.write(1, out); os.write(2, out); os.write(1, b"y" * 50000 + b"\n")
"#;
    let submission = cases.write(noise);
    cases.ends(noise, "wrong-output");
    for args in [
        &["--student"][..],
        &["--output", "text", "--color", "never"],
        &["--output", "text", "--student", "--log"],
    ] {
        // What a run says is looked at by the bench.
        let finished = cases.0.run(with(&cases.0, &submission, args));
        finished.ended(Exit::Done);
        assert!(
            finished.stdout.contains("\\x1b") || finished.stdout.contains("\\u{1b}"),
            "{args:?}: {}",
            finished.stdout
        );
    }
    cases.0.grades_a_good_one();
}

/// The arguments of `assay try`, `--output` only if it is not among `args`.
fn with(bench: &Bench, submission: &Path, args: &[&str]) -> Vec<String> {
    let mut all = bench.try_args(submission, args);
    if args.contains(&"--output") {
        let first = all.iter().position(|arg| arg == "--output").expect("it is there");
        all.drain(first..first + 2);
    }
    all
}

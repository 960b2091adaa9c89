//! Stands in for `assay-stage` where only isolation is tested. Tells on standard error what it sees, then does what a
//! script says: the "zip" that was handed in. Compiled by the tests as a static program.

use std::env;
use std::fs;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::{Command, Stdio};
use std::time::Duration;

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let stage = arguments[1].clone();
    let option = |name: &str| {
        let at = arguments.iter().position(|argument| *argument == format!("--{name}"));
        at.map(|at| arguments[at + 1].clone()).unwrap_or_default()
    };
    see();
    let script = match stage.as_str() {
        "setup" => set_up(&option),
        _ => fs::read_to_string("/volumes/submission/plan.json").unwrap_or_default(),
    };
    for line in script.lines() {
        if let Some(action) = line.strip_prefix(&format!("{stage}: ")) {
            let (verb, rest) = action.split_once(' ').unwrap_or((action, ""));
            act(verb, rest);
        }
    }
    leave(&stage, &option);
}

fn tell(key: &str, value: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{key} {value}");
}

fn names(folder: &str) -> String {
    let mut names: Vec<String> = match fs::read_dir(folder) {
        Ok(entries) => {
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        }
        Err(error) => return error.to_string(),
    };
    names.sort();
    names.join(" ")
}

fn see() {
    tell("arguments", env::args().collect::<Vec<_>>().join(" "));
    let mut variables: Vec<String> = env::vars().map(|(name, value)| format!("{name}={value}")).collect();
    variables.sort();
    tell("environment", variables.join(" "));
    for line in fs::read_to_string("/proc/self/status").unwrap().lines() {
        let (key, value) = line.split_once(':').unwrap();
        if ["Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"]
            .contains(&key)
        {
            tell(key, value.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    for line in fs::read_to_string("/proc/self/mountinfo").unwrap().lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        tell("mount", format!("{} {}", fields[4], fields[5]));
    }
    for line in fs::read_to_string("/proc/self/limits").unwrap().lines() {
        if line.starts_with("Max processes") || line.starts_with("Max core") {
            tell("limit", line.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    for folder in ["/", "/dev", "/volumes", "/tmp", "/etc"] {
        tell("names", format!("{folder} {}", names(folder)));
    }
    let pids: Vec<String> =
        names("/proc").split(' ').filter(|n| n.parse::<u32>().is_ok()).map(Into::into).collect();
    tell("pids", pids.join(" "));
    // The listing itself has one descriptor open.
    tell("descriptors", names("/proc/self/fd"));
    tell(
        "session",
        fs::read_to_string("/proc/self/stat")
            .unwrap()
            .split(' ')
            .skip(5)
            .take(2)
            .collect::<Vec<_>>()
            .join(" "),
    );
    tell("host", fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim());
    let interfaces: Vec<String> = fs::read_to_string("/proc/net/dev")
        .unwrap()
        .lines()
        .skip(2)
        .map(|line| line.split(':').next().unwrap().trim().to_owned())
        .collect();
    tell("interfaces", interfaces.join(" "));
    for path in fs::read_dir("/volumes").unwrap().flatten() {
        let at = path.path().join("probe");
        let can = if fs::write(&at, "x").is_ok() { "W" } else { "R" };
        let _ = fs::remove_file(&at);
        tell("volume", format!("{} {can}", path.file_name().to_string_lossy()));
    }
    for at in ["/x", "/tmp/x", "/dev/x", "/usr/x", "/etc/x", "/proc/sys/kernel/hostname"] {
        if fs::write(at, "x").is_ok() {
            tell("wrote", at);
        }
    }
}

fn set_up(option: &impl Fn(&str) -> String) -> String {
    let zip = format!("/volumes/student/.assay/outbox/{}.zip", option("digest"));
    let script = fs::read_to_string(zip).unwrap();
    fs::write("/volumes/submission/plan.json", &script).unwrap();
    fs::create_dir("/volumes/submission/tool").unwrap();
    fs::copy("/assay-stage", "/volumes/submission/tool/assay-stage").unwrap();
    fs::set_permissions("/volumes/submission/tool/assay-stage", fs::Permissions::from_mode(0o755)).unwrap();
    for (name, value) in
        [("outcome", "accepted"), ("refusal", "none"), ("late-seconds", "7"), ("network", "none")]
    {
        put("/volumes/setup-configuration/outputs", name, value);
    }
    put(
        &format!("/volumes/raw-submissions/{}/{}", option("assignment"), option("student")),
        &format!("{}.json", option("job")),
        "received",
    );
    script
}

fn leave(stage: &str, option: &impl Fn(&str) -> String) {
    match stage {
        "results" => {
            put("/volumes/results", "private.json", "private");
            let folder =
                format!("/volumes/private-results/{}/{}/{}", option("assignment"), option("student"), option("job"));
            put(&folder, "outputs.tar.gz", "case-outputs");
            put("/volumes/results", "result.json", "student");
            for (name, value) in
                [("verdict", "passed"), ("fault", "none"), ("points", "6.25\n"), ("max-points", "10")]
            {
                put("/volumes/results/outputs", name, value);
            }
        }
        "finalise" => {
            let folder = format!(
                "/volumes/private-results/{}/{}/{}",
                option("assignment"),
                option("student"),
                option("job")
            );
            put(&folder, "concluded.json", "concluded");
            put("/volumes/finalisation/outputs", "verdict", "passed");
        }
        _ => {}
    }
}

fn put(folder: &str, name: &str, content: &str) {
    fs::create_dir_all(folder).unwrap();
    let at = format!("{folder}/{name}");
    if fs::symlink_metadata(&at).is_err() {
        fs::write(at, content).unwrap();
    }
}

fn act(verb: &str, rest: &str) {
    match verb {
        "sleep" => std::thread::sleep(Duration::from_secs(rest.parse().unwrap())),
        "exit" => std::process::exit(rest.parse().unwrap()),
        "abort" => std::process::abort(),
        "say" => tell("said", rest),
        "exists" => tell("exists", format!("{rest} {}", fs::symlink_metadata(rest).is_ok())),
        "read" => tell("read", format!("{rest} {:?}", fs::read_to_string(rest).map_err(|e| e.kind()))),
        "put" => {
            let (at, content) = rest.split_once(' ').unwrap();
            let (folder, name) = at.rsplit_once('/').unwrap();
            fs::create_dir_all(folder).unwrap();
            fs::write(format!("{folder}/{name}"), content).unwrap();
        }
        "link" => {
            let (at, to) = rest.split_once(' ').unwrap();
            let _ = fs::remove_file(at);
            symlink(to, at).unwrap();
        }
        "socket" => {
            let _ = fs::remove_file(rest);
            std::mem::forget(UnixListener::bind(rest).unwrap());
        }
        "huge" => fs::File::create(rest).unwrap().set_len(1 << 30).unwrap(),
        "deep" => {
            env::set_current_dir(rest).unwrap();
            for _ in 0..5_000 {
                fs::create_dir("d").unwrap();
                env::set_current_dir("d").unwrap();
            }
            env::set_current_dir("/").unwrap();
        }
        "many" => (0..60_000).for_each(|n| drop(fs::write(format!("{rest}/{n}\n\u{1b}"), ""))),
        "fill" => {
            let mut file = fs::File::create(format!("{rest}/full")).unwrap();
            let block = vec![1; 1 << 20];
            while file.write_all(&block).is_ok() {}
            tell("filled", rest);
        }
        "flood" => (0..200_000).for_each(|_| tell("flood", "0123456789012345678901234567890123456789")),
        "connect" => tell(
            "connected",
            format!(
                "{rest} {}",
                TcpStream::connect_timeout(&rest.parse().unwrap(), Duration::from_secs(2)).is_ok()
            ),
        ),
        "datagram" => {
            let sent = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(b"x", rest));
            tell("sent", format!("{rest} {}", sent.is_ok()));
        }
        "loopback" => {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            tell(
                "loopback",
                TcpStream::connect_timeout(&listener.local_addr().unwrap(), Duration::from_secs(2)).is_ok(),
            );
        }
        "abstract" => {
            let address = SocketAddr::from_abstract_name(rest).unwrap();
            tell("abstract", UnixStream::connect_addr(&address).is_ok());
        }
        "path-socket" => tell("path-socket", UnixStream::connect(rest).is_ok()),
        "sh" => {
            let output = Command::new("sh").args(["-c", rest]).stdin(Stdio::null()).output();
            match output {
                Ok(output) => tell(
                    "sh",
                    format!("{} {}", output.status, String::from_utf8_lossy(&output.stdout).trim()),
                ),
                Err(error) => tell("sh", error),
            }
        }
        "bomb" => {
            let _ = Command::new("sh").args(["-c", "b() { b | b & }; b"]).stdin(Stdio::null()).spawn();
            std::thread::sleep(Duration::from_secs(1_000));
        }
        other => panic!("no such action: {other}"),
    }
}

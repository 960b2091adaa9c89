//! What is tested of isolation; each case runs as everybody as whom it can be run.

use std::fs;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::time::Duration;

use assay_contract::{Stage, Trust, Volume, table};
use rustix::process::Signal;

use crate::stage::{Seen, Who, eventually, open_folder, play, processes_of, start, start_by};

/// A name and what is done under it.
type Case = (&'static str, fn(Who));

pub(crate) const ALL: &[Case] = &[
    ("stages_see_their_row_and_nothing_else", stages_see_their_row),
    ("stages_have_no_rights", stages_have_no_rights),
    ("stages_inherit_nothing", stages_inherit_nothing),
    ("this_machine_is_out_of_sight", this_machine_is_out_of_sight),
    ("no_socket_is_reachable", no_socket_is_reachable),
    ("loopback_is_up_only_where_it_is_declared", loopback_where_declared),
    ("escapes_are_refused", escapes_are_refused),
    ("facts_are_handed_on", facts_are_handed_on),
    ("a_refused_submission_is_not_run", refused_submission),
    ("hostile_output_files_are_not_believed", hostile_output_files),
    ("failures_have_their_words", failures_have_their_words),
    ("what_outlives_its_stage_is_killed", orphans_are_killed),
    ("a_deadline_ends_a_stage_and_the_job_goes_on", deadline),
    ("a_fork_bomb_dies_with_its_stage", fork_bomb),
    ("a_full_volume_fills_no_other", full_volume),
    ("a_flood_of_output_is_cut", flood),
    ("volumes_are_kept_without_their_traps", volumes_are_kept),
    ("an_unpacked_image_takes_the_place_of_this_machine", unpacked_image),
    ("a_kill_at_any_moment_leaves_nothing", kill_leaves_nothing),
    ("an_interrupt_leaves_nothing", interrupt_leaves_nothing),
    ("a_deadline_holds_when_nobody_reads", stalled_reader),
    ("processes_of_a_stage_are_counted", processes_are_counted),
    ("a_toolchain_folder_is_shown_read_only", toolchain_folder),
    ("what_this_machine_can_do_is_tried", probed),
    ("without_namespaces_nothing_is_run", no_namespaces),
    ("a_container_without_spare_users_is_enough", in_a_container_without_spare_users),
];

fn each_told(seen: &Seen, key: &str, check: impl Fn(Stage, String)) {
    for stage in Stage::ALL {
        check(stage, seen.told(stage, key));
    }
}

fn stages_see_their_row(who: Who) {
    let seen = play(who, "", &[]);
    seen.succeeded();
    for stage in Stage::ALL {
        let mut expected: Vec<String> =
            table::mounts(stage).iter().map(|m| format!("{} {}", m.volume, m.access.letter())).collect();
        let mut got = seen.after(&format!("line {stage} volume"));
        expected.sort();
        got.sort_unstable();
        assert_eq!(got, expected, "{stage}");

        let mounts = seen.after(&format!("line {stage} mount"));
        for mount in table::mounts(stage) {
            let mode = if mount.access.is_read_only() { "ro" } else { "rw" };
            let expected = format!("{} {mode},nosuid,nodev", mount.volume.path());
            assert!(mounts.iter().any(|line| line.starts_with(&expected)), "{stage} {mounts:#?}");
        }
        let volumes = mounts.iter().filter(|line| line.starts_with("/volumes")).count();
        assert_eq!(volumes, table::mounts(stage).len(), "{stage}");
        let allowed = [
            "/ ro,",
            "/assay-stage ro,",
            "/usr",
            "/bin",
            "/sbin",
            "/lib",
            "/etc/",
            "/proc ",
            "/dev/",
            "/volumes/",
        ];
        for line in &mounts {
            assert!(allowed.iter().any(|start| line.starts_with(start)), "{stage} {line}");
            let writable = line.split(' ').nth(1).is_some_and(|flags| flags.starts_with("rw"));
            let may_be = ["/proc", "/dev/", "/volumes/"].iter().any(|start| line.starts_with(start));
            assert!(!writable || may_be, "{stage} {line}");
        }
    }
    assert_eq!(seen.told(Stage::Setup, "names /"), "assay-stage dev proc volumes");
    assert_eq!(seen.told(Stage::Test, "names /tmp"), "");
    each_told(&seen, "names /dev", |_, names| {
        assert_eq!(names, "fd full null random stderr stdin stdout urandom zero");
    });
    assert!(seen.lines.iter().all(|line| !line.contains(" wrote ")), "{:#?}", seen.lines);
}

fn stages_have_no_rights(who: Who) {
    let seen = play(who, "", &[]);
    seen.succeeded();
    for key in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        each_told(&seen, key, |stage, set| assert_eq!(set, "0000000000000000", "{stage} {key}"));
    }
    each_told(&seen, "NoNewPrivs", |stage, value| assert_eq!(value, "1", "{stage}"));
    each_told(&seen, "Seccomp", |stage, value| assert_eq!(value, "2", "{stage}"));
    for key in ["Uid", "Gid"] {
        each_told(&seen, key, |stage, ids| {
            let id = match stage {
                Stage::Verify => "20001",
                Stage::Test => "20002",
                Stage::Setup | Stage::Results | Stage::Finalise => "1000",
            };
            assert_eq!(ids, [id; 4].join(" "), "{stage}");
        });
    }
    let groups = if who == Who::Caller && !rustix::process::geteuid().is_root() { None } else { Some("") };
    each_told(&seen, "Groups", |stage, told| {
        assert!(groups.is_none_or(|groups| told == groups), "{stage} {told}")
    });
    let lacking = seen.after("lack users apart:").len();
    let apart = who == Who::Caller && rustix::process::geteuid().is_root();
    assert!(!apart || lacking == 0, "{:#?}", seen.after("lack"));
}

fn stages_inherit_nothing(who: Who) {
    let seen = play(who, "", &[]);
    seen.succeeded();
    each_told(&seen, "environment", |stage, environment| {
        let key = if stage.holds_key() { "ASSAY_SIGNING_KEY=the-key " } else { "" };
        assert_eq!(environment, format!("{key}LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin"), "{stage}");
    });
    each_told(&seen, "pids", |stage, pids| assert_eq!(pids, "1", "{stage}"));
    each_told(&seen, "descriptors", |stage, open| assert_eq!(open, "0 1 2 3", "{stage}"));
    each_told(&seen, "session", |stage, session| assert_eq!(session, "1 0", "{stage} has a terminal"));
    each_told(&seen, "host", |stage, name| assert_eq!(name, "assay", "{stage}"));
    each_told(&seen, "interfaces", |stage, names| assert_eq!(names, "lo", "{stage}"));
}

fn this_machine_is_out_of_sight(who: Who) {
    let secret = open_folder();
    let file = secret.path().join("secret");
    fs::write(&file, "secret").unwrap();
    let paths = [
        "/home",
        "/root",
        "/run",
        "/var",
        "/sys",
        "/mnt",
        "/etc/shadow",
        "/etc/ssh",
        "/etc/ssl",
        "/dev/shm",
        "/dev/tty",
    ];
    let mut script: String =
        paths.iter().flat_map(|path| Stage::ALL.map(|stage| format!("{stage}: exists {path}\n"))).collect();
    for stage in Stage::ALL {
        script += &format!("{stage}: exists {}\n", file.display());
        script += &format!("{stage}: exists /proc/1/root/root\n");
        script += &format!("{stage}: read /proc/1/root/../etc/shadow\n");
    }
    let seen = play(who, &script, &[]);
    seen.succeeded();
    for stage in Stage::ALL {
        let exists = seen.after(&format!("line {stage} exists"));
        assert_eq!(exists.len(), paths.len() + 2);
        assert!(exists.iter().all(|line| line.ends_with(" false")), "{stage} {exists:#?}");
        assert!(seen.told(stage, "read").ends_with("Err(NotFound)"), "{stage}");
    }
    assert!(seen.told(Stage::Verify, "names /etc").contains("passwd"));
}

fn no_socket_is_reachable(who: Who) {
    let name = format!("assay-test-{}-{}", std::process::id(), who.name());
    let _abstract = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let script: String = Stage::ALL
        .map(|stage| {
            format!(
                "{stage}: abstract {name}\n{stage}: connect {}\n{stage}: connect 169.254.169.254:80\n\
                 {stage}: connect [::1]:80\n{stage}: datagram 1.1.1.1:53\n{stage}: path-socket /run/dbus/system_bus_socket\n",
                tcp.local_addr().unwrap()
            )
        })
        .concat();
    let seen = play(who, &script, &[]);
    seen.succeeded();
    for stage in Stage::ALL {
        assert_eq!(seen.told(stage, "abstract"), "false");
        assert_eq!(seen.told(stage, "path-socket"), "false");
        assert!(seen.told(stage, "sent").ends_with(" false"));
        let connected = seen.after(&format!("line {stage} connected"));
        assert!(
            connected.len() == 3 && connected.iter().all(|line| line.ends_with(" false")),
            "{connected:?}"
        );
    }
}

fn loopback_where_declared(who: Who) {
    let script: String = Stage::ALL.map(|stage| format!("{stage}: loopback\n")).concat();
    let without = play(who, &script, &[]);
    each_told(&without, "loopback", |stage, worked| assert_eq!(worked, "false", "{stage}"));
    let with = play(who, &script, &["loopback=yes".into()]);
    each_told(&with, "loopback", |stage, worked| {
        assert_eq!(worked == "true", stage.trust() == Trust::Untrusted, "{stage}");
    });
}

fn escapes_are_refused(who: Who) {
    let attempts = [
        "unshare -Ur true",
        "unshare -m true",
        "unshare -n true",
        "mount -t tmpfs x /tmp",
        "mount -o remount,rw /usr",
        "umount /proc",
        "chroot / true",
        "setpriv --reuid 0 true",
        "nsenter -t 1 -m true",
        "mknod /volumes/testing/disk b 8 0",
        "echo x > /proc/sysrq-trigger",
        "echo 1 > /proc/sys/user/max_user_namespaces",
        "echo x > /proc/sys/kernel/core_pattern",
        "echo x > /volumes/submission/tool/assay-stage",
        "cat /dev/kmsg",
        "dmesg",
        "hostname other",
        "date -s 2000-01-01",
    ];
    let script: String = attempts.iter().map(|attempt| format!("test: sh {attempt}\n")).collect();
    let seen = play(who, &script, &[]);
    seen.succeeded();
    let ends = seen.after("line test sh");
    assert_eq!(ends.len(), attempts.len());
    for (attempt, end) in attempts.iter().zip(ends) {
        assert!(end.starts_with("exit status: ") && !end.starts_with("exit status: 0"), "{attempt}: {end}");
    }
    // The shell that was refused all this does work.
    let control = play(who, "test: sh test -w /volumes/testing && echo yes\n", &[]);
    assert_eq!(control.told(Stage::Test, "sh"), "exit status: 0 yes");
}

fn facts_are_handed_on(who: Who) {
    let script = "setup: put /volumes/setup-configuration/outputs/refusal none\nverify: say hello\n";
    let seen = play(who, script, &[]);
    seen.succeeded();
    let results = seen.told(Stage::Results, "arguments");
    assert!(results.contains("--setup-status Succeeded --setup-exit 0 --setup-cause none --outcome accepted --refusal none --late-seconds 7 --due none"), "{results}");
    let finalise = seen.told(Stage::Finalise, "arguments");
    assert!(finalise.contains("--results-status Succeeded --verdict passed --fault none --points 6.25 --max-points 10 --private-digest none"), "{finalise}");
    assert_eq!(seen.told(Stage::Verify, "arguments"), "/volumes/submission/tool/assay-stage verify");
    for (name, content) in [
        ("private", "private"),
        ("student", "student"),
        ("received", "received"),
        ("concluded", "concluded"),
        ("case-outputs", "case-outputs"),
    ] {
        assert_eq!(seen.after(&format!("document {name}")), [content]);
    }
    assert_eq!(seen.after("output results/points"), ["6.25"]);
}

fn refused_submission(who: Who) {
    let seen = play(who, "setup: put /volumes/setup-configuration/outputs/outcome refused\n", &[]);
    assert_eq!(seen.end(Stage::Verify), "Skipped none None");
    assert_eq!(seen.end(Stage::Test), "Omitted none None");
    assert_eq!(seen.end(Stage::Results), "Succeeded 0 None");
    assert!(
        seen.told(Stage::Results, "arguments")
            .contains("--verify-status Skipped --verify-exit none --verify-cause none --test-status Omitted")
    );
}

fn hostile_output_files(who: Who) {
    let at = "/volumes/results/outputs";
    let script = format!(
        "results: put {at}/keep x\nresults: link {at}/verdict /volumes/private-results/secret\nresults: huge {at}/fault\n\
         results: socket {at}/points\nresults: put {at}/max-points 10;id\nresults: put {at}/private-digest/x y\n\
         results: link /volumes/results/private.json /etc/passwd\nresults: huge /volumes/results/result.json\n"
    );
    let seen = play(who, &script, &[]);
    for name in ["verdict", "fault", "points", "max-points", "private-digest"] {
        assert_eq!(seen.after(&format!("output results/{name}")), ["none"], "{name}");
    }
    assert_eq!(seen.after("document private"), ["absent"]);
    assert_eq!(seen.after("document student"), ["absent"]);
    assert!(
        seen.told(Stage::Finalise, "arguments")
            .contains("--verdict none --fault none --points none --max-points none")
    );
    assert_eq!(seen.after("odd").len(), 7, "{:#?}", seen.after("odd"));
    assert!(seen.lines.iter().any(|line| line == "done"));
}

fn failures_have_their_words(who: Who) {
    let seen = play(who, "verify: exit 10\nresults: abort\n", &[]);
    assert_eq!(seen.end(Stage::Setup), "Succeeded 0 None");
    assert_eq!(seen.end(Stage::Verify), "Failed 10 None");
    assert_eq!(seen.end(Stage::Test), "Omitted none None");
    // Process 1 cannot be ended by a signal of its own; how it then ends is up to its C library.
    let results = seen.end(Stage::Results);
    assert!(results.starts_with("Failed 1") && !results.starts_with("Failed 0"), "{results}");
    assert_eq!(seen.end(Stage::Finalise), "Succeeded 0 None");

    // Setup fails before it brings the tool.
    let seen = play(who, "setup: exit 33\n", &[]);
    assert_eq!(seen.end(Stage::Setup), "Failed 33 None");
    assert_eq!(seen.end(Stage::Verify), "Omitted none None");

    // The tool that Setup brought is none: the stage cannot be started.
    let seen = play(who, "setup: link /volumes/submission/tool/assay-stage /no/such/tool\n", &[]);
    assert!(
        seen.end(Stage::Verify).starts_with("Error none Some(NotStarted("),
        "{}",
        seen.end(Stage::Verify)
    );
    assert_eq!(seen.end(Stage::Test), "Omitted none None");
    assert!(seen.told(Stage::Results, "arguments").contains("--verify-status Error --verify-exit none"));
}

fn orphans_are_killed(who: Who) {
    let seen = play(
        who,
        "verify: sh (setsid sh -c 'trap \"\" HUP TERM; sleep 1000; : MARKER' &) > /dev/null 2>&1\ntest: say ran\n",
        &[],
    );
    seen.succeeded();
    assert_eq!(seen.told(Stage::Test, "said"), "ran");
    assert_eq!(seen.told(Stage::Test, "pids"), "1");
}

fn deadline(who: Who) {
    let seen = play(who, "test: sleep 1000\n", &["test=1".into()]);
    assert_eq!(seen.end(Stage::Test), "Failed 137 Some(Deadline)");
    assert_eq!(seen.end(Stage::Results), "Succeeded 0 None");
    assert!(seen.told(Stage::Results, "arguments").contains("--test-status Failed --test-exit 137"));
}

fn fork_bomb(who: Who) {
    let seen = play(who, "test: bomb\n", &["test=2".into()]);
    assert_eq!(seen.end(Stage::Test), "Failed 137 Some(Deadline)");
    assert_eq!(seen.end(Stage::Finalise), "Succeeded 0 None");
}

fn full_volume(who: Who) {
    let seen = play(who, "verify: fill /volumes/verification\n", &[]);
    seen.succeeded();
    assert_eq!(seen.told(Stage::Verify, "filled"), "/volumes/verification");
}

fn flood(who: Who) {
    let seen = play(who, "test: flood\n", &[]);
    seen.succeeded();
    let lines = seen.after("line test flood").len();
    assert!(lines > 100 && lines < 200_000, "{lines}");
    assert!(
        seen.after("odd").iter().any(|text| text.contains("bytes were dropped")),
        "{:?}",
        seen.after("odd")
    );
}

fn volumes_are_kept(who: Who) {
    let folder = open_folder();
    let kept = folder.path().join("kept");
    let own = "/volumes/testing";
    let script = format!(
        "test: put {own}/plain x\ntest: link {own}/link /etc/passwd\ntest: socket {own}/socket\ntest: sh mknod {own}/device c 0 0\ntest: deep {own}\n\
         verify: many /volumes/verification\n"
    );
    let seen = play(who, &script, &[format!("keep={}", kept.display())]);
    seen.succeeded();
    assert_eq!(fs::read(kept.join("testing/plain")).unwrap(), b"x");
    assert_eq!(fs::read(kept.join("results/private.json")).unwrap(), b"private");
    assert!(fs::symlink_metadata(kept.join("testing/link")).is_err());
    assert!(fs::symlink_metadata(kept.join("testing/socket")).is_err());
    let mut names: Vec<_> =
        fs::read_dir(&kept).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    let mut volumes: Vec<_> = Volume::ALL.map(|volume| volume.id().to_owned()).into();
    names.sort();
    volumes.sort();
    assert_eq!(names, volumes);
    assert_eq!(fs::read_dir(kept.join("verification")).unwrap().count(), 0, "names with control characters");
    assert!(
        seen.after("not-kept").iter().any(|line| line.starts_with("verification: ")),
        "the rest is counted"
    );
    assert!(fs::symlink_metadata(kept.join("testing/device")).is_err());
    for why in ["testing/link: a link leads there", "testing/socket: it is not a plain file"] {
        assert!(seen.after("not-kept").contains(&why), "{:#?}", seen.after("not-kept"));
    }
}

fn unpacked_image(who: Who) {
    let image = open_folder();
    for name in ["usr/bin", "etc", "opt/tools", "run", "home/somebody"] {
        fs::create_dir_all(image.path().join(name)).unwrap();
    }
    fs::write(image.path().join("opt/tools/mark"), "of the image").unwrap();
    fs::write(image.path().join("etc/passwd"), "image").unwrap();
    fs::write(image.path().join("run/socket"), "").unwrap();
    let script = "test: read /opt/tools/mark\nverify: exists /usr/bin/env\ntest: exists /run\n";
    let seen = play(who, script, &[format!("rootfs={}", image.path().display())]);
    seen.succeeded();
    assert!(seen.told(Stage::Test, "read").ends_with("Ok(\"of the image\")"));
    assert_eq!(seen.told(Stage::Verify, "exists"), "/usr/bin/env false");
    assert_eq!(seen.told(Stage::Test, "exists"), "/run false");
    assert_eq!(seen.told(Stage::Test, "names /"), "dev etc home opt proc tmp usr volumes");
}

/// What a job could leave on this machine.
fn leavings() -> (Vec<String>, String) {
    let mut temporary: Vec<String> = fs::read_dir(std::env::temp_dir())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.to_lowercase().contains("assay"))
        .collect();
    temporary.sort();
    (temporary, fs::read_to_string("/proc/self/mountinfo").unwrap())
}

fn kill_leaves_nothing(who: Who) {
    let orphan = "sh (setsid sh -c 'sleep 1000; : MARKER' &) > /dev/null 2>&1";
    let script = format!("verify: {orphan}\ntest: {orphan}\ntest: sleep 1000\n");
    let before = leavings();
    // From before the first namespace to the middle of the job, in steps that fall between all of its steps.
    for delay in (0..40).map(|n| Duration::from_millis(n * n / 2)) {
        let mut running = start(who, &script, &[]);
        std::thread::sleep(delay);
        running.child.kill().unwrap();
        running.child.wait().unwrap();
        eventually("processes are left", || processes_of(&running.marker).is_empty());
    }
    assert_eq!(leavings(), before);
}

fn interrupt_leaves_nothing(who: Who) {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut running = start(who, "test: sh sleep 1000; : MARKER\n", &[]);
        running.until("started test");
        running.signal(signal);
        running.child.wait().unwrap();
        eventually("processes are left", || processes_of(&running.marker).is_empty());
    }
}

fn stalled_reader(who: Who) {
    let mut running = start(who, "test: flood\ntest: sh sleep 1000; : sleeper-MARKER\n", &["test=2".into()]);
    running.until("started test");
    running.signal(Signal::STOP);
    let sleeper = format!("sleeper-{}", running.marker);
    // It may not have begun to sleep when its deadline comes; then it is gone as well.
    std::thread::sleep(Duration::from_secs(2));
    eventually("the deadline does not hold", || processes_of(&sleeper).is_empty());
    running.signal(Signal::CONT);
    let seen = running.rest();
    assert_eq!(seen.end(Stage::Test), "Failed 137 Some(Deadline)");
    assert_eq!(seen.end(Stage::Finalise), "Succeeded 0 None");
}

fn processes_are_counted(who: Who) {
    let seen = play(
        who,
        "test: sh i=0; while [ $i -lt 3000 ]; do sleep 100 > /dev/null 2>&1 & i=$((i+1)); done; echo all\n",
        &["test=40".into()],
    );
    let end = seen.told(Stage::Test, "sh");
    assert!(end.starts_with("exit status: ") && !end.contains("all"), "{end}");
}

fn toolchain_folder(who: Who) {
    let folder = open_folder();
    fs::create_dir(folder.path().join("bin")).unwrap();
    let program = folder.path().join("bin/hello");
    fs::write(&program, "#!/bin/sh\necho hello from here\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let script = format!(
        "verify: sh hello\ntest: sh touch {}/x\nsetup: exists {}\n",
        folder.path().display(),
        folder.path().display()
    );
    let seen = play(who, &script, &[format!("toolchain={}", folder.path().display())]);
    seen.succeeded();
    assert_eq!(seen.told(Stage::Verify, "sh"), "exit status: 0 hello from here");
    assert!(seen.told(Stage::Test, "sh").starts_with("exit status: 1"), "it is read only");
    assert!(seen.told(Stage::Setup, "exists").ends_with(" false"), "trusted stages see no toolchain");
}

fn probed(who: Who) {
    let seen = play(who, "", &["probe=yes".into()]);
    let root = who == Who::Caller && rustix::process::geteuid().is_root();
    let expected = if root { "Ok((Range, 1))" } else { "Ok((S" };
    assert!(seen.lines.len() == 1 && seen.lines[0].starts_with(expected), "{:?}", seen.lines);
}

fn no_namespaces(who: Who) {
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"";
    let before = ["unshare", "-Ur", "sh", "-c", forbid, "sh"];
    let seen = start_by(who, &before, "setup: say ran\n", &[]).rest();
    assert_eq!(seen.lines.len(), 1, "{:#?}", seen.lines);
    assert!(seen.lines[0].starts_with("error Namespaces"), "{}", seen.lines[0]);
    assert!(seen.lines[0].contains("MaxSysctl") && seen.lines[0].contains("sysctl"), "{}", seen.lines[0]);
}

fn in_a_container_without_spare_users(who: Who) {
    let seen = start_by(who, &["unshare", "-Ur"], "", &[]).rest();
    seen.succeeded();
    assert_eq!(seen.after("lack users apart:").len(), 1);
    assert_eq!(seen.told(Stage::Test, "Uid"), "20002 20002 20002 20002");
    assert_eq!(seen.told(Stage::Test, "CapBnd"), "0000000000000000");
}

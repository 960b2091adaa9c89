//! Looking around: what a stage sees is tried, not only read.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::{self, File};
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::Duration;

use assay_contract::{Access, layout};
use assay_tests_stand_in::Surroundings;

/// How long an address may take to answer. Whoever is let through answers at once; whoever is not, never does.
const ANSWER: Duration = Duration::from_secs(4);

/// Where tokens of accounts and of Argo's executor are found in pods that have them.
const TOKENS: [&str; 2] = ["/var/run/secrets", "/run/secrets"];

/// The folder that Argo's containers and a stage's share: Argo's program, by which its controller ends containers, what its own
/// container is to do, and `ctr`, where each container notes how it ended (4.0.7, `workflow/executor/emissary/emissary.go`).
const ARGO: &str = "/var/run/argo";

/// The lines of `/proc/self/status` that tell what a process may do.
const STATUS: [&str; 8] = ["Uid", "Gid", "Groups", "CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp"];

/// What is to be seen from here.
pub(crate) fn around(addresses: &[String]) -> Result<Surroundings, Box<dyn Error>> {
    let mut volumes = BTreeMap::new();
    for entry in fs::read_dir(layout::VOLUMES_ROOT)? {
        let entry = entry?;
        volumes.insert(entry.file_name().to_string_lossy().into_owned(), access(&entry.path()));
    }
    let mounts: BTreeSet<String> = fs::read_to_string("/proc/self/mountinfo")?
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .filter(|place| !inside(place, &["/proc", "/sys", "/dev"]))
        .map(str::to_owned)
        .collect();
    let status = fs::read_to_string("/proc/self/status")?;
    let status = status
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| STATUS.contains(name))
        .map(|(name, value)| (name.to_owned(), value.split_whitespace().collect::<Vec<_>>().join(" ")))
        .collect();
    let environment: BTreeSet<String> =
        std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    Ok(Surroundings {
        volumes,
        mounts: mounts.into_iter().collect(),
        status,
        environment: environment.into_iter().collect(),
        tokens: TOKENS.into_iter().filter(|place| Path::new(place).exists()).map(str::to_owned).collect(),
        reached: reached(addresses),
        exchanged: exchanged(),
    })
}

/// Whether a file can be made in a volume.
fn access(volume: &Path) -> Access {
    let path = volume.join(format!("stand-in-was-here-{}", std::process::id()));
    match File::create_new(&path) {
        Ok(_) => {
            // What is left behind would be a file too many in a student's home.
            let _gone = fs::remove_file(&path);
            Access::Write
        }
        Err(_) => Access::Read,
    }
}

/// Whoever can move a file away can put another in its place. Each is put back.
fn exchanged() -> Vec<String> {
    let names: BTreeSet<String> = fs::read_dir(ARGO)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    let exchange = |name: &String| -> std::io::Result<()> {
        let (file, away) = (Path::new(ARGO).join(name), Path::new(ARGO).join("away"));
        fs::rename(&file, &away)?;
        fs::rename(&away, &file)
    };
    names.into_iter().filter(|name| exchange(name).is_ok()).collect()
}

fn inside(place: &str, roots: &[&str]) -> bool {
    roots.iter().any(|root| place == *root || place.starts_with(&format!("{root}/")))
}

/// The addresses that answer, as `tcp <address>` and `udp <address>`; all are tried at once.
fn reached(addresses: &[String]) -> Vec<String> {
    let tries = addresses.iter().flat_map(|address| [("tcp", address.clone()), ("udp", address.clone())]);
    let threads: Vec<_> = tries
        .map(|(protocol, address)| {
            std::thread::spawn(move || {
                let answers = if protocol == "tcp" { connects(&address) } else { echoes(&address) };
                answers.then(|| format!("{protocol} {address}"))
            })
        })
        .collect();
    threads.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect()
}

fn connects(address: &str) -> bool {
    let mut places = address.to_socket_addrs().into_iter().flatten();
    places.any(|place| TcpStream::connect_timeout(&place, ANSWER).is_ok())
}

fn echoes(address: &str) -> bool {
    let answer = || -> std::io::Result<usize> {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_read_timeout(Some(ANSWER))?;
        socket.send_to(b"anybody", address)?;
        socket.recv(&mut [0; 16])
    };
    answer().is_ok()
}

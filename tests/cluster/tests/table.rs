//! What a stage's pod sees, as the stage itself sees it: the row of the table and nothing beside it.

use std::collections::{BTreeMap, BTreeSet};

use assay_contract::{Stage, Trust, Volume, layout, table};
use assay_tests_cluster::broken::{Submission, Variant};
use assay_tests_cluster::{Bed, Job, Kubectl, run, trial};
use assay_tests_stand_in::{Orders, SAW, Surroundings};

fn main() {
    run(|| [false, true].map(|strict| trial(Variant::of(strict).name(), move || check(strict))).into());
}

/// A server in a pod without a label, to which no policy applies; it answers over TCP and UDP.
const SERVER: &str = "\
import socket, threading
tcp = socket.create_server((\"0.0.0.0\", 7000), backlog=64)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((\"0.0.0.0\", 7000))
def echo():
    while True:
        data, sender = udp.recvfrom(64)
        udp.sendto(data, sender)
threading.Thread(target=echo, daemon=True).start()
while True:
    tcp.accept()[0].close()
";

/// Tries what the stages try, from the server's own pod: what it reaches is there to be reached.
const CONTROL: &str = "\
import socket, sys
for address in sys.argv[1:]:
    host, port = address.rsplit(\":\", 1)
    try:
        socket.create_connection((host, int(port)), timeout=10).close()
        print(\"tcp\", address)
    except OSError: pass
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(2)
    try:
        udp.sendto(b\"anybody\", (host, int(port)))
        udp.recv(16)
        print(\"udp\", address)
    except OSError: pass
";

fn check(strict: bool) -> Result<(), String> {
    let bed = Bed::faults()?;
    let folder = Variant::of(strict).published(&bed)?;
    let (server, server_address) = server(&bed, strict)?;
    let api = api_server()?;
    // A registry that this machine reaches by loopback is another address in a pod.
    let registry = Some(bed.registry.clone()).filter(|registry| !registry.starts_with("localhost:"));
    let addresses: Vec<String> =
        [api.clone(), server_address.clone()].into_iter().chain(registry.clone()).collect();
    let control = [&["exec", &server, "--", "python3", "-c", CONTROL][..], &strings(&addresses)].concat();
    let reachable = bed.kubectl().ok(&control)?;
    let there = [format!("tcp {api}"), format!("tcp {server_address}"), format!("udp {server_address}")];
    for address in there.into_iter().chain(registry.map(|registry| format!("tcp {registry}"))) {
        if !reachable.lines().any(|line| line == address) {
            return Err(format!("{address} cannot be reached by anybody: {reachable}"));
        }
    }

    let submission = Submission::new(&Orders { breaks: Vec::new(), look: Some(addresses) })?;
    let job =
        Job::submit(&bed, &folder, submission.path(), Variant::of(strict).name(), "2026-03-10T00:00:00Z")?;
    let ended = job.ended()?;
    let line = job.said(Stage::Finalise, SAW)?;
    bed.kubectl().ok(&["delete", "pod", &server, "--wait=false"])?;
    let result = job.result(&folder)?;
    if ended.phase() != "Succeeded" || result["verdict"] != "passed" {
        return Err(format!("{} ended with {}: {result}", job.name, ended.phase()));
    }
    let text = line.split_once(SAW).map_or("", |(_, text)| text);
    let saw: BTreeMap<Stage, Surroundings> =
        serde_json::from_str(text).map_err(|error| format!("{error}: {text}"))?;
    let mut differences = Vec::new();
    for stage in Stage::ALL {
        let expected = expected(stage, strict, &api);
        match saw.get(&stage) {
            Some(found) if *found == expected => {}
            found => differences.push(format!("{stage} saw {found:#?}\nexpected {expected:#?}")),
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

fn strings(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// What a stage may see.
fn expected(stage: Stage, strict: bool, api: &str) -> Surroundings {
    let user = match stage.trust() {
        Trust::Trusted => "1000",
        Trust::Untrusted if stage == Stage::Verify => "20001",
        Trust::Untrusted => "20002",
    };
    let four = [user; 4].join(" ");
    let bare = strict && stage.trust() == Trust::Untrusted;
    let none = "0".repeat(16);
    let status = [
        ("Uid", four.as_str()),
        ("Gid", &four),
        ("Groups", user),
        ("CapEff", &none),
        ("CapPrm", &none),
        ("CapBnd", &none),
        ("NoNewPrivs", "1"),
        ("Seccomp", "2"),
    ];
    // Whatever Kubernetes mounts into every pod, and the image itself.
    let mut mounts: BTreeSet<String> =
        ["/", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"].map(str::to_owned).into();
    let mut environment: BTreeSet<&str> = ["HOME", "HOSTNAME", "PATH"].into();
    environment.extend(KUBERNETES);
    if !bare {
        let argo = if stage.trust() == Trust::Trusted { "/var/run/argo" } else { "/run/argo" };
        mounts.extend(["", "/argoexec", "/template"].map(|file| format!("{argo}{file}")));
        environment.extend(ARGO);
    }
    if stage.holds_key() {
        environment.insert(layout::SIGNING_KEY);
    }
    let mut volumes = BTreeMap::new();
    for mount in table::mounts(stage) {
        volumes.insert(mount.volume.id().to_owned(), mount.access);
        mounts.insert(Volume::path(mount.volume));
    }
    Surroundings {
        volumes,
        mounts: mounts.into_iter().collect(),
        status: status.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        environment: environment.into_iter().map(str::to_owned).collect(),
        tokens: Vec::new(),
        // deploy/base/network.yaml: Argo's container beside each stage reaches the API server, over the same network.
        reached: if bare { Vec::new() } else { vec![format!("tcp {api}")] },
        // The folder can be written; what Argo's own containers take from it is mounts of its own.
        exchanged: if bare { Vec::new() } else { vec!["ctr".into()] },
    }
}

/// What Kubernetes tells every container of the API server.
const KUBERNETES: [&str; 8] = [
    "KUBERNETES_PORT",
    "KUBERNETES_PORT_443_TCP",
    "KUBERNETES_PORT_443_TCP_ADDR",
    "KUBERNETES_PORT_443_TCP_PORT",
    "KUBERNETES_PORT_443_TCP_PROTO",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "KUBERNETES_SERVICE_PORT_HTTPS",
];

/// What Argo tells the containers of its pods.
const ARGO: [&str; 4] =
    ["ARGO_CONTAINER_NAME", "ARGO_DEADLINE", "ARGO_INCLUDE_SCRIPT_OUTPUT", "ARGO_NODE_ID"];

fn api_server() -> Result<String, String> {
    let service = Kubectl::new("default").get(&["service", "kubernetes"])?;
    let (address, port) = (&service["spec"]["clusterIP"], &service["spec"]["ports"][0]["port"]);
    Ok(format!("{}:{port}", address.as_str().unwrap_or_default()))
}

/// The server's pod and its address.
fn server(bed: &Bed, strict: bool) -> Result<(String, String), String> {
    let name = format!("server-{}", Variant::of(strict).name());
    let kubectl = bed.kubectl();
    kubectl.ok(&["delete", "pod", &name, "--ignore-not-found"])?;
    let program = SERVER.replace('\n', "\n          ");
    kubectl.apply(&format!(
        "apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  securityContext: {{runAsNonRoot: true, runAsUser: 30000, seccompProfile: {{type: RuntimeDefault}}}}
  containers:
    - name: main
      image: {image}
      command: [python3, -c]
      args:
        - |
          {program}
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
      resources: {{requests: {{cpu: 10m, memory: 32Mi}}, limits: {{memory: 128Mi}}}}
",
        image = bed.toolchain,
    ))?;
    kubectl.ok(&["wait", "pod", &name, "--for=condition=Ready", "--timeout=300s"])?;
    let pod = kubectl.get(&["pod", &name])?;
    let address = pod["status"]["podIP"].as_str().ok_or("a pod without an address")?;
    Ok((name, format!("{address}:7000")))
}

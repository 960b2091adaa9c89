//! `assay image build`: archives and pushes, what is the same everywhere, what is refused.

use std::fs;
use std::io::Read;

use assay_contract::Exit;
use assay_stage_bundle::STAGE_TOOL;
use serde_json::{Value, json};

use crate::registry::{Manner, Registry};
use crate::session::{Ended, Session};

/// What the layer of a report holds: names and contents.
fn layer(archive: &[u8], report: &Value) -> Vec<(String, Vec<u8>)> {
    let read = |mut entry: tar::Entry<'_, &[u8]>| {
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    };
    let members =
        |bytes| tar::Archive::new(bytes).entries().unwrap().map(|e| read(e.unwrap())).collect::<Vec<_>>();
    let digest = report["layers"][0]["digest"].as_str().unwrap();
    let path = format!("blobs/{}", digest.replace(':', "/"));
    let members_of_archive = members(archive);
    let (_, layer) = members_of_archive.iter().find(|(name, _)| *name == path).unwrap();
    members(layer)
}

#[test]
fn an_archive_holds_the_stage_tool_and_nothing_else() {
    let session = Session::new();
    let report = session.assay("image build --to stage.tar --output json").exits(Exit::Done).json();
    let archive = fs::read(session.path("stage.tar")).unwrap();
    assert_eq!(layer(&archive, &report), [("assay-stage".to_owned(), STAGE_TOOL.to_vec())]);
    assert_eq!(report["archive"], "stage.tar");
    assert_eq!(report["pushed"], Value::Null);
    let name = concat!("docker.io/assay/stage:", env!("CARGO_PKG_VERSION"));
    assert_eq!(report["reference"], format!("{name}@{}", report["digest"].as_str().unwrap()));

    // Another time, another user's habits.
    let mut again = session.place().command("sh");
    again.args(["-c", "umask 077; TZ=Asia/Tokyo exec assay image build --to again.tar"]);
    assert!(session.place().output(&mut again).status.success());
    assert!(fs::read(session.path("again.tar")).unwrap() == archive, "two builds differ");
}

#[test]
fn names_come_from_the_command_line_or_the_operator() {
    let session = Session::new();
    session.write("operator.yaml", "stage-image: r.example:5000/assay/stage:2\n");
    session.assay("image build --to a.tar --operator operator.yaml").exits(Exit::Done);
    session.assay("image build --to a.tar --tag r.example/other").exits(Exit::Done);
    session.golden("image-names");
}

#[test]
fn mistakes_say_what_to_do_and_leave_no_file() {
    let session = Session::new();
    let zero = "0".repeat(64);
    session.assay("image build --to a.tar --tag http://r.example/a").exits(Exit::Usage);
    session.assay(&format!("image build --to a.tar --tag r.example/a:1@sha256:{zero}")).exits(Exit::Usage);
    session.assay("image build --to missing/a.tar").exits(Exit::Io);
    // Nothing listens there.
    session.assay("image build --to a.tar --base 127.0.0.1:1/hub/user:1").exits(Exit::Io);
    session.assay("image build --push --tag 127.0.0.1:1/assay/stage:1").exits(Exit::Io);
    session.golden("image-mistakes");
    assert!(fs::read_dir(session.path(".")).unwrap().next().is_none());
}

#[test]
fn this_program_goes_in_only_if_it_is_static() {
    let session = Session::new();
    let built = session.assay("image build --assay --tag r.example/assay:1 --to assay.tar --output json");
    if cfg!(target_feature = "crt-static") {
        let report = built.exits(Exit::Done).json();
        let names: Vec<String> = layer(&fs::read(session.path("assay.tar")).unwrap(), &report)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(names, ["assay", "assay-stage"]);
    } else {
        let said = built.exits(Exit::Usage).stderr;
        assert!(said.starts_with("error: this `assay` is not static"), "{said}");
        assert!(said.contains("hint: build it with `RUSTFLAGS=-Ctarget-feature=+crt-static"), "{said}");
    }
}

#[test]
fn a_push_goes_through_tls_with_the_stored_credentials() {
    let session = Session::new();
    // The address leads to this machine, but is no loopback address, which would be spoken to without TLS.
    session.write(
        "openssl.cnf",
        "[req]\ndistinguished_name = name\nx509_extensions = ext\nprompt = no\n[name]\nCN = test\n\
         [ext]\nbasicConstraints = CA:FALSE\nsubjectAltName = IP:0.0.0.0\n",
    );
    for name in ["certificate", "other"] {
        let mut openssl = session.place().command("openssl");
        openssl.args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '));
        openssl.args(["-config", "openssl.cnf", "-keyout", "key.pem", "-out"]).arg(format!("{name}.pem"));
        assert!(session.place().output(&mut openssl).status.success());
        fs::rename(session.path("key.pem"), session.path(&format!("{name}.key"))).unwrap();
    }
    let (certificate, key) = (session.path("certificate.pem"), session.path("certificate.key"));
    let registry = Registry::with(Manner { login: true, tls: Some((&certificate, &key)) });
    let address = registry.address().replace("127.0.0.1", "0.0.0.0");
    // `user:secret`
    let auths = json!({"auths": {&address: {"auth": "dXNlcjpzZWNyZXQ="}}});
    session.write("docker/config.json", auths.to_string());

    let push = |trusted: &str, login: &str| {
        let mut assay = session.place().command(env!("CARGO_BIN_EXE_assay"));
        assay.args([
            "image",
            "build",
            "--push",
            "--output",
            "json",
            "--tag",
            &format!("{address}/assay/stage:1"),
        ]);
        assay.env("SSL_CERT_FILE", session.path(trusted)).env("DOCKER_CONFIG", session.path(login));
        let output = session.place().output(&mut assay);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    };
    let none = push("openssl.cnf", "docker").exits(Exit::Io).stderr;
    assert!(none.contains("no registry can be spoken to") && none.contains("SSL_CERT_FILE"), "{none}");
    let strange = push("other.pem", "docker").exits(Exit::Io).stderr;
    assert!(
        strange.contains("cannot be reached over https") && strange.contains("SSL_CERT_FILE"),
        "{strange}"
    );
    let nobody = push("certificate.pem", "elsewhere").exits(Exit::Io).stderr;
    assert!(nobody.contains("refuses to do this without credentials"), "{nobody}");
    assert!(nobody.contains(&format!("docker login {address}")), "{nobody}");
    let first = push("certificate.pem", "docker").exits(Exit::Done).json();
    assert_eq!(first["pushed"]["unchanged"], false);
    assert_eq!(first["pushed"]["sent"].as_array().unwrap().len(), 2);
    let again = push("certificate.pem", "docker").exits(Exit::Done).json();
    assert_eq!(again["pushed"]["unchanged"], true);
    assert_eq!(again["digest"], first["digest"]);
}

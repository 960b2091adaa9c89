//! Images on real registries: pushed, pulled back, built on, and kept from going wrong.

#[expect(dead_code, reason = "the tests of images use the rest")]
#[path = "support/programs.rs"]
mod programs;
#[path = "support/registry.rs"]
mod registry;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use assay_image::{
    Access, Architecture, Base, Contents, Image, ImageError, Problem, Program, Reference, Unusable, archive,
    push, reference,
};
use data_encoding::{BASE64, HEXLOWER};
use http::HeaderValue;
use oci_client::Client;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::manifest::OciDescriptor;
use oci_client::secrets::RegistryAuth;
use programs::{AMD64, LOAD, elf};
use registry::{Manner, Registry};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// What the base's layers hold; nobody unpacks them here.
const LAYERS: [&[u8]; 2] = [&[b'a'; 70_000], b"the upper layer"];

fn at(registry: &Registry, name: &str) -> Reference {
    reference(&format!("{}/{name}", registry.address())).unwrap()
}

fn image() -> Image {
    Image::from_scratch(&contents(&elf(AMD64, LOAD))).unwrap()
}

fn contents(tool: &[u8]) -> Contents<'_> {
    Contents::new(Program::new("assay-stage", tool).unwrap(), None, "1.2.3").unwrap()
}

async fn image_on(base: &Reference) -> Result<Image, ImageError> {
    let base = Base::pull(base, &Access::default(), Architecture::Amd64).await?;
    Image::on(base, &contents(&elf(AMD64, LOAD)))
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(bytes)))
}

/// A client that is not the one under test, only made of the same crate.
fn client() -> Client {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() })
}

async fn pulled(reference: &Reference, digest: &str, size: u64) -> Vec<u8> {
    let descriptor =
        OciDescriptor { digest: digest.into(), size: size.try_into().unwrap(), ..OciDescriptor::default() };
    let mut bytes = Vec::new();
    client().pull_blob(reference, &descriptor, &mut bytes).await.unwrap();
    bytes
}

async fn pulled_manifest(reference: &Reference) -> (Vec<u8>, String) {
    let accepted = ["application/vnd.oci.image.manifest.v1+json"];
    let pulled = client().pull_manifest_raw(reference, &RegistryAuth::Anonymous, &accepted).await;
    pulled.map(|(bytes, digest)| (bytes.to_vec(), digest)).unwrap()
}

fn base_config() -> Value {
    json!({
        "architecture": "amd64", "os": "linux", "created": "2020-01-01T00:00:00Z",
        "config": {"Entrypoint": ["/usr/bin/tini"], "Env": ["HOME=/home/jovyan"], "Healthcheck": {"Test": ["NONE"]}},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:1", "sha256:2"]},
        "history": [{"created_by": "one"}, {"created_by": "two"}],
    })
}

async fn push_text(reference: &Reference, value: &Value, media_type: &'static str) -> String {
    let text = value.to_string();
    let digest = digest(text.as_bytes());
    client().push_manifest_raw(reference, text, HeaderValue::from_static(media_type)).await.unwrap();
    digest
}

/// Pushes an image as Docker writes it; returns the digest of its manifest.
async fn push_base(reference: &Reference, config: &Value) -> String {
    let client = client();
    let config = config.to_string();
    for blob in LAYERS.into_iter().chain([config.as_bytes()]) {
        client.push_blob(reference, blob.to_vec(), &digest(blob)).await.unwrap();
    }
    let described = |media_type: &str, blob: &[u8]| json!({"mediaType": media_type, "digest": digest(blob), "size": blob.len()});
    let manifest = json!({
        "schemaVersion": 2, "mediaType": DOCKER_MANIFEST,
        "config": described(DOCKER_CONFIG, config.as_bytes()),
        "layers": LAYERS.map(|layer| described(DOCKER_LAYER, layer)),
    });
    push_text(reference, &manifest, DOCKER_MANIFEST).await
}

/// Pushes an index of images for machines.
async fn push_index(reference: &Reference, entries: &[(&str, &str, &str)]) {
    let manifests: Vec<Value> = entries
        .iter()
        .map(|(os, machine, digest)| {
            json!({
                "mediaType": DOCKER_MANIFEST, "digest": digest, "size": 1,
                "platform": {"os": os, "architecture": machine},
            })
        })
        .collect();
    let index = json!({"schemaVersion": 2, "mediaType": DOCKER_INDEX, "manifests": manifests});
    push_text(reference, &index, DOCKER_INDEX).await;
}

fn problem(error: ImageError) -> Problem {
    match error {
        ImageError::Registry { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_pushed_comes_back_the_same() {
    let registry = Registry::start();
    let (image, here) = (image(), at(&registry, "assay/stage:1"));
    let pushed = push(&image, &here, &Access::default()).await.unwrap();
    assert_eq!(pushed.reference.to_string(), format!("{here}@{}", image.digest()));
    assert_eq!((pushed.sent.len(), pushed.unchanged), (2, false));
    for name in [here.clone(), here.clone_with_digest(image.digest().into())] {
        let (manifest, digest) = pulled_manifest(&name).await;
        assert_eq!((manifest.as_slice(), digest.as_str()), (image.manifest(), image.digest()));
    }
    let manifest: Value = serde_json::from_slice(image.manifest()).unwrap();
    let config = manifest["config"]["digest"].as_str().unwrap();
    assert_eq!(pulled(&here, config, image.config().len() as u64).await, image.config());
    let layer = &image.layers()[0];
    let bytes = pulled(&here, &layer.digest, layer.size).await;
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut tool = Vec::new();
    archive.entries().unwrap().next().unwrap().unwrap().read_to_end(&mut tool).unwrap();
    assert_eq!(tool, elf(AMD64, LOAD));
}

#[tokio::test]
async fn a_second_push_changes_nothing_on_the_registry() {
    let registry = Registry::start();
    let (image, here) = (image(), at(&registry, "assay/stage:1"));
    push(&image, &here, &Access::default()).await.unwrap();
    let writes = registry.writes("first");
    assert!(writes > 0);
    let again = push(&image, &here, &Access::default()).await.unwrap();
    assert_eq!((again.sent.len(), again.present.len(), again.unchanged), (0, 2, true));
    assert_eq!(registry.writes("second"), writes);
    // Another tag in the same place is the manifest alone.
    let other = push(&image, &at(&registry, "assay/stage:2"), &Access::default()).await.unwrap();
    assert_eq!((other.sent.len(), other.unchanged), (0, false));
    assert_eq!(registry.writes("third"), writes + 1);
}

#[tokio::test]
async fn a_base_gets_one_layer_more_and_keeps_the_rest() {
    let registry = Registry::start();
    let base = at(&registry, "hub/user:2026.1");
    let base_digest = push_base(&base, &base_config()).await;
    let image = image_on(&base).await.unwrap();
    let here = at(&registry, "assay/user:1");
    let pushed = push(&image, &here, &Access::default()).await.unwrap();
    assert_eq!(pushed.mounted, LAYERS.map(digest), "layers of the same registry are not sent");
    assert_eq!(pushed.sent.len(), 2);

    let (manifest, _) = pulled_manifest(&here).await;
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let types: Vec<&str> = manifest["layers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|layer| layer["mediaType"].as_str().unwrap())
        .collect();
    let gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
    assert_eq!(types, [gzip, gzip, "application/vnd.oci.image.layer.v1.tar"]);
    assert_eq!(
        manifest["annotations"],
        json!({
            "org.opencontainers.image.base.name": base.to_string(),
            "org.opencontainers.image.base.digest": base_digest,
        })
    );
    let mut expected = base_config();
    let ours = &image.layers()[2];
    expected["rootfs"]["diff_ids"].as_array_mut().unwrap().push(json!(ours.digest));
    expected["history"].as_array_mut().unwrap().push(json!({"created_by": "assay image build"}));
    let config = pulled(&here, manifest["config"]["digest"].as_str().unwrap(), 0).await;
    assert_eq!(serde_json::from_slice::<Value>(&config).unwrap(), expected);
    for (layer, content) in image.layers().iter().zip(LAYERS) {
        assert_eq!(pulled(&here, &layer.digest, layer.size).await, content);
    }
    assert_eq!(image_on(&base).await.unwrap().digest(), image.digest(), "the same base, the same image");
}

#[tokio::test]
async fn layers_of_a_base_are_copied_to_another_registry_and_into_an_archive() {
    let (from, to) = (Registry::start(), Registry::start());
    let base = at(&from, "hub/user:1");
    push_base(&base, &base_config()).await;
    let image = image_on(&base).await.unwrap();
    let here = at(&to, "assay/user:1");
    let pushed = push(&image, &here, &Access::default()).await.unwrap();
    assert_eq!((pushed.sent.len(), pushed.mounted.len()), (4, 0));
    for (layer, content) in image.layers().iter().zip(LAYERS) {
        assert_eq!(pulled(&here, &layer.digest, layer.size).await, content);
    }
    let mut bytes = Vec::new();
    archive(&image, &here, &mut bytes).await.unwrap();
    let mut found = 0;
    for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if let Some(hex) = path.strip_prefix("blobs/sha256/").filter(|hex| !hex.is_empty()) {
            assert_eq!(digest(&content), format!("sha256:{hex}"));
            found += 1;
        }
    }
    assert_eq!(found, 5, "manifest, configuration, three layers");
}

#[tokio::test]
async fn an_index_stands_for_its_image_for_the_machine() {
    let registry = Registry::start();
    let (base, index) = (at(&registry, "hub/user:one"), at(&registry, "hub/user:all"));
    let mut other = base_config();
    other["architecture"] = json!("arm64");
    let arm64 = push_base(&base, &other).await;
    let amd64 = push_base(&base, &base_config()).await;
    push_index(&index, &[("linux", "arm64", &arm64), ("linux", "amd64", &amd64)]).await;
    let pull = |architecture| async move { Base::pull(&index, &Access::default(), architecture).await };
    assert_eq!(pull.clone()(Architecture::Amd64).await.unwrap().digest(), amd64);
    assert_eq!(pull(Architecture::Arm64).await.unwrap().digest(), arm64);

    let windows = at(&registry, "hub/user:windows");
    push_index(&windows, &[("windows", "amd64", &amd64)]).await;
    let unusable = |error: ImageError| match error {
        ImageError::Base { why, .. } => why,
        other => panic!("{other:?}"),
    };
    let architecture = Architecture::Amd64;
    assert_eq!(unusable(image_on(&windows).await.unwrap_err()), Unusable::NotForMachine { architecture });
    let for_arm = image_on(&base.clone_with_digest(arm64)).await.unwrap_err();
    assert_eq!(unusable(for_arm), Unusable::Platform { found: "linux/arm64".into(), architecture });
}

fn credentials(folder: &Path, registry: &Registry, password: &str) -> Access {
    let file = folder.join(password);
    let auth = BASE64.encode(format!("user:{password}").as_bytes());
    fs::write(&file, json!({"auths": {registry.address(): {"auth": auth}}}).to_string()).unwrap();
    Access { credentials: Some(file), plain_http: Vec::new() }
}

#[tokio::test]
async fn credentials_are_used_and_wrong_ones_are_named() {
    let registry = Registry::with(Manner { login: true, tls: None });
    let (image, here) = (image(), at(&registry, "assay/stage:1"));
    let folder = tempfile::tempdir().unwrap();
    let source = |error| match problem(error) {
        Problem::Unauthorized { credentials, .. } => credentials,
        other => panic!("{other:?}"),
    };
    let none = push(&image, &here, &Access::default()).await.unwrap_err();
    assert_eq!(source(none), None);
    let wrong = credentials(folder.path(), &registry, "wrong");
    let error = push(&image, &here, &wrong).await.unwrap_err();
    assert!(error.hint().unwrap().contains(&format!("docker login {}", registry.address())), "{error}");
    assert_eq!(source(error), Some(folder.path().join("wrong")));
    let pull = Base::pull(&here, &wrong, Architecture::Amd64).await.unwrap_err();
    assert_eq!(source(pull), Some(folder.path().join("wrong")));
    let right = credentials(folder.path(), &registry, "secret");
    push(&image, &here, &right).await.unwrap();
    Base::pull(&here, &right, Architecture::Amd64).await.unwrap();
}

#[tokio::test]
async fn a_registry_that_is_down_cannot_be_reached() {
    let registry = Registry::start();
    let here = at(&registry, "assay/stage:1");
    drop(registry);
    for error in [
        push(&image(), &here, &Access::default()).await.unwrap_err(),
        image_on(&here).await.map(|_| ()).unwrap_err(),
    ] {
        let Problem::Unreachable { scheme: "http", why, .. } = problem(error) else {
            panic!("another problem")
        };
        assert!(why.starts_with("Connection refused"), "{why}");
    }
}

#[tokio::test]
async fn without_being_told_only_loopback_is_spoken_to_in_the_clear() {
    let registry = Registry::start();
    // An address that leads to this machine, but is no loopback address.
    let elsewhere = registry.address().replace("127.0.0.1", "0.0.0.0");
    let here = reference(&format!("{elsewhere}/assay/stage:1")).unwrap();
    let error = push(&image(), &here, &Access::default()).await.unwrap_err();
    assert!(error.hint().unwrap().contains(&format!("--plain-http {elsewhere}")), "{error}");
    assert!(matches!(problem(error), Problem::Unreachable { scheme: "https", .. }));
    let told = Access { credentials: None, plain_http: vec![elsewhere] };
    push(&image(), &here, &told).await.unwrap();
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let registry = Registry::start();
    let error = image_on(&at(&registry, "hub/user:none")).await.map(|_| ()).unwrap_err();
    assert!(matches!(problem(error), Problem::NotFound { .. }));
}

#[tokio::test]
async fn a_manifest_that_was_changed_is_damaged() {
    let registry = Registry::start();
    let base = at(&registry, "hub/user:1");
    let digest = push_base(&base, &base_config()).await;
    let file = registry.file(&digest);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"size\":15", "\"size\":16")).unwrap();
    for name in [base.clone(), base.clone_with_digest(digest)] {
        let error = image_on(&name).await.map(|_| ()).unwrap_err();
        assert!(matches!(problem(error), Problem::Damaged { .. }), "{name}");
    }
}

/// Damages the first layer of a base, and says what its copying comes to.
async fn copied(damage: impl Fn(PathBuf)) -> [Problem; 2] {
    let (from, to) = (Registry::start(), Registry::start());
    let base = at(&from, "hub/user:1");
    push_base(&base, &base_config()).await;
    let image = image_on(&base).await.unwrap();
    damage(from.file(&image.layers()[0].digest));
    let here = at(&to, "assay/user:1");
    let pushed = push(&image, &here, &Access::default()).await.unwrap_err();
    assert!(pushed.to_string().starts_with(&format!("cannot pull {base}")), "{pushed}");
    let there = client().pull_manifest_raw(&here, &RegistryAuth::Anonymous, &["*/*"]).await;
    assert!(there.is_err(), "no manifest names what is not there");
    let archived = archive(&image, &here, &mut Vec::new()).await.unwrap_err();
    [problem(pushed), problem(archived)]
}

#[tokio::test]
async fn a_blob_that_was_cut_is_damaged() {
    let cut = |file: PathBuf| {
        let bytes = fs::read(&file).unwrap();
        fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    };
    for problem in copied(cut).await {
        assert!(matches!(problem, Problem::Damaged { .. }), "{problem}");
    }
}

#[tokio::test]
async fn a_blob_that_was_changed_is_damaged() {
    for problem in copied(|file| fs::write(file, [b'b'; 70_000]).unwrap()).await {
        assert!(matches!(problem, Problem::Damaged { .. }), "{problem}");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_reference_that_cannot_hold_the_image() {
    let registry = Registry::start();
    let image = image();
    let pinned = at(&registry, &format!("a/b:1@sha256:{}", "0".repeat(64)));
    let error = push(&image, &pinned, &Access::default()).await.unwrap_err();
    assert!(matches!(error, ImageError::OtherDigest { .. }), "{error}");
    let tagless = at(&registry, &format!("a/b@{}", image.digest()));
    let error = push(&image, &tagless, &Access::default()).await.unwrap_err();
    assert!(matches!(error, ImageError::NoTag { .. }), "{error}");
    assert_eq!(registry.writes("marker"), 0);
    let right = at(&registry, &format!("a/b:1@{}", image.digest()));
    push(&image, &right, &Access::default()).await.unwrap();
}

//! What images are made of, and that they are the same everywhere.

#[path = "../../cli/tests/support/golden.rs"]
mod golden;
#[path = "support/programs.rs"]
mod programs;
#[path = "../../cli/tests/support/update.rs"]
mod update;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use assay_image::{Architecture, Contents, Image, ImageError, Program, archive, reference};
use programs::{AMD64, ARM64, INTERP, LOAD, elf};
use proptest::prelude::*;

fn image(machine: u16, with_assay: bool) -> Image {
    let tool = elf(machine, LOAD);
    let program = Program::new("assay-stage", &tool).unwrap();
    let contents = Contents::new(program, with_assay.then_some(program), "1.2.3").unwrap();
    Image::from_scratch(&contents).unwrap()
}

fn archived(image: &Image, name: &str) -> Result<Vec<u8>, ImageError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut out = Vec::new();
    runtime.block_on(archive(image, &reference(name).unwrap(), &mut out)).map(|()| out)
}

/// Path, mode and content of what is in a tar archive, in its order.
fn members(bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let (path, mode) = (entry.path().unwrap().display().to_string(), entry.header().mode().unwrap());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (path, mode, content)
    });
    entries.collect()
}

/// Holds a text that no line ends against a file.
#[track_caller]
fn hold(name: &str, text: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    golden::hold(&folder.join(name), &format!("{}\n", std::str::from_utf8(text).unwrap()));
}

/// The digests change only with the layout of images, which is a change for everybody who has pinned one.
#[test]
fn the_same_tool_makes_the_same_image_on_every_machine() {
    let mut text = String::new();
    for (what, machine, with_assay) in
        [("amd64", AMD64, false), ("arm64", ARM64, false), ("amd64 with assay", AMD64, true)]
    {
        let image = image(machine, with_assay);
        let _ = write!(text, "{what}\n  layer {}\n  image {}\n", image.layers()[0].digest, image.digest());
    }
    hold("digests.txt", text.trim_end().as_bytes());
}

#[test]
fn no_image_is_made_of_a_tool_without_hardening() {
    let mut tool = elf(AMD64, LOAD);
    tool.extend(assay_contract::hardening::NONE.as_bytes());
    tool.extend([0; 100]);
    let program = Program::new("assay-stage", &tool).unwrap();
    let error = Contents::new(program, None, "1.2.3").unwrap_err();
    assert!(matches!(error, ImageError::NotHardened), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("without-hardening")));
}

#[test]
fn manifest_and_configuration_say_this_and_nothing_else() {
    let image = image(AMD64, false);
    hold("manifest.json", image.manifest());
    hold("config.json", image.config());
}

#[test]
fn the_layer_holds_the_programs_and_nothing_else() {
    for (with_assay, names) in [(false, vec!["assay-stage"]), (true, vec!["assay", "assay-stage"])] {
        let image = image(AMD64, with_assay);
        let archive = members(&archived(&image, "assay/stage:1").unwrap());
        let path = format!("blobs/{}", image.layers()[0].digest.replace(':', "/"));
        let (_, _, layer) = archive.iter().find(|(name, ..)| *name == path).unwrap();
        let expected: Vec<_> =
            names.into_iter().map(|name| (name.to_owned(), 0o755, elf(AMD64, LOAD))).collect();
        assert_eq!(members(layer), expected);
        for entry in tar::Archive::new(layer.as_slice()).entries().unwrap() {
            let header = entry.unwrap().header().clone();
            assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
        }
    }
}

#[test]
fn an_archive_names_the_image_by_tag_and_by_digest() {
    let image = image(AMD64, false);
    let bytes = archived(&image, "registry.example:5000/a/stage:1").unwrap();
    assert_eq!(bytes, archived(&image, "registry.example:5000/a/stage:1").unwrap());
    let members = members(&bytes);
    let names: Vec<&str> = members.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names[..4], ["oci-layout", "index.json", "blobs/", "blobs/sha256/"]);
    assert_eq!(members[0].2, br#"{"imageLayoutVersion":"1.0.0"}"#);
    hold("index.json", &members[1].2);
    let blobs: BTreeMap<&str, &[u8]> =
        members[4..].iter().map(|(name, _, content)| (name.as_str(), content.as_slice())).collect();
    let blob = |digest: &str| blobs[format!("blobs/{}", digest.replace(':', "/")).as_str()];
    assert_eq!(blobs.len(), 3);
    assert_eq!(blob(image.digest()), image.manifest());
    assert_eq!(blob(&image.layers()[0].digest).len() as u64, image.layers()[0].size);
    assert!(blobs.values().any(|content| *content == image.config()));
}

#[test]
fn only_whole_static_programs_for_one_known_machine_go_in() {
    let tool = elf(AMD64, LOAD);
    assert_eq!(Program::new("x", &tool).unwrap().architecture(), Architecture::Amd64);
    let dynamic = elf(ARM64, INTERP);
    let error = Program::new("x", &dynamic).unwrap_err();
    assert!(matches!(error, ImageError::NotStatic { architecture: Architecture::Arm64, .. }), "{error}");
    assert!(error.hint().unwrap().contains("--target aarch64-unknown-linux-gnu"));
    for bytes in [&b"#!/bin/sh\n"[..], b"", &tool[..70], &elf(8, LOAD)] {
        assert!(matches!(Program::new("x", bytes), Err(ImageError::NotAProgram { .. })), "{bytes:?}");
    }
    // The machine's own, which has a loader unless these tests are static themselves.
    let own = std::fs::read("/proc/self/exe").unwrap();
    assert_eq!(Program::new("x", &own).is_ok(), cfg!(target_feature = "crt-static"));
    let other = elf(ARM64, LOAD);
    let (amd64, arm64) = (Program::new("x", &tool).unwrap(), Program::new("x", &other).unwrap());
    assert!(matches!(Contents::new(amd64, Some(arm64), "1"), Err(ImageError::TwoArchitectures { .. })));
}

#[test]
fn a_reference_is_pinned_to_the_image_or_refused() {
    let image = image(AMD64, false);
    let pin = |text: &str| image.pin(&reference(text).unwrap()).map(|pinned| pinned.to_string());
    let digest = image.digest();
    assert_eq!(pin("r.example/a:1").unwrap(), format!("r.example/a:1@{digest}"));
    assert_eq!(pin(&format!("r.example/a@{digest}")).unwrap(), format!("r.example/a@{digest}"));
    let other = format!("r.example/a:1@sha256:{}", "0".repeat(64));
    assert!(matches!(pin(&other), Err(ImageError::OtherDigest { .. })));
    assert!(matches!(archived(&image, &other), Err(ImageError::OtherDigest { .. })));
}

#[test]
fn references_are_told_from_other_text() {
    for good in ["gcc", "gcc:14", "localhost:5000/a/b:x", "registry.example/a"] {
        assert!(reference(good).is_ok(), "{good}");
    }
    let sha512 = format!("a@sha512:{}", "0".repeat(128));
    for bad in ["", "a b", "A", "a:", "a@sha256:0", "../a", "a:{{x}}", "http://a/b", &sha512] {
        let error = reference(bad).unwrap_err();
        assert!(matches!(error, ImageError::NotAReference { .. }), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_program_or_are_not(at in 0_usize..132, byte: u8, cut in 0_usize..132) {
        let mut program = elf(AMD64, LOAD);
        program[at] = byte;
        for bytes in [&program[..], &program[..cut]] {
            let _either = Program::new("x", bytes);
        }
    }
}

//! Builds `assay-stage` as a static program and refuses to go on with one that is not static, or too large.
//!
//! The nested cargo has a target folder of its own, shared by all profiles and by `cargo check` and clippy of the outer
//! build: the tool is built once, and built again only when its sources change.

#[path = "build/elf.rs"]
mod elf;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

/// What a pod has to load before it can start; raise it only with a reason in the message of the commit.
const MAX_BYTES: usize = 6 << 20;

/// What an outer cargo says to its own rustc, and what the nested one must not hear: clippy in place of the compiler,
/// the outer flags (which would replace ours), the outer place for results.
const NOT_PASSED_ON: [&str; 8] = [
    "RUSTC_WORKSPACE_WRAPPER",
    "CLIPPY_ARGS",
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "__CARGO_DEFAULT_LIB_METADATA",
];

fn main() -> Result<(), Box<dyn Error>> {
    let bundle = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let workspace = bundle.ancestors().nth(2).ok_or("the bundle is not in its workspace")?;
    for source in ["stage-tools", "Cargo.toml", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    let out = PathBuf::from(variable("OUT_DIR")?);
    let target = variable("TARGET")?;
    let results = target_folder(&out)?.join("stage-tool");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.current_dir(workspace);
    cargo.args(["build", "--locked", "--package", "assay-stage", "--profile", "stage", "--target", &target]);
    cargo.arg("--target-dir").arg(&results);
    for name in NOT_PASSED_ON {
        cargo.env_remove(name);
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static");
    if !cargo.status()?.success() {
        return Err("assay-stage does not build; its errors stand above".into());
    }
    let tool = fs::read(results.join(&target).join("stage").join("assay-stage"))?;
    if tool.len() > MAX_BYTES {
        return Err(format!("assay-stage has {} bytes, more than {MAX_BYTES}", tool.len()).into());
    }
    elf::check_static(&tool)?;
    fs::write(out.join("assay-stage"), &tool)?;
    let digest: String = Sha256::digest(&tool).iter().map(|byte| format!("{byte:02x}")).collect();
    println!("cargo::rustc-env=ASSAY_STAGE_SHA256={digest}");
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("cargo did not set {name}"))
}

/// The outer target folder: the nearest one above that cargo marked as such. Cargo marks only folders that it made itself;
/// in others the place is counted: `<target>/<profile>/build/<package>/out`.
fn target_folder(out: &Path) -> Result<&Path, String> {
    let marked = |folder: &&Path| folder.join("CACHEDIR.TAG").is_file();
    let folder = out.ancestors().find(marked).or_else(|| out.ancestors().nth(4));
    folder.ok_or_else(|| format!("{} is in no target folder", out.display()))
}

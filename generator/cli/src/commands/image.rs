//! `assay image`.

use std::env;
use std::fs;
use std::path::PathBuf;

use assay_contract::Exit;
use assay_image::{Access, Base, Contents, Image as Built, ImageError, Layer, Program, Pushed, Reference};
use assay_stage_bundle::STAGE_TOOL;
use serde::Serialize;
use tokio::runtime::{Builder, Runtime};

use crate::args::{Image, ImageBuild, ImageCommand};
use crate::commands;
use crate::console::Console;
use crate::error::CliError;
use crate::files;

#[derive(Serialize)]
struct Report {
    reference: String,
    digest: String,
    size: u64,
    layers: Vec<LayerReport>,
    archive: Option<PathBuf>,
    pushed: Option<PushReport>,
}

#[derive(Serialize)]
struct LayerReport {
    digest: String,
    size: u64,
    media_type: String,
}

#[derive(Serialize)]
struct PushReport {
    sent: Vec<String>,
    mounted: Vec<String>,
    present: Vec<String>,
    unchanged: bool,
}

pub(crate) fn run(console: &Console, args: &Image) -> Result<Exit, CliError> {
    let ImageCommand::Build(args) = &args.command;
    let reference = reference(args)?;
    let access = Access { credentials: credentials(), plain_http: args.plain_http.clone() };
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::io("cannot wait for the network", error))?;
    // The file that runs, whatever its name has come to stand for since.
    let own = args.assay.then(|| fs::read("/proc/self/exe")).transpose();
    let own = own.map_err(|error| CliError::io("cannot read this very program", error))?;
    let queue = args.queue.as_deref().map(|path| {
        fs::read(path).map_err(|error| CliError::io(format!("cannot read {}", path.display()), error))
    });
    let queue = queue.transpose()?;
    let programs = Programs { own: own.as_deref(), queue: queue.as_deref() };
    let image = build(&runtime, args.base.as_deref(), &programs, &access).map_err(|error| failed(&error))?;
    let pinned = image.pin(&reference).map_err(|error| failed(&error))?;
    if let Some(path) = &args.to {
        files::replace_with(path, |file| runtime.block_on(assay_image::archive(&image, &reference, file)))
            .map_err(|error| match error {
                ImageError::Write(cause) => CliError::io(format!("cannot write {}", path.display()), cause),
                other => failed(&other),
            })?;
        console.note(&format!("written to {}", path.display()));
    }
    let mut pushed = None;
    if args.push {
        let done = runtime.block_on(assay_image::push(&image, &reference, &access));
        let Pushed { reference: _, sent, mounted, present, unchanged } =
            done.map_err(|error| failed(&error))?;
        console.note(&if unchanged {
            format!("{reference} is this image already")
        } else {
            let all = sent.len() + mounted.len() + present.len();
            format!("pushed to {reference}: {} of {all} blobs sent", sent.len())
        });
        pushed = Some(PushReport { sent, mounted, present, unchanged });
    }
    let report = Report {
        reference: pinned.to_string(),
        digest: image.digest().to_owned(),
        size: image.size(),
        layers: image.layers().iter().map(LayerReport::new).collect(),
        archive: args.to.clone(),
        pushed,
    };
    console.data(&report, || format!("{pinned}\n"))?;
    Ok(Exit::Done)
}

impl LayerReport {
    fn new(layer: &Layer) -> LayerReport {
        let Layer { digest, size, media_type } = layer.clone();
        LayerReport { digest, size, media_type }
    }
}

/// Where the image goes: as the command line says, or the operator.
fn reference(args: &ImageBuild) -> Result<Reference, CliError> {
    match &args.tag {
        Some(tag) => assay_image::reference(tag).map_err(|error| failed(&error)),
        None => {
            let operator = commands::operator(&args.operator)?;
            let text = operator.settings().stage_image.as_str();
            assay_image::reference(text).map_err(|error| CliError::of(Exit::OperatorInvalid, &error))
        }
    }
}

/// Where Docker's clients keep credentials.
pub(crate) fn credentials() -> Option<PathBuf> {
    let folder = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let folder = folder.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".docker")));
    folder.map(|folder| folder.join("config.json"))
}

/// What goes into an image beside the stage tool, or instead of it.
struct Programs<'a> {
    own: Option<&'a [u8]>,
    queue: Option<&'a [u8]>,
}

fn build(
    runtime: &Runtime,
    base: Option<&str>,
    programs: &Programs<'_>,
    access: &Access,
) -> Result<Built, ImageError> {
    let Programs { own, queue } = programs;
    let version = env!("CARGO_PKG_VERSION");
    let contents = if let Some(bytes) = queue {
        Contents::queue(Program::new("the queue server", bytes)?, version)
    } else {
        let own = own.map(|bytes| Program::new("this `assay`", bytes)).transpose()?;
        Contents::new(Program::new("the stage tool", STAGE_TOOL)?, own, version)?
    };
    match base {
        None => Built::from_scratch(&contents),
        Some(base) => {
            let base = assay_image::reference(base)?;
            let base = runtime.block_on(Base::pull(&base, access, contents.architecture()))?;
            Built::on(base, &contents)
        }
    }
}

fn failed(error: &ImageError) -> CliError {
    let exit = match error {
        ImageError::NotAReference { .. }
        | ImageError::NotAProgram { .. }
        | ImageError::NotStatic { .. }
        | ImageError::NotHardened
        | ImageError::TwoArchitectures { .. }
        | ImageError::OtherDigest { .. }
        | ImageError::NoTag { .. }
        | ImageError::Base { .. } => Exit::Usage,
        ImageError::Credentials { .. }
        | ImageError::Tls { .. }
        | ImageError::Registry { .. }
        | ImageError::Write(_) => Exit::Io,
        ImageError::Document(_) => Exit::Bug,
    };
    let failed = CliError::of(exit, error);
    match error.hint() {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

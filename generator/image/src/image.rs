//! Images: one layer that holds our programs, alone or on a base.

use std::collections::BTreeMap;

use assay_contract::hardening;
use bytes::Bytes;
use oci_client::Reference;
use oci_client::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest,
};

use crate::{Architecture, Base, ImageError, Program, blob, config, tarball};

/// The stage tool's name.
const STAGE: &str = "assay-stage";

/// What an image holds: the stage tool at `/assay-stage`, with `assay` at `/assay` where that is asked for, or the queue server
/// at `/assay-queue`. It starts the first.
#[derive(Debug, Clone)]
pub struct Contents<'a> {
    first: (&'static str, Program<'a>),
    beside: Option<(&'static str, Program<'a>)>,
    version: &'a str,
}

impl<'a> Contents<'a> {
    /// Contents of this version of Assay.
    ///
    /// # Errors
    /// If the stage tool was built without hardening, or the programs are for different machines.
    pub fn new(stage: Program<'a>, assay: Option<Program<'a>>, version: &'a str) -> Result<Self, ImageError> {
        if hardening::is_missing(stage.bytes()) {
            return Err(ImageError::NotHardened);
        }
        let Some(assay) = assay else {
            return Ok(Self { first: (STAGE, stage), beside: None, version });
        };
        if assay.architecture() != stage.architecture() {
            let (stage, assay) = (stage.architecture(), assay.architecture());
            return Err(ImageError::TwoArchitectures { stage, assay });
        }
        Ok(Self { first: ("assay", assay), beside: Some((STAGE, stage)), version })
    }

    /// The queue server of this version, and nothing else: students talk to it, so nothing that they could use is beside it.
    #[must_use]
    pub fn queue(queue: Program<'a>, version: &'a str) -> Self {
        Self { first: ("assay-queue", queue), beside: None, version }
    }

    /// The machine that they are for.
    #[must_use]
    pub fn architecture(&self) -> Architecture {
        self.first.1.architecture()
    }

    /// The layer: not compressed, so that its digest hangs on no compressor.
    fn layer(&self) -> Result<Vec<u8>, ImageError> {
        let mut layer = tarball::Writer::new(Vec::new());
        for (name, program) in [Some(self.first), self.beside].into_iter().flatten() {
            layer.file(name, 0o755, program.bytes())?;
        }
        Ok(layer.finish()?)
    }
}

/// A layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// `sha256:…` of the blob.
    pub digest: String,
    /// Its bytes.
    pub size: u64,
    /// What it is, and how it is compressed.
    pub media_type: String,
}

/// An image: its manifest, and all that the manifest names.
#[derive(Debug)]
pub struct Image {
    manifest: Vec<u8>,
    digest: String,
    config: Bytes,
    config_digest: String,
    layers: Vec<Layer>,
    ours: Bytes,
    base: Option<Base>,
}

/// A blob of an image, and where it is to be had.
pub(crate) struct Blob<'a> {
    pub(crate) digest: &'a str,
    pub(crate) size: u64,
    pub(crate) source: Source<'a>,
}

/// Where a blob is to be had.
#[derive(Clone)]
pub(crate) enum Source<'a> {
    Here(Bytes),
    Base(&'a Base),
}

impl Image {
    /// The image that holds these contents and nothing else.
    ///
    /// # Errors
    /// Only by a bug.
    pub fn from_scratch(contents: &Contents<'_>) -> Result<Self, ImageError> {
        let layer = contents.layer()?;
        let (program, _) = contents.first;
        let config = config::of_one_layer(
            contents.architecture(),
            &format!("/{program}"),
            program,
            contents.version,
            &blob::sha256(&layer),
        )?;
        Self::new(layer, config, None)
    }

    /// The base with a layer more. What it starts and everything else that it says of itself stays the base's.
    ///
    /// # Errors
    /// Only by a bug.
    pub fn on(base: Base, contents: &Contents<'_>) -> Result<Self, ImageError> {
        let layer = contents.layer()?;
        let config = base.config().with_layer(&blob::sha256(&layer))?;
        Self::new(layer, config, Some(base))
    }

    fn new(ours: Vec<u8>, config: Vec<u8>, base: Option<Base>) -> Result<Self, ImageError> {
        let mut layers = base.as_ref().map_or_else(Vec::new, |base| base.layers().to_vec());
        layers.push(Layer {
            digest: blob::sha256(&ours),
            size: ours.len() as u64,
            media_type: IMAGE_LAYER_MEDIA_TYPE.into(),
        });
        let annotations = base.as_ref().map(|base| {
            BTreeMap::from([
                ("org.opencontainers.image.base.digest".to_owned(), base.digest().to_owned()),
                ("org.opencontainers.image.base.name".to_owned(), base.name().to_owned()),
            ])
        });
        let config_digest = blob::sha256(&config);
        let manifest = serde_json::to_vec(&OciImageManifest {
            schema_version: 2,
            media_type: Some(OCI_IMAGE_MEDIA_TYPE.into()),
            config: descriptor(IMAGE_CONFIG_MEDIA_TYPE, &config_digest, config.len() as u64),
            layers: layers
                .iter()
                .map(|Layer { digest, size, media_type }| descriptor(media_type, digest, *size))
                .collect(),
            subject: None,
            artifact_type: None,
            annotations,
        })?;
        let digest = blob::sha256(&manifest);
        let (config, ours) = (Bytes::from(config), Bytes::from(ours));
        Ok(Self { manifest, digest, config, config_digest, layers, ours, base })
    }

    /// `sha256:…` of the manifest: the digest that pins the image.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The manifest, an `application/vnd.oci.image.manifest.v1+json`.
    #[must_use]
    pub fn manifest(&self) -> &[u8] {
        &self.manifest
    }

    /// The configuration, an `application/vnd.oci.image.config.v1+json`.
    #[must_use]
    pub fn config(&self) -> &[u8] {
        &self.config
    }

    /// The layers, the lowest first; ours is the last.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The bytes of layers, configuration and manifest together.
    #[must_use]
    pub fn size(&self) -> u64 {
        let layers: u64 = self.layers.iter().map(|layer| layer.size).sum();
        layers + (self.config.len() + self.manifest.len()) as u64
    }

    /// That reference, pinned to this image.
    ///
    /// # Errors
    /// If it is pinned to another one.
    pub fn pin(&self, reference: &Reference) -> Result<Reference, ImageError> {
        if reference.digest().is_some_and(|digest| digest != self.digest) {
            return Err(ImageError::OtherDigest {
                reference: reference.to_string(),
                built: self.digest.clone(),
            });
        }
        let (registry, repository) = (reference.registry().to_owned(), reference.repository().to_owned());
        Ok(match reference.tag() {
            Some(tag) => {
                Reference::with_tag_and_digest(registry, repository, tag.to_owned(), self.digest.clone())
            }
            None => Reference::with_digest(registry, repository, self.digest.clone()),
        })
    }

    /// Every blob but the manifest, each once; what the manifest needs comes before it.
    pub(crate) fn blobs(&self) -> Vec<Blob<'_>> {
        let mut blobs: Vec<Blob<'_>> = Vec::new();
        let last = self.layers.len() - 1;
        for (index, Layer { digest, size, media_type: _ }) in self.layers.iter().enumerate() {
            let source = match &self.base {
                Some(base) if index < last => Source::Base(base),
                _ => Source::Here(self.ours.clone()),
            };
            // Some tools write the same empty layer several times.
            if blobs.iter().all(|blob| blob.digest != digest) {
                blobs.push(Blob { digest, size: *size, source });
            }
        }
        let source = Source::Here(self.config.clone());
        blobs.push(Blob { digest: &self.config_digest, size: self.config.len() as u64, source });
        blobs
    }
}

/// A descriptor of a blob.
pub(crate) fn descriptor(media_type: &str, digest: &str, size: u64) -> OciDescriptor {
    OciDescriptor {
        media_type: media_type.into(),
        digest: digest.into(),
        // A blob of ours is never near the limit, and a base's was read from this type.
        size: i64::try_from(size).unwrap_or(i64::MAX),
        urls: None,
        annotations: None,
        artifact_type: None,
    }
}

//! Images that ours are built on: their manifest and configuration, read as what anybody could have sent.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::StreamExt;
use oci_client::Reference;
use oci_client::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE,
    IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE, IMAGE_LAYER_GZIP_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE,
    IMAGE_MANIFEST_MEDIA_TYPE, ImageIndexEntry, OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageIndex,
    OciImageManifest, OciManifest,
};

use crate::blob::{self, Pieces};
use crate::config::BaseConfig;
use crate::registry::{Access, Registry};
use crate::{Architecture, ImageError, Layer, Unusable};

/// Zstandard, in the words of both families of types.
const LAYER_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";
const DOCKER_LAYER_ZSTD: &str = "application/vnd.docker.image.rootfs.diff.tar.zstd";

/// Configurations are some kilobytes; registries refuse manifests of this size.
const MAX_CONFIG: u64 = 4 << 20;

/// An image that ours is built on. Its layers stay where they are until they are copied.
#[derive(Debug)]
pub struct Base {
    registry: Registry,
    name: String,
    digest: String,
    layers: Vec<Layer>,
    config: BaseConfig,
}

impl Base {
    /// Finds the image for a machine. Of an index, it is the entry for `linux/<architecture>`.
    ///
    /// # Errors
    /// If the registry does not give it, or if it is no image that a layer can be put on.
    pub async fn pull(
        reference: &Reference,
        access: &Access,
        architecture: Architecture,
    ) -> Result<Self, ImageError> {
        let name = reference.to_string();
        let unusable = |why| ImageError::Base { reference: name.clone(), why };
        let mut registry = access.registry(reference)?;
        let (mut manifest, mut digest) = registry.manifest().await?;
        if let OciManifest::ImageIndex(index) = &manifest {
            let entry = for_machine(index, architecture).map_err(unusable)?;
            registry = access.registry(&reference.clone_with_digest(entry.digest.clone()))?;
            (manifest, digest) = registry.manifest().await?;
        }
        let OciManifest::Image(manifest) = manifest else {
            return Err(unusable(Unusable::NotForMachine { architecture }));
        };
        let OciImageManifest { media_type, config, layers, .. } = manifest;
        is_one_of(media_type.as_deref(), &[OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE])
            .map_err(unusable)?;
        is_one_of(Some(&config.media_type), &[IMAGE_CONFIG_MEDIA_TYPE, IMAGE_DOCKER_CONFIG_MEDIA_TYPE])
            .map_err(unusable)?;
        let layers = layers.iter().map(layer).collect::<Result<Vec<_>, _>>().map_err(unusable)?;
        let (config_digest, size) = blob_of(&config).map_err(unusable)?;
        if size > MAX_CONFIG {
            return Err(unusable(Unusable::Config));
        }
        let text = collect(registry.blob(config_digest, size).await?)
            .await
            .map_err(|broken| registry.broken(broken))?;
        let config = BaseConfig::read(&text, layers.len(), architecture).map_err(unusable)?;
        Ok(Self { registry, name, digest, layers, config })
    }

    /// The reference that it was asked for by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `sha256:…` of its manifest for the machine.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    pub(crate) fn config(&self) -> &BaseConfig {
        &self.config
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The bytes of a layer; wrong ones end in an error before their end.
    pub(crate) async fn layer(&self, digest: &str, size: u64) -> Result<Pieces, ImageError> {
        self.registry.blob(digest, size).await
    }
}

fn for_machine(index: &OciImageIndex, architecture: Architecture) -> Result<&ImageIndexEntry, Unusable> {
    let entry = index.manifests.iter().find(|entry| {
        entry.platform.as_ref().is_some_and(|platform| {
            platform.os.to_string() == "linux" && platform.architecture.to_string() == architecture.name()
        })
    });
    let entry = entry.ok_or(Unusable::NotForMachine { architecture })?;
    if blob::is_sha256(&entry.digest) { Ok(entry) } else { Err(Unusable::Descriptor) }
}

fn is_one_of(found: Option<&str>, known: &[&str]) -> Result<(), Unusable> {
    match found {
        Some(found) if !known.contains(&found) => Err(Unusable::MediaType(shortened(found))),
        // Old registries leave it out; the form was that of a manifest.
        _ => Ok(()),
    }
}

/// The layer of a descriptor, under the name that OCI has for its type: the bytes are the same in both families.
fn layer(descriptor: &OciDescriptor) -> Result<Layer, Unusable> {
    let known = BTreeMap::from([
        (IMAGE_LAYER_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE),
        (IMAGE_LAYER_GZIP_MEDIA_TYPE, IMAGE_LAYER_GZIP_MEDIA_TYPE),
        (LAYER_ZSTD, LAYER_ZSTD),
        (IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE),
        (IMAGE_DOCKER_LAYER_GZIP_MEDIA_TYPE, IMAGE_LAYER_GZIP_MEDIA_TYPE),
        (DOCKER_LAYER_ZSTD, LAYER_ZSTD),
    ]);
    let media_type = descriptor.media_type.as_str();
    let Some(media_type) = known.get(media_type) else {
        return Err(Unusable::MediaType(shortened(media_type)));
    };
    let (digest, size) = blob_of(descriptor)?;
    Ok(Layer { digest: digest.to_owned(), size, media_type: (*media_type).to_owned() })
}

fn blob_of(descriptor: &OciDescriptor) -> Result<(&str, u64), Unusable> {
    match u64::try_from(descriptor.size) {
        Ok(size) if blob::is_sha256(&descriptor.digest) => Ok((&descriptor.digest, size)),
        _ => Err(Unusable::Descriptor),
    }
}

fn shortened(text: &str) -> String {
    text.escape_debug().take(100).collect()
}

async fn collect(mut pieces: Pieces) -> Result<Vec<u8>, blob::Broken> {
    let mut all = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece: Bytes = piece?;
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

//! Bringing an image to a registry. Blobs that are there are not sent again, and the manifest comes last: whoever pulls finds
//! either the image before or the whole new one.

use bytes::Bytes;
use http::HeaderValue;
use oci_client::Reference;
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;

use crate::blob::Reason;
use crate::image::{Blob, Image, Source};
use crate::registry::{Access, Registry};
use crate::{Base, ImageError};

/// What a push came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The image where it is now, pinned.
    pub reference: Reference,
    /// Digests of the blobs that were sent.
    pub sent: Vec<String>,
    /// Digests of the blobs that the registry took over from another repository of its own.
    pub mounted: Vec<String>,
    /// Digests of the blobs that were there.
    pub present: Vec<String>,
    /// Whether the reference had this very image before.
    pub unchanged: bool,
}

/// How a blob came to be where it should be.
enum Way {
    Present,
    Mounted,
    Sent,
}

/// Brings an image to a reference.
///
/// # Errors
/// If the reference has no tag or is pinned to another image, or if a registry does not give or take what it should.
pub async fn push(image: &Image, reference: &Reference, access: &Access) -> Result<Pushed, ImageError> {
    let pinned = image.pin(reference)?;
    let Some(tag) = reference.tag() else {
        return Err(ImageError::NoTag { reference: reference.to_string() });
    };
    let tagged = Reference::with_tag(
        reference.registry().to_owned(),
        reference.repository().to_owned(),
        tag.to_owned(),
    );
    let target = access.registry(&tagged)?;
    let (mut sent, mut mounted, mut present) = (Vec::new(), Vec::new(), Vec::new());
    for blob in image.blobs() {
        let digest = blob.digest.to_owned();
        match bring(&target, blob).await? {
            Way::Present => present.push(digest),
            Way::Mounted => mounted.push(digest),
            Way::Sent => sent.push(digest),
        }
    }
    let unchanged = target.current_digest().await.as_deref() == Some(image.digest());
    if !unchanged {
        let manifest = Bytes::copy_from_slice(image.manifest());
        let media_type = HeaderValue::from_static(OCI_IMAGE_MEDIA_TYPE);
        let done = target.client().await.push_manifest_raw(&tagged, manifest, media_type).await;
        done.map_err(|error| target.failed("push", &error))?;
    }
    Ok(Pushed { reference: pinned, sent, mounted, present, unchanged })
}

async fn bring(target: &Registry, blob: Blob<'_>) -> Result<Way, ImageError> {
    let Blob { digest, size, source } = blob;
    let client = target.client().await;
    let here = target.reference();
    // Some registries refuse this question for a repository that is not there yet. What else is wrong, sending will show.
    if client.blob_exists(here, digest).await.unwrap_or(false) {
        return Ok(Way::Present);
    }
    match source {
        Source::Here(bytes) => {
            let sent = client.push_blob(here, bytes, digest).await;
            sent.map_err(|error| target.failed("push", &error))?;
        }
        Source::Base(base) => {
            let from = base.registry().reference();
            // A registry may always decline; then the blob is sent.
            if from.resolve_registry() == here.resolve_registry()
                && client.mount_blob(here, from, digest).await.is_ok()
            {
                return Ok(Way::Mounted);
            }
            copy(base, target, digest, size).await?;
        }
    }
    Ok(Way::Sent)
}

/// Sends a blob of the base as it comes, without keeping it.
async fn copy(base: &Base, target: &Registry, digest: &str, size: u64) -> Result<(), ImageError> {
    let reason = Reason::default();
    let pieces = reason.keep(base.layer(digest, size).await?);
    let sent = target.client().await.push_blob_stream(target.reference(), pieces, digest, Some(size)).await;
    sent.map(|_| ()).map_err(|error| match reason.take() {
        // The target only saw a request that broke off.
        Some(broken) => base.registry().broken(broken),
        None => target.failed("push", &error),
    })
}

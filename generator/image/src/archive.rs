//! Images as OCI image layouts in a tar archive: what container runtimes, `kind` and `skopeo` import.

use std::collections::BTreeMap;
use std::io::{self, Write};

use futures_util::StreamExt;
use oci_client::Reference;
use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE};
use serde::Serialize;

use crate::image::{Blob, Image, Source};
use crate::{ImageError, tarball};

/// The name that containerd, and with it `kind` and a kubelet, gives to what it imports.
const CONTAINERD_NAME: &str = "io.containerd.image.name";
/// The name of an image within a layout.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u8,
    media_type: &'a str,
    manifests: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    media_type: &'a str,
    digest: &'a str,
    size: usize,
    annotations: BTreeMap<&'a str, String>,
}

/// Writes an archive that gives the image this name. It is the same to the byte for the same image and name.
///
/// # Errors
/// If the reference is pinned to another image, the archive cannot be written, or the base's registry does not give a layer.
pub async fn archive(image: &Image, reference: &Reference, out: impl Write) -> Result<(), ImageError> {
    let mut tar = tarball::Writer::new(out);
    tar.file("oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    tar.file("index.json", 0o644, &index(image, reference)?)?;
    tar.folder("blobs/")?;
    tar.folder("blobs/sha256/")?;
    tar.file(&path(image.digest()), 0o644, image.manifest())?;
    for Blob { digest, size, source } in image.blobs() {
        match source {
            Source::Here(bytes) => tar.file(&path(digest), 0o644, &bytes)?,
            Source::Base(base) => {
                tar.begin(&path(digest), 0o644, size)?;
                let mut pieces = base.layer(digest, size).await?;
                while let Some(piece) = pieces.next().await {
                    tar.piece(&piece.map_err(|broken| base.registry().broken(broken))?)?;
                }
                tar.end(size)?;
            }
        }
    }
    tar.finish().and_then(|mut out| io::Write::flush(&mut out))?;
    Ok(())
}

fn path(digest: &str) -> String {
    format!("blobs/{}", digest.replacen(':', "/", 1))
}

/// The image under its tag, and under its digest: a pod may name either, and what was imported under the one only is not found
/// by the other.
fn index(image: &Image, reference: &Reference) -> Result<Vec<u8>, ImageError> {
    let pinned = image.pin(reference)?;
    let repository = format!("{}/{}", pinned.registry(), pinned.repository());
    let entry = |annotations| Entry {
        media_type: OCI_IMAGE_MEDIA_TYPE,
        digest: image.digest(),
        size: image.manifest().len(),
        annotations,
    };
    let tagged = pinned.tag().map(|tag| {
        let names = [(CONTAINERD_NAME, format!("{repository}:{tag}")), (REF_NAME, tag.to_owned())];
        entry(BTreeMap::from(names))
    });
    let by_digest = entry(BTreeMap::from([(CONTAINERD_NAME, format!("{repository}@{}", image.digest()))]));
    Ok(serde_json::to_vec(&Index {
        schema_version: 2,
        media_type: OCI_IMAGE_INDEX_MEDIA_TYPE,
        manifests: tagged.into_iter().chain([by_digest]).collect(),
    })?)
}

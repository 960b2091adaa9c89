//! Puts static programs into a container image and brings the image to where clusters find it.
//!
//! An [`Image`] is made of [`Contents`] alone, or of these on a [`Base`]. What is made is the same to the byte for the same
//! contents and base: no clock, no file system, no environment goes in. [`push`] brings it to a registry, [`archive`] into an
//! OCI image layout. Nothing here executes a program of an image, unpacks a base, or prints.

#![forbid(unsafe_code)]

mod archive;
mod base;
mod blob;
mod config;
mod error;
mod image;
mod program;
mod push;
mod registry;
mod tarball;

pub use archive::archive;
pub use base::Base;
pub use error::{ImageError, Problem, Unusable};
pub use image::{Contents, Image, Layer};
pub use oci_client::Reference;
pub use program::{Architecture, Program};
pub use push::{Pushed, push};
pub use registry::Access;

/// The reference that a text stands for; a registry that it does not name is Docker Hub, a tag that it does not name `latest`.
///
/// # Errors
/// If it is no reference, or pins the image by something else than a SHA-256.
pub fn reference(text: &str) -> Result<Reference, ImageError> {
    let invalid = || ImageError::NotAReference { found: text.escape_debug().take(200).collect() };
    let reference: Reference = text.parse().map_err(|_| invalid())?;
    if reference.digest().is_some_and(|digest| !blob::is_sha256(digest)) {
        return Err(invalid());
    }
    Ok(reference)
}

/// What a reference means now: the same, with the digest that its registry gives. One that has a digest is returned as it is.
///
/// # Errors
/// If the registry does not answer, or has no such image.
pub async fn pinned(reference: &Reference, access: &Access) -> Result<Reference, ImageError> {
    if reference.digest().is_some() {
        return Ok(reference.clone());
    }
    let (_manifest, digest) = access.registry(reference)?.manifest().await?;
    Ok(reference.clone_with_digest(digest))
}

//! Digests, and streams of blobs whose end nobody is given before all of it is known to be right.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use data_encoding::HEXLOWER;
use futures_util::stream::{self, Stream, StreamExt};
use oci_client::errors::OciDistributionError;
use sha2::{Digest, Sha256};

/// `sha256:` and the digest of these bytes.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(bytes)))
}

/// Whether a text is `sha256:` and 64 lower-case hexadecimal digits; such a text can be part of a path.
pub(crate) fn is_sha256(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// Pieces of a blob as a registry sends them.
pub(crate) type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, Broken>> + Send>>;

/// Why a stream of a blob ended before its time.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Broken {
    /// The connection did.
    #[error("the connection broke: {0}")]
    Connection(String),
    /// What came is not what was announced.
    #[error("{0}")]
    Damaged(String),
}

struct Held {
    pieces: Pieces,
    /// What came, but was not given away: the last piece stays here until all is known to be right.
    piece: Option<Bytes>,
    seen: u64,
}

/// The same pieces, of which there must be `size` bytes. Whatever fails, the size or the stream itself, fails before the last
/// piece is given away: nobody can have been given the whole of a wrong blob.
pub(crate) fn held(pieces: Pieces, size: u64) -> Pieces {
    let start = Held { pieces, piece: None, seen: 0 };
    Box::pin(stream::try_unfold(Some(start), move |state| async move {
        let Some(mut state) = state else { return Ok(None) };
        while let Some(piece) = state.pieces.next().await.transpose()? {
            state.seen += piece.len() as u64;
            if state.seen > size {
                return Err(Broken::Damaged(format!("a blob has more than its {size} bytes")));
            }
            if let Some(before) = state.piece.replace(piece) {
                return Ok(Some((before, Some(state))));
            }
        }
        let Held { pieces: _, piece, seen } = state;
        if seen < size {
            return Err(Broken::Damaged(format!("a blob ends after {seen} of {size} bytes")));
        }
        Ok(piece.map(|last| (last, None)))
    }))
}

/// Why a stream broke, for whoever handed it to a client that reports nothing but a failed request.
#[derive(Clone, Default)]
pub(crate) struct Reason(Arc<Mutex<Option<Broken>>>);

impl Reason {
    /// The pieces for a client; why they end too early is kept here.
    pub(crate) fn keep(
        &self,
        pieces: Pieces,
    ) -> impl Stream<Item = Result<Bytes, OciDistributionError>> + Send + use<> {
        let kept = self.clone();
        pieces.map(move |piece| {
            piece.map_err(|broken| {
                let error = OciDistributionError::GenericError(Some(broken.to_string()));
                *kept.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(broken);
                error
            })
        })
    }

    /// What was kept.
    pub(crate) fn take(&self) -> Option<Broken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(mut pieces: Vec<Result<&'static [u8], Broken>>, size: u64) -> (Vec<u8>, Option<Broken>) {
        let pieces = pieces.drain(..).map(|piece| piece.map(Bytes::from_static)).collect::<Vec<_>>();
        let mut held = held(Box::pin(stream::iter(pieces)), size);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut all = Vec::new();
            while let Some(piece) = held.next().await {
                match piece {
                    Ok(piece) => all.extend_from_slice(&piece),
                    Err(broken) => return (all, Some(broken)),
                }
            }
            (all, None)
        })
    }

    #[test]
    fn what_is_right_comes_through_whole() {
        for pieces in [vec![Ok(&b"abcdef"[..])], vec![Ok(b"ab"), Ok(b""), Ok(b"cd"), Ok(b"ef")]] {
            let (all, broken) = run(pieces, 6);
            assert_eq!((all.as_slice(), broken.is_none()), (&b"abcdef"[..], true));
        }
        assert!(run(Vec::new(), 0).1.is_none());
    }

    #[test]
    fn what_is_wrong_never_comes_through_whole() {
        let damaged = || Err(Broken::Damaged("the digest differs".into()));
        for (pieces, size) in [
            (vec![Ok(&b"abcdef"[..]), damaged()], 6),
            (vec![Ok(b"ab"), Ok(b"cd"), Ok(b"ef"), damaged()], 6),
            (vec![Ok(b"ab"), Ok(b"cd")], 6),
            (vec![Ok(b"ab"), Ok(b"cd"), Ok(b"ef"), Ok(b"gh")], 6),
            (vec![Ok(b"abcdef")], 5),
            (vec![Ok(b"abcdef")], 7),
            (vec![], 6),
        ] {
            let given: usize = pieces.iter().map(|piece| piece.as_ref().map_or(0, |piece| piece.len())).sum();
            let (all, broken) = run(pieces, size);
            assert!(matches!(broken, Some(Broken::Damaged(_))), "{given}, {size}");
            assert!(all.len() < given.max(1), "{given}, {size}");
        }
    }

    #[test]
    fn only_digests_are_digests() {
        assert!(is_sha256(&sha256(b"")));
        for text in ["", "sha256:", &sha256(b"").to_uppercase(), &sha256(b"")[..70], "sha256:../../x"] {
            assert!(!is_sha256(text), "{text}");
        }
    }
}

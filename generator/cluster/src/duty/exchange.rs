//! The conversation with an administrative pod: a line of JSON and bytes each way (`assay_contract::duties`).

use std::io;

use assay_contract::Digest;
use assay_contract::duties::{Answer, DOCUMENTS_CAP, Document, LINE_CAP, PART_CAP, Request};
use kube::api::AttachedProcess;
use sha2::{Digest as _, Sha256};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader,
};

/// Bytes on their way in one direction.
pub(super) const BUFFER: usize = 256 << 10;
/// How much of what a pod says on its error stream is kept.
const SAID: u64 = 4 << 10;

/// What a pod answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// The bytes of its documents, in their order.
    pub parts: Vec<Vec<u8>>,
}

/// A conversation that did not come to its end.
#[derive(Debug, Default)]
pub struct Broken {
    /// What the pod said on its error stream; its start.
    pub said: String,
    why: Option<io::Error>,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.why {
            Some(why) => why.fmt(f),
            None => f.write_str("it said nothing"),
        }
    }
}

impl std::error::Error for Broken {}

pub(super) async fn exchange(
    mut attached: AttachedProcess,
    request: &Request,
    parts: &[&[u8]],
) -> Result<Reply, Broken> {
    let (stdin, stdout, stderr) = (attached.stdin(), attached.stdout(), attached.stderr());
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(Broken::default());
    };
    let mut said = Vec::new();
    let talked = {
        let talk = async {
            // A pod that refuses early may answer before everything is sent; it goes on reading.
            let (_sent, reply) =
                tokio::join!(send(&mut stdin, request, parts), receive(BufReader::new(stdout)));
            // It stays until we hang up, so that nothing of its answer is lost.
            let _hung_up = stdin.shutdown().await;
            reply
        };
        tokio::select! {
            talked = talk => talked,
            never = listen(stderr, &mut said) => match never {},
        }
    };
    talked.map_err(|why| Broken { said: String::from_utf8_lossy(&said).into_owned(), why: Some(why) })
}

async fn send(to: &mut (impl AsyncWrite + Unpin), request: &Request, parts: &[&[u8]]) -> io::Result<()> {
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    for part in parts {
        to.write_all(part).await?;
    }
    to.flush().await
}

/// Reads an answer, and holds each part against what its line says.
async fn receive(mut from: impl AsyncBufRead + Unpin) -> io::Result<Reply> {
    let mut line = Vec::new();
    (&mut from).take(LINE_CAP).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let answer: Answer = serde_json::from_slice(&line)?;
    let mut parts = Vec::new();
    if let Answer::Documents { documents } = &answer {
        let many = u64::try_from(documents.len()).is_ok_and(|count| count > DOCUMENTS_CAP);
        if many || documents.iter().any(|document| document.bytes > PART_CAP) {
            return Err(io::Error::other("the answer is larger than any answer may be"));
        }
        for Document { name, digest, bytes } in documents {
            let mut part = Vec::new();
            (&mut from).take(*bytes).read_to_end(&mut part).await?;
            if u64::try_from(part.len()).is_ok_and(|length| length < *bytes) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if sha256(&part).as_ref() != Some(digest) {
                return Err(io::Error::other(format!("{} arrived damaged", name.escape_debug())));
            }
            parts.push(part);
        }
    }
    Ok(Reply { answer, parts })
}

fn sha256(bytes: &[u8]) -> Option<Digest> {
    Digest::new(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()).ok()
}

/// Takes in what is said for as long as anybody talks; its end is no news.
async fn listen(mut stderr: impl AsyncRead + Unpin, said: &mut Vec<u8>) -> std::convert::Infallible {
    let _cut = (&mut stderr).take(SAID).read_to_end(said).await;
    let _rest = tokio::io::copy(&mut stderr, &mut tokio::io::sink()).await;
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(parts: &[&[u8]]) -> Vec<u8> {
        let documents = parts.iter().map(|part| Document {
            name: "x.json".into(),
            digest: sha256(part).unwrap(),
            bytes: u64::try_from(part.len()).unwrap(),
        });
        let mut message = serde_json::to_vec(&Answer::Documents { documents: documents.collect() }).unwrap();
        message.push(b'\n');
        message.extend(parts.concat());
        message
    }

    fn received(bytes: &[u8]) -> io::Result<Reply> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(receive(bytes))
    }

    #[test]
    fn a_whole_answer_arrives_and_a_cut_or_changed_one_does_not() {
        let message = answer(&[b"one", b"two"]);
        assert_eq!(received(&message).unwrap().parts, [b"one", b"two"]);
        for cut in 0..message.len() {
            assert!(received(&message[..cut]).is_err(), "{cut}");
        }
        let mut changed = message.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert!(received(&changed).unwrap_err().to_string().contains("damaged"));
    }
}

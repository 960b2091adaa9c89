//! `assay receipt`.

use std::path::{Path, PathBuf};

use assay_contract::Exit;
use assay_contract::receipts::{CasesCounted, Concluded, Received, Statement, Ticket};
use assay_core::assignment::Content;
use assay_receipt::{PublicKey, SigningKey};
use serde::Serialize;

use crate::args::{Receipt, ReceiptCommand};
use crate::console::Console;
use crate::error::{CliError, read_file};
use crate::files;

#[derive(Serialize)]
struct VerifiedReceipt<'a> {
    key: String,
    #[serde(flatten)]
    statement: &'a Statement,
}

#[derive(Serialize)]
struct NewKey {
    key: String,
    public: String,
}

pub(crate) fn run(console: &Console, args: &Receipt) -> Result<Exit, CliError> {
    match &args.command {
        ReceiptCommand::Key { to } => new_key(console, to),
        ReceiptCommand::Verify { file, key, zip } => verify(console, file, key, zip.as_deref()),
    }
}

/// The private key is in the file and nowhere else: a terminal or a log would keep it.
fn new_key(console: &Console, to: &Path) -> Result<Exit, CliError> {
    let key = SigningKey::from_seed(files::random()?);
    files::create_private(to, key.to_pem().as_bytes())
        .map_err(|error| CliError::io(format!("cannot write {}", to.display()), error))?;
    let public = key.public();
    console.note(&format!("the private key {} is in {}", public.id(), to.display()));
    let new = NewKey { key: public.id().to_string(), public: public.to_pem() };
    console.data(&new, || new.public.clone())?;
    Ok(Exit::Done)
}

fn verify(console: &Console, file: &Path, key: &[PathBuf], zip: Option<&Path>) -> Result<Exit, CliError> {
    let keys = key.iter().map(|path| public_key(path)).collect::<Result<Vec<_>, _>>()?;
    let text = read_file(file, Exit::Io)?;
    let verified = assay_receipt::verify(text.as_bytes(), &keys).map_err(|error| {
        CliError::new(Exit::ReceiptInvalid, format!("{} is no valid receipt", file.display())).because(error)
    })?;
    if let Some(zip) = zip {
        let bytes =
            std::fs::read(zip).map_err(|e| CliError::io(format!("cannot read {}", zip.display()), e))?;
        let actual = Content::new(bytes);
        if actual.digest().as_str() != digest_of(&verified.statement) {
            let message = format!("the receipt is for another submission than {}", zip.display());
            return Err(CliError::new(Exit::ReceiptInvalid, message));
        }
    }
    let report = VerifiedReceipt { key: verified.key_id.to_string(), statement: &verified.statement };
    console.data(&report, || text_of(&verified.statement, &report.key))?;
    Ok(Exit::Done)
}

fn public_key(path: &Path) -> Result<PublicKey, CliError> {
    let text = read_file(path, Exit::Key)?;
    PublicKey::from_pem(&text).map_err(|error| {
        CliError::new(Exit::Key, format!("{} is no public key", path.display()))
            .because(error)
            .hint("give an Ed25519 key as `openssl pkey -pubout` writes it")
    })
}

fn digest_of(statement: &Statement) -> &str {
    match statement {
        Statement::Received(received) => received.digest.as_str(),
        Statement::Concluded(concluded) => concluded.digest.as_str(),
        Statement::Ticket(ticket) => ticket.digest.as_str(),
    }
}

fn text_of(statement: &Statement, key: &str) -> String {
    let what = match statement {
        Statement::Received(Received { student, assignment, digest, handed_in, refused, .. }) => {
            let fate = refused.as_ref().map_or("taken".to_owned(), |code| format!("refused: {code}"));
            format!("received from {student} for {assignment}: {digest}, handed in {handed_in}, {fate}")
        }
        Statement::Concluded(Concluded {
            student,
            assignment,
            digest,
            cases,
            verdict,
            thousandths,
            max_thousandths,
            ..
        }) => {
            let of = match cases {
                CasesCounted::All => "",
                CasesCounted::Shown => " of the cases that were shown",
            };
            let points = |n: &u32| assay_contract::Points::from_thousandths(*n).unwrap_or_default();
            format!(
                "concluded for {student}, {assignment}: {digest}, {verdict}, {} of {} points{of}",
                points(thousandths),
                points(max_thousandths)
            )
        }
        Statement::Ticket(Ticket { job, assignment, student, digest, handed_in }) => {
            format!("ticket of {student} for {assignment}: {digest}, handed in {handed_in}, job {job}")
        }
    };
    format!("{what}\nsigned by key {key}\n")
}

//! The words that are planted, and the search for them.

use assay_receipt::SigningKey;
use data_encoding::{BASE64, BASE64URL, HEXLOWER};
use libtest_mimic::Trial;
use serde_json::Value;

pub(super) fn trials() -> Vec<Trial> {
    trials![t4_f2_the_search_finds_every_secret_however_it_is_wrapped]
}

/// What a word was planted in, and so who may read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Answers, points and names of cases that a student is never shown, and the salt.
    Hidden,
    /// The same of cases that are shown from the due date on.
    UntilDue,
    /// The input of a case that a student is never shown; its program may read it.
    Input,
    /// The same of cases that are shown from the due date on.
    InputUntilDue,
    /// Names and values of the environment of the engine's caller, and of trusted stages.
    Environment,
    /// The name of the machine.
    Host,
    /// Folders of the machine: the author's, the student's, the home, those for temporary files and for what is kept.
    Folder,
    /// Other students.
    Student,
}

pub(super) const NAME_OF_CALLER: &str = "CANARY_NAME_OF_CALLER";
pub(super) const VALUE_OF_CALLER: &str = "canary-value-of-caller";
pub(super) const NAME_OF_STAGE: &str = "CANARY_NAME_OF_STAGE";
pub(super) const VALUE_OF_STAGE: &str = "canary-value-of-stage";
pub(super) const INPUT: &str = "canary-input-of-case";
pub(super) const HOST: &str = "canary-host";
pub(super) const FOLDER: &str = "canary-folder";
pub(super) const STUDENT: &str = "canary-student";

/// Every word. A signing key is no word: it is new for every job.
pub(super) const WORDS: [(Kind, &str); 18] = [
    (Kind::Hidden, "canary-answer-inline"),
    (Kind::Hidden, "canary-answer-verdict"),
    (Kind::Hidden, "canary-name"),
    (Kind::Hidden, "73217.649"),
    // Receipts count in thousandths.
    (Kind::Hidden, "73217649"),
    (Kind::Hidden, "badc0ffee0ddf00d"),
    (Kind::UntilDue, "canary-answer-file"),
    (Kind::UntilDue, "canary-group"),
    (Kind::UntilDue, "canary-path"),
    (Kind::Input, INPUT),
    (Kind::InputUntilDue, "canary-input-of-group"),
    (Kind::Environment, NAME_OF_CALLER),
    (Kind::Environment, VALUE_OF_CALLER),
    (Kind::Environment, NAME_OF_STAGE),
    (Kind::Environment, VALUE_OF_STAGE),
    (Kind::Host, HOST),
    (Kind::Folder, FOLDER),
    (Kind::Student, STUDENT),
];

/// How much is told of what a secret was found in, on either side and in bytes.
const AROUND: usize = 300;

/// What must not be found somewhere.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    /// In lower case, as what is searched is made too: nothing is less told in capitals.
    words: Vec<String>,
    keys: Vec<[u8; 32]>,
}

impl Secrets {
    /// The words of these kinds.
    pub(super) fn of(kinds: impl Fn(Kind) -> bool) -> Secrets {
        let words = WORDS.iter().filter(|(kind, _)| kinds(*kind)).map(|(_, word)| word.to_ascii_lowercase());
        Secrets { words: words.collect(), keys: Vec::new() }
    }

    /// What no student may read.
    pub(super) fn of_students() -> Secrets {
        Secrets::of(|_| true)
    }

    /// What no student may read once the due date has passed.
    pub(super) fn of_students_when_due() -> Secrets {
        Secrets::of(|kind| !matches!(kind, Kind::UntilDue | Kind::InputUntilDue))
    }

    /// What no program of a student may read; it is given its input.
    pub(super) fn of_programs() -> Secrets {
        Secrets::of(|kind| !matches!(kind, Kind::Input | Kind::InputUntilDue))
    }

    /// And this key, in every way in which a program would write it.
    pub(super) fn and_key(mut self, seed: [u8; 32]) -> Secrets {
        let decimals: Vec<String> = seed.iter().map(u8::to_string).collect();
        let pem = SigningKey::from_seed(seed).to_pem();
        // What a PEM file begins with is the same for all keys; its one line of text ends with the key's last 30 bytes.
        let line = pem.lines().nth(1).expect("a PEM file has a line of text");
        // The last digits of the key alone depend on what follows.
        let alone = &BASE64.encode(&seed)[..42];
        let spellings = [
            HEXLOWER.encode(&seed),
            alone.to_owned(),
            BASE64URL.encode(&seed)[..42].to_owned(),
            line[line.len() - 40..].to_owned(),
            decimals.join(","),
            decimals.join(", "),
        ];
        self.words.extend(spellings.map(|word| word.to_ascii_lowercase()));
        self.keys.push(seed);
        self
    }

    /// And this word.
    pub(super) fn and(mut self, word: &str) -> Secrets {
        self.words.push(word.to_ascii_lowercase());
        self
    }

    /// The first secret in `bytes` or in what they wrap, and what it stands in.
    fn found_in(&self, bytes: &[u8]) -> Option<(&str, String)> {
        let wrapped = unwrapped(bytes);
        let mut layers = std::iter::once(bytes).chain(wrapped.iter().map(Vec::as_slice));
        layers.find_map(|layer| {
            if self.keys.iter().any(|key| layer.windows(key.len()).any(|part| part == key)) {
                return Some(("the bytes of the signing key", String::new()));
            }
            let text = String::from_utf8_lossy(layer).to_ascii_lowercase();
            let (word, at) = self.words.iter().find_map(|word| Some((word, text.find(word)?)))?;
            let begins = text.floor_char_boundary(at.saturating_sub(AROUND));
            let ends = text.ceil_char_boundary(at + word.len() + AROUND);
            Some((word.as_str(), text[begins..ends].to_owned()))
        })
    }

    #[track_caller]
    pub(super) fn are_not_in(&self, what: &str, bytes: &[u8]) {
        if let Some((secret, around)) = self.found_in(bytes) {
            panic!("{what} tells {secret}: …{around}…");
        }
    }
}

/// What stands in the texts of a document in Base64, as in receipts.
fn unwrapped(bytes: &[u8]) -> Vec<Vec<u8>> {
    fn collect(value: &Value, into: &mut Vec<Vec<u8>>) {
        match value {
            Value::String(text) => into.extend(BASE64.decode(text.as_bytes())),
            Value::Array(values) => values.iter().for_each(|value| collect(value, into)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = Vec::new();
    if let Ok(document) = serde_json::from_slice(bytes) {
        collect(&document, &mut found);
    }
    found
}

/// A search that finds nothing anywhere proves nothing.
fn t4_f2_the_search_finds_every_secret_however_it_is_wrapped() {
    let seed: [u8; 32] =
        std::array::from_fn(|at| 0xa7_u8.wrapping_mul(u8::try_from(at).expect("32 is small")));
    let secrets = Secrets::of_students().and_key(seed);
    let receipt = |text: &str| format!(r#"{{"payload": ["{}"]}}"#, BASE64.encode(text.as_bytes()));
    for word in &secrets.words {
        for text in [word.clone(), word.to_ascii_uppercase(), format!("x{word}x"), receipt(word)] {
            assert!(secrets.found_in(text.as_bytes()).is_some(), "{word} is not found in {text}");
        }
    }
    let pem = SigningKey::from_seed(seed).to_pem();
    let pkcs8 = BASE64.decode(pem.lines().nth(1).expect("a line").as_bytes()).expect("Base64");
    let as_json = serde_json::to_vec(&seed).expect("numbers");
    for bytes in [&seed[..], &pkcs8, pem.as_bytes(), &as_json] {
        assert!(secrets.found_in(bytes).is_some(), "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(secrets.found_in(br#"{"payload": "bm90aGluZw==", "points": 73217.648}"#), None);
    assert_eq!(Secrets::of_programs().found_in(INPUT.as_bytes()), None);
}

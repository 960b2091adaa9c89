//! Zips: honest ones unpack to exactly what was packed, hostile ones are refused by their code and leave nothing.

mod builder;
mod honest;
mod hostile;
mod mutated;
mod rows;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use assay_untrusted::Root;
use assay_untrusted::zip::{Budget, Failure, Refusal, Unpacked, unpack};

const BUDGET: Budget = Budget::new(1 << 20, 100);

type Files = BTreeMap<String, Vec<u8>>;

fn on_disk(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// Unpacks, and checks that all is there or nothing.
fn try_unpack(bytes: &[u8], budget: &Budget) -> Result<(Unpacked, Files), Refusal> {
    let folder = tempfile::tempdir().unwrap();
    let root = Root::open(folder.path()).unwrap();
    match unpack(&on_disk(bytes), &root, "tree", budget) {
        Ok(unpacked) => {
            let names: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
            assert_eq!(names, ["tree"]);
            let mut files = Files::new();
            read_tree(&folder.path().join("tree"), "", &mut files);
            let told: Vec<_> = unpacked.files.iter().map(|file| file.path.to_string()).collect();
            assert_eq!(told, files.keys().cloned().collect::<Vec<_>>());
            Ok((unpacked, files))
        }
        Err(Failure::Refused(refusal)) => {
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{refusal}");
            let shown = refusal.to_string();
            assert!(shown.chars().count() < 600, "{shown}");
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            Err(refusal)
        }
        Err(Failure::Failed(error)) => panic!("{error:?}"),
    }
}

fn unpacked(bytes: &[u8]) -> Files {
    try_unpack(bytes, &BUDGET).unwrap_or_else(|refusal| panic!("{refusal}")).1
}

fn code(bytes: &[u8]) -> &'static str {
    try_unpack(bytes, &BUDGET).err().map_or("accepted", |refusal| refusal.code())
}

fn files<const N: usize>(files: [(&str, &str); N]) -> Files {
    files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes.as_bytes().to_vec())).collect()
}

fn read_tree(folder: &Path, prefix: &str, files: &mut Files) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().into_string().unwrap());
        let metadata = entry.path().symlink_metadata().unwrap();
        if metadata.is_dir() {
            assert_eq!(metadata.mode() & 0o7777, 0o755, "{name}");
            read_tree(&entry.path(), &format!("{name}/"), files);
        } else {
            assert!(metadata.is_file(), "{name}");
            assert!(matches!(metadata.mode() & 0o7777, 0o644 | 0o755), "{name}");
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
}

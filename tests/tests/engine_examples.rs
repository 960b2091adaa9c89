//! Every submission of every example gets what its assignment expects, today and tomorrow, as root and as anybody.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Condvar, Mutex};

use assay_contract::Exit;
use assay_tests::bench::{Bench, examples};
use assay_tests::program::Who;
use serde_json::Value;

/// Limits are about time too: however many cores there are, only two examples run at once.
static FREE: (Mutex<u32>, Condvar) = (Mutex::new(2), Condvar::new());

struct Turn;

impl Turn {
    fn take() -> Turn {
        let free = FREE.0.lock().expect("nobody panics while holding it");
        *FREE.1.wait_while(free, |free| *free == 0).expect("nobody panics while holding it") -= 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.0.lock().expect("nobody panics while holding it") += 1;
        FREE.1.notify_one();
    }
}

#[test]
fn wordcount_is_graded_as_its_author_expects_by_everybody_and_again() {
    graded_as_expected("wordcount");
}

#[test]
fn anagrams_is_graded_as_its_author_expects_by_everybody_and_again() {
    graded_as_expected("anagrams");
}

#[test]
fn bank_is_graded_as_its_author_expects_by_everybody_and_again() {
    graded_as_expected("bank");
}

#[test]
fn integrate_is_graded_as_its_author_expects_by_everybody_and_again() {
    graded_as_expected("integrate");
}

#[test]
fn probe_is_graded_as_its_author_expects_by_everybody_and_again() {
    graded_as_expected("probe");
}

#[test]
fn every_example_has_its_test_here() {
    let folders: BTreeSet<String> = folders(&examples());
    assert_eq!(folders, ["anagrams", "bank", "integrate", "probe", "wordcount"].map(String::from).into());
}

fn graded_as_expected(name: &str) {
    let _turn = Turn::take();
    let bench = Bench::empty(Who::Caller);
    let folder = examples().join(name);
    let first = tested(&bench, &folder);
    every_folder_is_a_sample(&folder, &first);
    full_marks_only_for_solutions(&first);

    let again = tested(&bench, &folder);
    assert_eq!(without_measurements(first.clone()), without_measurements(again), "{name}, the second time");

    for who in Who::all().iter().filter(|who| **who != Who::Caller) {
        let bench = Bench::of_example(*who, name);
        let theirs = without_lacks(without_measurements(tested(&bench, &bench.assignment())));
        assert_eq!(without_lacks(without_measurements(first.clone())), theirs, "{name} as {who:?}");
    }
}

fn tested(bench: &Bench, folder: &Path) -> Value {
    let before = bench.listing();
    let args = ["test", "--output", "json", folder.to_str().expect("the path is UTF-8")];
    let finished = bench.run(args);
    assert_eq!(bench.listing(), before, "the runs left something behind");
    let document = finished.document();
    for run in document["runs"].as_array().expect("there are runs") {
        assert_eq!(run["expected"]["met"], true, "{}: {:#}", run["submission"], run["expected"]);
    }
    assert_eq!(document["met"], true);
    finished.ended(Exit::Done);
    document
}

fn every_folder_is_a_sample(folder: &Path, tested: &Value) {
    let runs = tested["runs"].as_array().expect("there are runs").iter();
    let named: BTreeSet<String> = runs
        .filter_map(|run| Some(run["submission"].as_str()?.strip_prefix("submissions/")?.to_owned()))
        .collect();
    assert_eq!(named, folders(&folder.join("submissions")), "samples and folders");
}

fn full_marks_only_for_solutions(tested: &Value) {
    for run in tested["runs"].as_array().expect("there are runs") {
        let full = run["points"] == run["max_points"];
        assert_eq!(
            full,
            run["submission"] == "submissions/solution",
            "{}: {} points",
            run["submission"],
            run["points"]
        );
    }
}

fn folders(above: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(above).expect("an example can be listed").flatten();
    entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().expect("a folder's name is UTF-8"))
        .collect()
}

/// Without everything that may differ between two runs of one submission.
fn without_measurements(mut value: Value) -> Value {
    remove(&mut value, &|key| key == "measured" || key == "measured_stages");
    value
}

/// Without what differs between accounts.
fn without_lacks(mut value: Value) -> Value {
    remove(&mut value, &|key| key == "lacks");
    value
}

fn remove(value: &mut Value, unwanted: &impl Fn(&str) -> bool) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, _| !unwanted(key));
            fields.values_mut().for_each(|value| remove(value, unwanted));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| remove(value, unwanted)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

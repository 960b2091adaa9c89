//! From the tree to the assignment as written: form is checked here, meaning is not.
//!
//! Decoding never stops at a problem: what cannot be understood is reported once and left out.

use std::time::Duration;

use assay_contract::answers::{Compare, ExpectedExit, Show, ShowFrom};
use assay_contract::configuration::Network;
use assay_contract::{API_VERSION, Points, Verdict};

use super::raw::{
    At, RawAssignment, RawBuild, RawCase, RawLate, RawLimits, RawSample, RawSchedule, RawSubmit, RawTest,
    RawText,
};
use super::reader::{Field, Reader};
use super::shapes::{
    ASSIGNMENT, BUILD, CASE, COMPARE, FILE, FILES, LATE, LIMITS, SAMPLE, SCHEDULE, SUBMIT, TEST, TOLERANCE,
};
use super::yaml::Node;
use super::{scalars, yaml};
use crate::diagnostics::{Problem, Source, codes};
use crate::isolation::Isolation;

/// What the source says, as far as it can be understood, and everything that is wrong with its form.
pub(crate) fn decode(source: &Source) -> (Option<RawAssignment>, Vec<Problem>) {
    let (root, problems) = yaml::parse(source);
    let mut reader = Reader::new(source, problems);
    let raw = root.as_ref().and_then(|root| assignment(&mut reader, root));
    (raw, reader.finish())
}

fn assignment(reader: &mut Reader<'_>, root: &Node) -> Option<RawAssignment> {
    let root = reader.root(root);
    reader.refuse_forbidden(&root);
    let map = reader.mapping(&root, &ASSIGNMENT)?;
    if let Some(version) = reader.field(&map, "apiVersion", Reader::text)
        && version.value != API_VERSION
    {
        reader.report(
            Problem::new(
                &codes::API_VERSION,
                &version.place,
                format!("`{}` is no version that this `assay` reads", version.value),
            )
            .hint(format!("write `apiVersion: {API_VERSION}`")),
        );
    }
    Some(RawAssignment {
        id: reader.field(&map, "id", Reader::text),
        title: reader.field(&map, "title", Reader::text),
        description: reader.field(&map, "description", Reader::text),
        salt: reader.field(&map, "salt", Reader::text),
        image: reader.field(&map, "image", Reader::text),
        isolation: reader.field(&map, "isolation", isolation),
        submit: reader.field(&map, "submit", submit),
        schedule: reader.field(&map, "schedule", schedule),
        files: reader.field(&map, "files", Reader::texts).map(|files| files.value).unwrap_or_default(),
        build: reader.field(&map, "build", build),
        test: reader.field(&map, "test", test),
        samples: reader.field(&map, "samples", samples),
    })
}

fn submit(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<RawSubmit> {
    let map = reader.mapping(field, &SUBMIT)?;
    Some(RawSubmit {
        required: reader.field(&map, "required", Reader::texts).map(|list| list.value).unwrap_or_default(),
        allowed: reader.field(&map, "allowed", Reader::texts),
        size: reader.field(&map, "size", size),
        unpacked: reader.field(&map, "unpacked", size),
        files: reader.field(&map, "files", whole),
        attempts: reader.field(&map, "attempts", whole),
        cooldown: reader.field(&map, "cooldown", duration),
    })
}

fn schedule(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<RawSchedule> {
    let map = reader.mapping(field, &SCHEDULE)?;
    let time = |reader: &mut Reader<'_>, field: &Field<'_>| {
        reader.scalar(field, &codes::DATE_INVALID, scalars::local_time)
    };
    Some(RawSchedule {
        zone: reader.field(&map, "zone", Reader::text),
        opens: reader.field(&map, "opens", time),
        due: reader.field(&map, "due", time),
        late: reader.field(&map, "late", late),
    })
}

fn late(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<RawLate>> {
    let map = reader.mapping(field, &LATE)?;
    let penalty = |reader: &mut Reader<'_>, field: &Field<'_>| {
        reader.scalar(field, &codes::PENALTY_INVALID, scalars::penalty)
    };
    let value = RawLate {
        penalty: reader.field(&map, "penalty", penalty),
        until: reader.field(&map, "until", duration),
    };
    Some(At { value, place: field.place.clone() })
}

fn build(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<RawBuild> {
    let map = reader.mapping(field, &BUILD)?;
    Some(RawBuild {
        run: reader.field(&map, "run", Reader::text),
        env: reader.field(&map, "env", env).unwrap_or_default(),
        network: reader.field(&map, "network", network),
        limits: reader.field(&map, "limits", limits).unwrap_or_default(),
    })
}

fn limits(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<RawLimits> {
    let map = reader.mapping(field, &LIMITS)?;
    Some(RawLimits {
        cpu: reader.field(&map, "cpu", duration),
        wall: reader.field(&map, "wall", duration),
        memory: reader.field(&map, "memory", size),
        processes: reader.field(&map, "processes", whole),
        output: reader.field(&map, "output", size),
        disk: reader.field(&map, "disk", size),
    })
}

fn test(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<RawTest> {
    let map = reader.mapping(field, &TEST)?;
    if let Some(mode) = reader.field(&map, "mode", Reader::text) {
        match mode.value.as_str() {
            "sealed" => {}
            "report" => reader.report(
                Problem::new(&codes::MODE_REPORT, &mode.place, "report mode is not in this version")
                    .hint("use `mode: sealed`: run the program itself and compare what it prints"),
            ),
            _ => reader.unknown_word(&mode, &["sealed"]),
        }
    }
    Some(RawTest {
        run: reader.field(&map, "run", Reader::text),
        env: reader.field(&map, "env", env).unwrap_or_default(),
        network: reader.field(&map, "network", network),
        limits: reader.field(&map, "limits", limits).unwrap_or_default(),
        compare: reader.field(&map, "compare", compare),
        exit: reader.field(&map, "exit", exit),
        show: reader.field(&map, "show", show),
        cases: reader.field(&map, "cases", |reader, field| reader.list(field, case)),
    })
}

fn case(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<RawCase> {
    let map = reader.mapping(field, &CASE)?;
    Some(RawCase {
        place: field.place.clone(),
        name: reader.field(&map, "name", Reader::text),
        group: reader.field(&map, "group", Reader::text),
        run: reader.field(&map, "run", Reader::text),
        args: reader.field(&map, "args", Reader::texts).map(|args| args.value).unwrap_or_default(),
        stdin: reader.field(&map, "stdin", text),
        stdout: reader.field(&map, "stdout", text),
        exit: reader.field(&map, "exit", exit),
        compare: reader.field(&map, "compare", compare),
        points: reader.field(&map, "points", points),
        show: reader.field(&map, "show", show),
        from: reader.field(&map, "from", |reader, field| {
            reader.word(field, &[("start", ShowFrom::Start), ("due", ShowFrom::Due)])
        }),
        limits: reader.field(&map, "limits", limits).unwrap_or_default(),
    })
}

/// A text, `{file: …}` or `{files: …}`.
fn text(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<RawText>> {
    let place = field.place.clone();
    let value = if field.is_mapping() {
        let shape = if field.has_key("files") { &FILES } else { &FILE };
        let map = reader.mapping(field, shape)?;
        let named = reader.field(&map, shape.keys[0], Reader::text)?;
        if field.has_key("files") { RawText::Files(named) } else { RawText::File(named) }
    } else {
        RawText::Inline(reader.text(field)?.value)
    };
    Some(At { value, place })
}

/// One of the words, or `{numeric: {…}}`.
fn compare(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<Compare>> {
    if !field.is_mapping() {
        let words = [
            ("exact", Compare::Exact),
            ("trimmed", Compare::Trimmed),
            ("tokens", Compare::Tokens),
            ("regex", Compare::Regex),
        ];
        return reader.word(field, &words);
    }
    let map = reader.mapping(field, &COMPARE)?;
    let (absolute, relative, place) = reader.field(&map, "numeric", |reader, field| {
        let map = reader.mapping(field, &TOLERANCE)?;
        let tolerance = |reader: &mut Reader<'_>, field: &Field<'_>| {
            reader.scalar(field, &codes::NUMBER_INVALID, scalars::tolerance)
        };
        let absolute = reader.field(&map, "absolute", tolerance);
        Some((absolute, reader.field(&map, "relative", tolerance), field.place.clone()))
    })?;
    let zero = |tolerance: Option<At<f64>>| tolerance.map_or(0.0, |at| at.value);
    Some(At { value: Compare::Numeric { absolute: zero(absolute), relative: zero(relative) }, place })
}

fn exit(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<ExpectedExit>> {
    reader.scalar(field, &codes::EXIT_INVALID, |text| match text {
        "any" => Ok(ExpectedExit::Any),
        number => scalars::whole(number)
            .ok()
            .and_then(|number| u8::try_from(number).ok())
            .map(ExpectedExit::Status)
            .ok_or(scalars::Expected("a status from 0 to 255, or `any`")),
    })
}

fn show(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<Show>> {
    let words = [
        ("nothing", Show::Nothing),
        ("verdict", Show::Verdict),
        ("output", Show::Output),
        ("diff", Show::Diff),
    ];
    reader.word(field, &words)
}

fn isolation(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<Isolation>> {
    reader.word(field, &Isolation::ALL.map(|isolation| (isolation.id(), isolation)))
}

fn network(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<Network>> {
    reader.word(field, &[("none", Network::None), ("loopback", Network::Loopback)])
}

fn env(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Vec<(At<String>, At<String>)>> {
    let entries = reader.entries(field)?;
    Some(entries.into_iter().filter_map(|(name, field)| Some((name, reader.text(&field)?))).collect())
}

fn samples(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<Vec<RawSample>>> {
    let entries = reader.entries(field)?;
    let value = entries.into_iter().filter_map(|(folder, field)| sample(reader, folder, &field)).collect();
    Some(At { value, place: field.place.clone() })
}

/// Points alone, or `{points, verdict, cases}`.
fn sample(reader: &mut Reader<'_>, folder: At<String>, field: &Field<'_>) -> Option<RawSample> {
    if !field.is_mapping() {
        let points = points(reader, field);
        return Some(RawSample { folder, points, verdict: None, cases: Vec::new() });
    }
    let map = reader.mapping(field, &SAMPLE)?;
    let cases = reader.field(&map, "cases", |reader, field| {
        let entries = reader.entries(field)?;
        Some(
            entries
                .into_iter()
                .filter_map(|(case, field)| Some((case, verdict(reader, &field)?)))
                .collect::<Vec<_>>(),
        )
    });
    Some(RawSample {
        folder,
        points: reader.field(&map, "points", points),
        verdict: reader.field(&map, "verdict", verdict),
        cases: cases.unwrap_or_default(),
    })
}

fn verdict(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<Verdict>> {
    reader.word(field, &Verdict::ALL.map(|verdict| (verdict.id(), verdict)))
}

fn points(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<Points>> {
    reader.scalar(field, &codes::POINTS_INVALID, |text| {
        text.parse().map_err(|_| scalars::Expected("a number from 0 to 1000000 with at most three decimals"))
    })
}

fn duration(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<Duration>> {
    reader.scalar(field, &codes::DURATION_INVALID, scalars::duration)
}

fn size(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<u64>> {
    reader.scalar(field, &codes::SIZE_INVALID, scalars::size)
}

fn whole(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<At<u64>> {
    reader.scalar(field, &codes::NUMBER_INVALID, scalars::whole)
}

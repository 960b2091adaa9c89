//! Assignments to templates: what can be planned is rendered, what is rendered passes the audit and says what the
//! assignment says; and whatever text passes the audit mounts the table's rows and nothing else.
//!
//! The first byte decides: any text to the audit, a golden template after some damage, or an assignment of any values.

use std::sync::LazyLock;

use arbitrary::{Arbitrary as _, Result, Unstructured};
use assay_contract::{AssignmentId, Digest, Stage, table};
use assay_core::audit::{Finding, audit};
use assay_core::isolation::Isolation;
use assay_core::operator::{Image, Operator};
use assay_core::plan::{DESCRIPTION_CHARACTERS, Described, Needs, Plan, PlanError, TITLE_CHARACTERS};
use assay_core::render::render;
use serde_json::Value;

use crate::edit::{Edit, apply};
use crate::text;

/// Operators that differ in what their templates look like.
static OPERATORS: LazyLock<[Operator; 3]> = LazyLock::new(|| {
    [
        "{}",
        "isolation: {runtime-class: gvisor}\n\
         nodes: {selector: {pool: grading}, tolerations: [{key: pool, value: grading, effect: NoSchedule}]}\n",
        "namespace: other\nregistries: [docker.io]\njob-storage: {class: '1e3'}\nsigning-key: {secret: 'null'}\n",
    ]
    .map(|text| Operator::from_yaml(text).unwrap())
});

const GOLDEN: [&str; 2] = [
    include_str!("../../../generator/core/tests/golden/wordcount.yaml"),
    include_str!("../../../generator/core/tests/golden/wordcount-strict.yaml"),
];

/// Checks one input.
pub fn check(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    match mode % 3 {
        0 => audited(&String::from_utf8_lossy(rest), &OPERATORS[0]),
        1 => drop(damaged(&mut Unstructured::new(rest))),
        _ => drop(
            described(&mut Unstructured::new(rest))
                .map(|(described, operator)| rendered(&described, operator, mode % 2 == 0)),
        ),
    }
}

/// Audits any text. What passes, whoever wrote it, mounts as the table says.
fn audited(text: &str, operator: &Operator) {
    let findings = audit(text, operator);
    for Finding { document, template, field, message, .. } in &findings {
        assert!(*document >= 1);
        assert!(
            [template, field, message].iter().all(|shown| shown.chars().all(text::is_visible)),
            "{message:?}"
        );
    }
    if findings.is_empty() {
        let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
        assert!(!documents.is_empty());
        documents.iter().for_each(mounts_are_the_tables);
    }
}

fn damaged(u: &mut Unstructured<'_>) -> Result<()> {
    let which = usize::from(u.arbitrary::<bool>()?);
    let mut text = GOLDEN[which].as_bytes().to_vec();
    if u.arbitrary()? {
        apply(&mut text, &Vec::<Edit>::arbitrary(u)?);
    } else {
        text = lines_changed(GOLDEN[which], u)?.into_bytes();
    }
    audited(&String::from_utf8_lossy(&text), &OPERATORS[which]);
    Ok(())
}

/// A template that stays YAML: lines left out, doubled, moved, or with another value.
fn lines_changed(text: &str, u: &mut Unstructured<'_>) -> Result<String> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..u.int_in_range(1..=3_u8)? {
        let (at, other) = (u.choose_index(lines.len())?, u.choose_index(lines.len())?);
        match u.int_in_range(0..=4_u8)? {
            0 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[other].clone()),
            2 => lines.swap(at, other),
            3 => lines[at] = lines[at].replace("true", "false"),
            _ => {
                let value =
                    *u.choose(&["true", "null", "[]", "{}", "0", "\"\"", "\"x\"", "1e3", "&a b", "*a"])?;
                if let Some((key, _)) = lines[at].split_once(": ") {
                    lines[at] = format!("{key}: {value}");
                }
            }
        }
    }
    Ok(lines.join("\n") + "\n")
}

fn described(u: &mut Unstructured<'_>) -> Result<(Described, &'static Operator)> {
    let operator = u.choose(&*OPERATORS)?;
    let course = if u.ratio(1, 16)? { format!("claim-{}", text::label(u, 14)?) } else { text::label(u, 20)? };
    let mut needs = || -> Result<Needs> {
        if u.ratio(1, 8)? {
            return Ok(Needs { wall_seconds: u.arbitrary()?, memory_bytes: u.arbitrary()? });
        }
        Ok(Needs { wall_seconds: u.int_in_range(0..=3_000)?, memory_bytes: u.int_in_range(0..=2 << 30)? })
    };
    let (verify, test) = (needs()?, needs()?);
    let described = Described {
        assignment: AssignmentId::new(format!("{course}/{}", text::label(u, 30)?)).unwrap(),
        revision: Digest::new(text::digest(u)?).unwrap(),
        title: text::hostile(u)?,
        description: text::hostile(u)?,
        image: if u.ratio(1, 4)? { text::hostile(u)? } else { image(u)? },
        isolation: if u.arbitrary()? { Some(*u.choose(&Isolation::ALL)?) } else { None },
        verify,
        test,
    };
    Ok((described, operator))
}

fn image(u: &mut Unstructured<'_>) -> Result<String> {
    let mut image = String::new();
    if u.arbitrary()? {
        image.push_str(u.choose(&[
            "localhost/",
            "registry.example.edu:5000/",
            "docker.io/",
            "HUB.example/",
        ])?);
    }
    image.push_str(&text::label(u, 9)?);
    if u.arbitrary()? {
        image.push_str(u.choose(&[":1", ":1e3", ":null", ":2026.1_x-y", ":0x10"])?);
    }
    if u.arbitrary()? {
        image.push_str("@sha256:");
        image.push_str(&text::digest(u)?);
    }
    Ok(image)
}

/// Rendering audits its text itself, and compares the plan that this gives back; reading it once more, with rules of our
/// own, is for half of the inputs, since it costs as much.
fn rendered(described: &Described, operator: &Operator, read_again: bool) {
    let plan = match Plan::new(described, operator) {
        Ok(plan) => plan,
        Err(error) => return refused_for_a_reason(described, operator, &error),
    };
    assert!([&plan.title, &plan.description].iter().all(|text| !text.contains("{{")));
    assert!(plan.title.chars().all(text::is_visible), "{:?}", plan.title);
    let checked = match render(&plan, operator) {
        Ok(checked) => checked,
        Err(error) => panic!("planned, and not rendered: {error}\n{described:#?}"),
    };
    if !read_again {
        return;
    }
    let document: Value = serde_saphyr::from_str(checked.text()).unwrap();
    let annotations = &document["metadata"]["annotations"];
    assert_eq!(annotations["workflows.argoproj.io/title"], described.title.as_str());
    assert_eq!(annotations["workflows.argoproj.io/description"], described.description.as_str());
    assert_eq!(document["metadata"]["name"], checked.name());
    mounts_are_the_tables(&document);
}

/// A plan is refused for what the author wrote, never for a combination of things that are fine.
fn refused_for_a_reason(described: &Described, operator: &Operator, error: &PlanError) {
    let Described { assignment, title, description, image, verify, test, .. } = described;
    let ceilings = &operator.settings().ceilings;
    let needs = [verify, test];
    let reason = match error {
        PlanError::Text { .. } => {
            title.trim().is_empty()
                || title.chars().count() > TITLE_CHARACTERS
                || description.chars().count() > DESCRIPTION_CHARACTERS
                || [title, description].iter().any(|text| {
                    text.contains("{{")
                        || text.contains(['\u{fffe}', '\u{ffff}'])
                        || !text.chars().all(text::is_visible)
                })
        }
        PlanError::Image(_) => Image::new(image.as_str()).is_err(),
        PlanError::Registry { registry, .. } => {
            !operator.settings().registries.is_empty() && !operator.settings().registries.contains(registry)
        }
        PlanError::Deadline { .. } => {
            let start = operator.settings().slack.start_seconds;
            needs.iter().any(|needs| needs.wall_seconds.saturating_add(start) > ceilings.deadline_seconds)
        }
        PlanError::Memory { .. } => {
            let tool = operator.settings().slack.memory.bytes();
            needs.iter().any(|needs| needs.memory_bytes.saturating_add(tool) > ceilings.memory.bytes())
        }
        PlanError::ClaimOfAStudent { .. } => assignment.course().starts_with("claim-"),
    };
    assert!(reason, "{error}\n{described:#?}");
}

/// Each stage of a template mounts its row, whole volumes, read-only at both ends where the row says so.
fn mounts_are_the_tables(document: &Value) {
    let templates = document["spec"]["templates"].as_array().unwrap();
    for stage in Stage::ALL {
        let mut of_stage = templates.iter().filter(|template| template["name"] == stage.id());
        let (Some(template), None) = (of_stage.next(), of_stage.next()) else {
            panic!("{stage} is there once")
        };
        // A pod that a step makes is a text inside the text.
        let bare: Option<Value> =
            template["resource"]["manifest"].as_str().map(|text| serde_saphyr::from_str(text).unwrap());
        let (container, pod) = match &bare {
            None => (&template["container"], template),
            Some(bare) => (&bare["spec"]["containers"][0], &bare["spec"]),
        };
        let sources = pod["volumes"].as_array().unwrap();
        let mounts = container["volumeMounts"].as_array().unwrap();
        let rows = table::mounts(stage);
        assert_eq!((mounts.len(), sources.len()), (rows.len(), rows.len()), "{stage}");
        for ((mount, source), row) in mounts.iter().zip(sources).zip(rows) {
            let read_only = |value: &Value| value.get("readOnly").is_some_and(|value| value == true);
            assert_eq!((&mount["name"], &source["name"]), (&row.volume.id().into(), &row.volume.id().into()));
            assert_eq!(mount["mountPath"], row.volume.path().as_str());
            assert_eq!(read_only(mount), row.access.is_read_only(), "{stage} {}", row.volume);
            assert_eq!(
                read_only(&source["persistentVolumeClaim"]),
                row.access.is_read_only(),
                "{stage} {}",
                row.volume
            );
            assert!(mount.get("subPath").is_none() && mount.get("subPathExpr").is_none());
        }
    }
}

//! Rendering: the golden file, and that no value of a plan can change anything but itself.

use assay_contract::{AssignmentId, Digest, Stage, table};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::isolation::Isolation;
use crate::operator::Settings;
use crate::plan::{Described, Needs};

fn wordcount() -> Described {
    Described {
        assignment: AssignmentId::new("comp10002/wordcount").unwrap(),
        revision: Digest::new("5c0d".repeat(16)).unwrap(),
        title: "Word count".into(),
        description: "Counts lines, words and bytes.\nLike \"wc\".".into(),
        image: format!("hub/singleuser@sha256:{}", "ab".repeat(32)),
        isolation: None,
        verify: Needs { wall_seconds: 60, memory_bytes: 512 << 20 },
        test: Needs { wall_seconds: 90, memory_bytes: 64 << 20 },
    }
}

fn rendered(described: &Described) -> Checked {
    let operator = Operator::default();
    render(&Plan::new(described, &operator).unwrap(), &operator).unwrap()
}

fn parsed(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// Compares with a file under `tests/golden`; `ASSAY_UPDATE=1` writes it.
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("ASSAY_UPDATE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(golden == text, "{} differs; ASSAY_UPDATE=1 writes it:\n{text}", path.display());
}

#[test]
fn the_golden_template() {
    let checked = rendered(&wordcount());
    assert_eq!(checked.name(), "comp10002-wordcount-5c0d5c0d");
    golden("wordcount.yaml", checked.text());
    assert_eq!(audit::audit(checked.text(), &Operator::default()), []);
}

#[test]
fn the_golden_template_of_strict_isolation() {
    let operator = Operator::from_yaml(
        "isolation: {runtime-class: gvisor}\n\
         nodes: {selector: {pool: grading}, tolerations: [{key: pool, value: grading, effect: NoSchedule}, {key: x}]}\n",
    )
    .unwrap();
    let described = Described { isolation: Some(Isolation::Strict), ..wordcount() };
    let checked = render(&Plan::new(&described, &operator).unwrap(), &operator).unwrap();
    golden("wordcount-strict.yaml", checked.text());
    assert_eq!(audit::audit(checked.text(), &operator), []);
    assert!(!audit::audit(checked.text(), &Operator::default()).is_empty());
}

#[test]
fn the_golden_mounts() {
    let operator = Operator::default();
    let plan = Plan::new(&wordcount(), &operator).unwrap();
    let mounts = crate::mounts::Mounts::new(&plan, &operator);
    golden("mounts.txt", &mounts.to_string());
    golden("mounts.json", &(serde_json::to_string_pretty(&mounts).unwrap() + "\n"));
}

#[test]
fn layouts_hold_no_tag_of_argo_and_trust_no_value() {
    for layout in [
        include_str!("../../../../workflow-templates/job.yaml.tera"),
        include_str!("../../../../workflow-templates/bare.yaml.tera"),
        include_str!("../../../../workflow-templates/step.yaml.tera"),
        include_str!("../../../../workflow-templates/stage.yaml.tera"),
    ] {
        for tag in layout.split("{{").skip(1) {
            let tag = tag.split("}}").next().unwrap();
            let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '.' | ' ');
            assert!(tag.chars().all(plain), "`{tag}` is more than the name of a value");
            for argo in ["workflow.", "inputs.", "tasks.", "steps.", "="] {
                assert!(!tag.trim().starts_with(argo), "`{tag}` looks like Argo's");
            }
        }
    }
}

#[test]
fn a_plan_that_was_changed_by_hand_is_not_rendered() {
    let operator = Operator::default();
    let hostile = [
        |plan: &mut Plan| plan.title = "{{workflow.name}}".into(),
        |plan: &mut Plan| plan.stages[1].image = "x\"\n        envFrom: []".into(),
        |plan: &mut Plan| plan.stages[0].image = "other".into(),
        |plan: &mut Plan| plan.stages[2].uid = 0,
        |plan: &mut Plan| plan.stages.swap(0, 1),
    ];
    for change in hostile {
        let mut plan = Plan::new(&wordcount(), &operator).unwrap();
        change(&mut plan);
        assert!(matches!(render(&plan, &operator), Err(RenderError::Audit(_))), "{plan:?}");
    }
}

#[test]
fn what_the_operator_sets_is_rendered_and_audited_alike() {
    let mut settings = Settings { namespace: "other".into(), ..Settings::default() };
    settings.users.trusted = 4000;
    settings.cap.key = "on".into();
    settings.job_storage.class = "1e3".into();
    settings.signing_key.secret = "null".into();
    let operator = Operator::new(settings).unwrap();
    let checked = render(&Plan::new(&wordcount(), &operator).unwrap(), &operator).unwrap();
    assert_eq!(audit::audit(checked.text(), &operator), []);
    assert!(!audit::audit(checked.text(), &Operator::default()).is_empty());
}

/// Text that readers of YAML, of templates or of shells trip over.
fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,12}",
        "\\PC{0,8}",
        prop::sample::select(vec![
            "\"",
            "'",
            "\\",
            "\\\"",
            ": ",
            " #",
            "- ",
            "{ {",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "!!binary",
            "&a",
            "*a",
            "<<: ",
            "null",
            "~",
            "yes",
            "0x10",
            "1e3",
            "---",
            "...",
            "|",
            ">",
            "%YAML",
            "\u{85}",
            "é",
            "🦀",
            "$(x)",
            "`x`",
            "\u{300}",
            "\u{e000}",
            "envFrom: [",
            "\"}]}",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..6).prop_map(|pieces| pieces.concat())
}

fn label(most: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[a-z0-9]([a-z0-9-]{{0,{}}}[a-z0-9])?", most - 2)).unwrap()
}

fn described() -> impl Strategy<Value = Described> {
    let needs = (0_u64..=3000, 0_u64..=(2 << 30) - (64 << 20))
        .prop_map(|(wall_seconds, memory_bytes)| Needs { wall_seconds, memory_bytes });
    let image =
        "[a-z0-9]{1,9}(/[a-z0-9]{1,9}){0,2}(:[A-Za-z0-9_][A-Za-z0-9._-]{0,9})?(@sha256:[0-9a-f]{64})?";
    (
        (label(20), label(30), "[0-9a-f]{64}"),
        // Marks, so that what came from an author can be found again wherever it went.
        (
            hostile_text().prop_map(|t| format!("MARK{t}")),
            hostile_text().prop_map(|t| format!("MARK{t}\n\tMARK")),
        ),
        (image, prop::option::of(prop::sample::select(&Isolation::ALL[..])), needs.clone(), needs),
    )
        .prop_map(
            |((course, name, revision), (title, description), (image, isolation, verify, test))| Described {
                assignment: AssignmentId::new(format!("{course}/{name}")).unwrap(),
                revision: Digest::new(revision).unwrap(),
                title,
                description,
                image,
                isolation,
                verify,
                test,
            },
        )
}

/// Every path at which a string of the document holds `mark`.
fn holders(value: &Value, mark: &str, path: &str, out: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains(mark) => out.push(path.to_owned()),
        Value::Array(items) => items.iter().for_each(|item| holders(item, mark, &format!("{path}[]"), out)),
        Value::Object(fields) => {
            for (name, value) in fields {
                assert!(!name.contains(mark));
                holders(value, mark, &format!("{path}.{name}"), out);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn text_of_an_author_changes_nothing_but_itself(described in described()) {
        let operator = Operator::default();
        let plan = match Plan::new(&described, &operator) {
            Ok(plan) => plan,
            Err(error) => {
                // Only these can be refused here: two braces that met, a control character, a course `claim-…`.
                let Described { title, description, assignment, .. } = &described;
                let refused = [title, description].iter().any(|text| {
                    text.contains("{{") || text.chars().any(|c| c.is_control()) || text.chars().any(invisible)
                });
                prop_assert!(refused || assignment.course().starts_with("claim-"), "{error}");
                return Ok(());
            }
        };
        let checked = render(&plan, &operator).unwrap();
        prop_assert_eq!(checked.text(), lay_out(&plan, &operator).unwrap());

        let document = parsed(checked.text());
        let annotations = &document["metadata"]["annotations"];
        prop_assert_eq!(annotations["workflows.argoproj.io/title"].as_str(), Some(described.title.as_str()));
        prop_assert_eq!(annotations["workflows.argoproj.io/description"].as_str(), Some(described.description.as_str()));
        let mut marked = vec![];
        holders(&document, "MARK", "", &mut marked);
        prop_assert_eq!(marked, vec![
            ".metadata.annotations.workflows.argoproj.io/description",
            ".metadata.annotations.workflows.argoproj.io/title",
        ]);

        for stage in Stage::ALL {
            let templates = document["spec"]["templates"].as_array().unwrap();
            let template = templates.iter().find(|template| template["name"] == stage.id()).unwrap();
            let manifest = template["resource"]["manifest"].as_str().map(parsed);
            prop_assert_eq!(manifest.is_some(), wiring::is_bare(stage, plan.isolation));
            let (container, pod) = match &manifest {
                None => (&template["container"], template),
                Some(manifest) => (&manifest["spec"]["containers"][0], &manifest["spec"]),
            };
            let mounts: Vec<_> = container["volumeMounts"].as_array().unwrap().iter().map(|mount| {
                (mount["name"].as_str().unwrap(), mount.get("readOnly").is_some())
            }).collect();
            let row: Vec<_> = table::mounts(stage).into_iter().map(|m| (m.volume.id(), m.access.is_read_only())).collect();
            prop_assert_eq!(&mounts, &row);
            let sources: Vec<_> = pod["volumes"].as_array().unwrap().iter().map(|volume| {
                (volume["name"].as_str().unwrap(), volume["persistentVolumeClaim"].get("readOnly").is_some())
            }).collect();
            prop_assert_eq!(&sources, &row);
        }
    }
}

fn invisible(c: char) -> bool {
    matches!(u32::from(c), 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x2069 | 0xfeff | 0xfffe | 0xffff)
}

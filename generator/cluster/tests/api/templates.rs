//! Templates are created and marked, never changed.

use assay_cluster::ClusterError;
use assay_cluster::template::{self, Applied};
use assay_core::operator::Operator;
use assay_core::plan::{Described, Needs, Plan};
use assay_core::render::{self, Checked};
use serde_json::{Value, json};

use super::{Asked, TEMPLATES, against, assignment, cluster, digest, lines, missing, stored};

fn checked(title: &str, memory_bytes: u64) -> Checked {
    let needs = Needs { wall_seconds: 60, memory_bytes };
    let described = Described { title: title.into(), verify: needs, test: needs, ..described() };
    render::render(&Plan::new(&described, &Operator::default()).unwrap(), &Operator::default()).unwrap()
}

fn described() -> Described {
    let needs = Needs { wall_seconds: 60, memory_bytes: 64 << 20 };
    Described {
        assignment: assignment(),
        revision: digest(),
        title: "One".into(),
        description: String::new(),
        image: "gcc:14".into(),
        isolation: None,
        verify: needs,
        test: needs,
    }
}

fn document(checked: &Checked) -> Value {
    serde_saphyr::from_str(checked.text()).unwrap()
}

#[test]
fn a_template_is_tried_then_created_then_read_back() {
    let wanted = checked("One", 64 << 20);
    let created = std::cell::Cell::new(false);
    let server = |asked: &Asked| match asked.line.as_str() {
        line if line.starts_with("GET") && !created.get() => missing("x"),
        line if line.starts_with("GET") => (200, stored(document(&wanted))),
        line => {
            created.set(!line.contains("dryRun"));
            (201, stored(asked.body.clone()))
        }
    };
    let (applied, asked) =
        against(server, |client| async { template::apply(&cluster(client).await, &wanted).await });
    assert_eq!(applied.unwrap(), Applied::New);
    let one = format!("{TEMPLATES}/{}", wanted.name());
    assert_eq!(
        lines(&asked),
        [
            format!("GET {one}"),
            format!("POST {TEMPLATES}"),
            format!("POST {TEMPLATES}"),
            format!("GET {one}"),
        ]
    );
    assert!(asked[1].line.contains("dryRun=All") && !asked[2].line.contains("dryRun"));
    assert_eq!(asked[2].body, document(&wanted));
}

#[test]
fn a_cluster_that_changes_templates_gets_none() {
    let wanted = checked("One", 64 << 20);
    let server = |asked: &Asked| {
        if asked.line.starts_with("GET") {
            return missing("x");
        }
        let mut changed = stored(asked.body.clone());
        changed["spec"]["hostNetwork"] = json!(true);
        (201, changed)
    };
    let (applied, asked) =
        against(server, |client| async { template::apply(&cluster(client).await, &wanted).await });
    assert!(matches!(applied, Err(ClusterError::TemplateChanged { .. })), "{applied:?}");
    assert_eq!(asked.len(), 2, "it ends with the trial");
}

#[test]
fn what_is_there_is_compared_and_never_written() {
    let there = checked("One", 64 << 20);
    for (wanted, outcome) in [
        (checked("One", 64 << 20), Some(Applied::Same)),
        (checked("Two", 64 << 20), Some(Applied::SameButTexts)),
        (checked("One", 128 << 20), None),
    ] {
        let server = |_: &Asked| (200, stored(document(&there)));
        let (applied, asked) =
            against(server, |client| async { template::apply(&cluster(client).await, &wanted).await });
        match (applied, outcome) {
            (Ok(applied), Some(outcome)) => assert_eq!(applied, outcome),
            (Err(ClusterError::TemplateDiffers { .. }), None) => {}
            other => panic!("{other:?}"),
        }
        assert!(asked.iter().all(|asked| asked.line.starts_with("GET")), "{asked:?}");
    }
}

#[test]
fn a_difference_shows_what_changes_and_no_server_fields() {
    let (before, after) = (checked("One", 64 << 20), checked("One", 128 << 20));
    let server = |_: &Asked| (200, json!({"items": [stored(document(&before))], "metadata": {}}));
    let (found, _) =
        against(server, |client| async { template::published(&cluster(client).await, &assignment()).await });
    let found = found.unwrap();
    assert_eq!(found[0].revision, digest().as_str());
    assert_eq!(template::difference(found.first(), &before).unwrap(), "");
    let difference = template::difference(found.first(), &after).unwrap();
    assert!(difference.contains("-") && difference.contains("memory:"), "{difference}");
    assert!(!difference.contains("resourceVersion"), "{difference}");
}

#[test]
fn an_earlier_revision_that_is_published_again_is_current_again() {
    let wanted = checked("One", 64 << 20);
    let mut earlier = stored(document(&wanted));
    let mut later = stored(document(&wanted));
    later["metadata"]["name"] = json!("comp-one-bbbbbbbb");
    // By its author's clock it was published long after now.
    later["metadata"]["creationTimestamp"] = json!("2999-03-16T10:00:00Z");
    let server = |asked: &Asked| {
        if asked.line.starts_with("GET") {
            (200, json!({"items": [earlier.clone(), later.clone()], "metadata": {}}))
        } else {
            (200, earlier.clone())
        }
    };
    let (marked, asked) = against(server, |client| async {
        template::make_current(&cluster(client).await, &assignment(), &wanted).await
    });
    assert!(marked.unwrap());
    assert_eq!(lines(&asked), [format!("GET {TEMPLATES}"), format!("PATCH {TEMPLATES}/{}", wanted.name())]);
    assert_eq!(
        asked[1].body,
        json!({"metadata": {"annotations": {template::PUBLISHED: "2999-03-16T10:00:01Z"}}}),
        "nothing but the mark is written"
    );

    earlier["metadata"]["annotations"][template::PUBLISHED] = json!("2999-03-16T10:00:01Z");
    let server = |_: &Asked| (200, json!({"items": [later.clone(), earlier.clone()], "metadata": {}}));
    let (found, asked) = against(server, |client| async {
        let cluster = cluster(client).await;
        let marked = template::make_current(&cluster, &assignment(), &wanted).await.unwrap();
        assert!(!marked, "it is current");
        template::published(&cluster, &assignment()).await.unwrap()
    });
    assert_eq!(found[0].name, wanted.name());
    assert_eq!(template::difference(found.first(), &wanted).unwrap(), "", "the mark is no difference");
    assert!(asked.iter().all(|asked| asked.line.starts_with("GET")), "{asked:?}");
}

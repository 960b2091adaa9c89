//! What Assay renders, and what it prints for others to read: pods that Pod Security `restricted` admits, and nothing that a
//! page, a log or a reader of logs would obey. Rows I4 and R6.

use assay_contract::{Exit, Volume, layout};
use assay_tests::bench::Bench;
use assay_tests::program::Who;
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        i4_every_example_is_rendered_into_pods_that_pod_security_admits,
        r6_what_a_log_or_a_page_would_obey_begins_no_line,
        r6_what_a_page_would_obey_is_text_on_the_students_page,
    ]
}

fn i4_every_example_is_rendered_into_pods_that_pod_security_admits() {
    for name in ["anagrams", "bank", "integrate", "probe", "wordcount"] {
        for isolation in ["standard", "strict"] {
            let bench = Bench::of_example(Who::Caller, name);
            let path = bench.assignment().join("assignment.yaml");
            let text = std::fs::read_to_string(&path).expect("it is there");
            bench.write("assignment.yaml", format!("{text}\nisolation: {isolation}\n"));
            let folder = bench.assignment().display().to_string();
            let finished = bench.run(["render", folder.as_str()]);
            let rendered = &finished.ended(Exit::Done).stdout;
            let template: Value = serde_saphyr::from_str(rendered).expect("it is YAML");
            let text = template.to_string();
            for never in ["artifacts", "hostPath", "hostNetwork", "\"privileged\":true", "secretName"] {
                assert!(!text.contains(never), "{name}, {isolation}: {never}");
            }
            let spec = &template["spec"];
            assert_eq!(spec["automountServiceAccountToken"], false, "{name}, {isolation}");
            let mut seen = 0;
            for template in spec["templates"].as_array().into_iter().flatten() {
                for container in containers_in(template) {
                    seen += 1;
                    let context = &container["securityContext"];
                    assert_eq!(context["allowPrivilegeEscalation"], false, "{container:#}");
                    assert_eq!(context["capabilities"], json!({"drop": ["ALL"]}), "{container:#}");
                    // What a container does not say, its pod does.
                    let said = |field| context.get(field).unwrap_or(&template["securityContext"][field]);
                    assert_eq!(said("runAsNonRoot"), true, "{container:#}");
                    assert_eq!(said("seccompProfile")["type"], "RuntimeDefault", "{container:#}");
                }
            }
            // In strict isolation Verify and Test are made from a text; the golden template holds those.
            let least = if isolation == "strict" { 3 } else { 5 };
            assert!(seen >= least, "{name}, {isolation}: {seen} containers");
        }
    }
}

/// Every container of a template, wherever it is.
fn containers_in(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(fields) if fields.contains_key("image") && fields.contains_key("command") => {
            vec![value]
        }
        Value::Object(fields) => fields.values().flat_map(containers_in).collect(),
        Value::Array(values) => values.iter().flat_map(containers_in).collect(),
        _ => Vec::new(),
    }
}

const ASSIGNMENT: &str = r#"
submit: {required: [main.sh], allowed: ["*.sh"], size: 1Mi}
build: {run: sh main.sh build}
test:
  mode: sealed
  run: sh main.sh
  cases:
    - {name: only, args: [case], stdout: nothing of this, points: 1, show: diff}
"#;

/// What services that run tests take as orders when a line of a log begins with it, and what pages do.
const ORDERS: [&str; 8] = [
    "::set-output name=passed::true",
    "::add-mask::points",
    "::error file=x::y",
    "##vso[task.complete result=Succeeded;]",
    "##[error]x",
    "##teamcity[testFinished]",
    "section_start:1:x",
    "<script>alert(1)</script><img src=x onerror=alert(1)>![x](http://192.0.2.1/x)]]>",
];

fn r6_what_a_log_or_a_page_would_obey_begins_no_line() {
    let bench = Bench::new(Who::Caller, ASSIGNMENT);
    let lines: String = ORDERS.iter().map(|order| format!("{order}\n")).collect();
    let program = format!("cat <<'END'\n{lines}END\ncat >&2 <<'END'\n{lines}END\n");
    let submission = bench.submission("orders", "main.sh", program);
    for more in [
        &["--output", "text", "--color", "never"][..],
        &["--output", "text", "--color", "never", "--log"],
        &["--output", "text", "--color", "never", "--student"],
        &["--output", "json"],
    ] {
        let mut args = vec!["try".to_owned(), submission.display().to_string(), "--assignment".to_owned()];
        args.push(bench.assignment().display().to_string());
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        let finished = bench.run(args);
        finished.ended(Exit::Done);
        for line in finished.stdout.lines().chain(finished.stderr.lines()) {
            for order in ORDERS {
                assert!(!line.starts_with(&order[..order.len().min(8)]), "{more:?}: {line}");
            }
        }
        assert!(finished.stdout.contains("set-output"), "{more:?}: what was printed is shown");
    }
}

fn r6_what_a_page_would_obey_is_text_on_the_students_page() {
    let bench = Bench::new(Who::Caller, ASSIGNMENT);
    let markup = "</code></pre><script src=http://192.0.2.1/x.js></script><img src=x onerror=alert(1)>&lt;";
    let program = format!("cat <<'END'\n{markup}\nEND\ncat >&2 <<'END'\n{markup}\nEND\n");
    let (finished, kept) = bench.attempt_and_keep(&bench.submission("markup", "main.sh", program), &[]);
    finished.ended(Exit::Done);
    let jobs = kept.volume(Volume::Student).join(".assay/tests/engine");
    let job = std::fs::read_dir(&jobs).expect("a job").next().expect("one").expect("is there").path();
    let page = std::fs::read_to_string(job.join(layout::STUDENT_PAGE)).expect("a page");
    let text = "&lt;/code&gt;&lt;/pre&gt;&lt;script src=http://192.0.2.1/x.js&gt;&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&amp;lt;";
    // Twice in the log of the build, in both outputs of the case, and as the line that it should not have written.
    assert_eq!(page.matches(text).count(), 5, "{page}");
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(page.contains("default-src 'none'"), "{page}");
}

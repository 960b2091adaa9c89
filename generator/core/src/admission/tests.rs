use assay_contract::{AssignmentId, StudentId};
use proptest::prelude::*;
use regex::Regex;

use super::*;

#[test]
fn policies_are_documents_without_leftovers() {
    let text = policies(&Operator::default()).unwrap();
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(&text).unwrap();
    assert_eq!(documents.len() % 2, 0, "each policy has its binding");
    for pair in documents.chunks(2) {
        let [policy, binding] = pair else { panic!("a policy without a binding") };
        assert_eq!(policy["kind"], "ValidatingAdmissionPolicy");
        assert_eq!(policy["spec"]["failurePolicy"], "Fail");
        assert_eq!(
            policy["spec"]["matchConstraints"]["namespaceSelector"]["matchLabels"]["assay.dev/jobs"],
            "true"
        );
        assert_eq!(binding["spec"]["policyName"], policy["metadata"]["name"]);
        assert_eq!(binding["spec"]["validationActions"], serde_json::json!(["Deny"]));
    }
    assert!(!text.contains("{%") && !text.contains("{#"), "{text}");
}

#[test]
fn settings_reach_the_policies() {
    let settings = "stage-image: hub/stage@sha256:0000000000000000000000000000000000000000000000000000000000000000\n\
                    namespace: jobs-a\nclaims: {student: 'home-{student}-x', private-results: '{course}-secret'}\n\
                    users: {verify: 30001}\nsigning-key: {secret: our-key, key: pem}\njob-storage: {class: fast}\n";
    let text = policies(&Operator::from_yaml(settings).unwrap()).unwrap();
    for part in [
        "hub/stage@sha256:00",
        "'^home-.+-x$'",
        "'^.+-secret$'",
        "'verify': 30001",
        "'our-key'",
        "'pem'",
        ":jobs-a:",
        "storageClassName == 'fast'",
    ] {
        assert!(text.contains(part), "{part}");
    }
}

/// Connections are judged by names: what a command calls its pod is what the policies take for one of that duty.
#[test]
fn pods_of_duties_are_known_by_their_names() {
    let text = policies(&Operator::default()).unwrap();
    let pattern = text.split("request.name.matches(").nth(1).and_then(|rest| rest.split_once(')')).unwrap().0;
    for duty in Duty::ALL {
        let of_duty = Regex::new(&pattern.replace("' + d + '", duty.id()).replace('\'', "")).unwrap();
        assert!(of_duty.is_match(&format!("{}x7k2p", duty_pod(duty.id()))), "{of_duty}");
        for other in Duty::ALL.into_iter().filter(|other| *other != duty) {
            assert!(!of_duty.is_match(&format!("{}x7k2p", duty_pod(other.id()))), "{of_duty}");
        }
        // A stage of an assignment that is called as a duty, in a course called `assay`.
        for stage in ["test", "verify", "5c0d5c0d-abcde-setup-1234567890"] {
            assert!(!of_duty.is_match(&format!("{}{stage}", duty_pod(duty.id()))), "{of_duty}");
        }
    }
}

#[test]
fn a_claim_of_all_courses_is_compared_whole() {
    let operator = Operator::from_yaml("claims: {private-results: results-of-all}").unwrap();
    let text = policies(&operator).unwrap();
    assert!(text.contains("v.persistentVolumeClaim.claimName == 'results-of-all'"), "{text}");
}

#[test]
fn where_students_have_no_word_of_their_own_the_table_comes_first() {
    let operator = Operator::from_yaml("claims: {student: '{student}-home'}").unwrap();
    let claims = Claims { operator: &operator };
    assert!(claims.is_students("c").contains("!("), "{}", claims.is_students("c"));
    assert!(!claims.is_guarded("c").starts_with("(!"), "{}", claims.is_guarded("c"));
}

proptest! {
    /// What the policies take for a name is what the contract takes for one.
    #[test]
    fn names_are_the_contracts(text in "[a-z0-9A/{-]{0,66}|[a-z0-9]{60,66}") {
        let student = Regex::new(STUDENT_ID).unwrap().is_match(&text);
        prop_assert_eq!(student, StudentId::new(&text).is_ok());
        let course = Regex::new(COURSE_ID).unwrap().is_match(&text);
        prop_assert_eq!(course, AssignmentId::new(format!("{text}/x")).is_ok());
        let name = Regex::new(&format!("^{NAME_ID}$")).unwrap().is_match(&text);
        prop_assert_eq!(name, AssignmentId::new(format!("x/{text}")).is_ok());
    }
}

//! Ways to another student's status, results or name. Each is tried, and none leads there.

use assay_contract::queue::ProblemCode::{self, Forbidden, Malformed, Missing, Unknown};
use serde_json::{Value, json};

use crate::bench::{Bench, problem, request, ticket};
use crate::hub::SCOPE;

/// What the hub says of tokens that reach nothing of ada's, and what comes of it.
fn tokens() -> Vec<(&'static str, Value, ProblemCode)> {
    let user = |name: &str, groups: &[&str], scope: &str| json!({"kind": "user", "name": name, "groups": groups, "scopes": [scope]});
    vec![
        ("a service's", json!({"kind": "service", "name": "ada", "scopes": [SCOPE]}), Forbidden),
        ("this service's own", json!({"kind": "service", "name": "assay", "scopes": [SCOPE]}), Forbidden),
        ("of no kind", json!({"name": "ada", "scopes": [SCOPE]}), Forbidden),
        ("ada's for another service", user("ada", &[], "access:services!service=x"), Forbidden),
        (
            "ada's for a service of a longer name",
            user("ada", &[], "access:services!service=assay2"),
            Forbidden,
        ),
        ("ada's for her server", user("ada", &[], "access:servers!server=ada/"), Forbidden),
        ("ada's with the scope's beginning", user("ada", &[], "access:services!service=assa"), Forbidden),
        (
            "an administrator's without the scope",
            json!({"kind": "user", "name": "ada", "admin": true, "scopes": ["admin:users"]}),
            Forbidden,
        ),
        ("ada's without scopes", json!({"kind": "user", "name": "ada"}), Forbidden),
        ("of a user without a name", json!({"kind": "user", "scopes": [SCOPE]}), Forbidden),
        ("of a user called as the answers' folder", user("answers", &[], SCOPE), Forbidden),
        ("bob's", user("bob", &[], SCOPE), Missing),
        ("of a user called as a path to ada", user("../ada", &[], SCOPE), Missing),
        ("of a user called as ada to the eye", user("аda", &[], SCOPE), Missing),
        ("of a user called Ada", user("Ada", &[], SCOPE), Missing),
        ("of a user called ada and a line end", user("ada\n", &[], SCOPE), Missing),
        (
            "an administrator's",
            json!({"kind": "user", "name": "root", "admin": true, "scopes": [SCOPE]}),
            Missing,
        ),
        ("of another course's staff", user("tutor", &["assay-staff-d"], SCOPE), Missing),
        ("of staff of a course with a longer name", user("tutor", &["assay-staff-c2"], SCOPE), Missing),
        ("of a group that ends as staff's", user("tutor", &["x-assay-staff-c"], SCOPE), Missing),
        (
            "of staff of no course",
            user("tutor", &["assay-staff-", "assay-staff-{course}", "assay-staff-*"], SCOPE),
            Missing,
        ),
    ]
}

#[tokio::test]
async fn nobody_sees_a_job_but_its_student_and_the_courses_staff() {
    let bench = Bench::new().await;
    let server = bench.server().await;
    let job = ticket(&bench.hand_in(&server, "token-ada", 1).await).job.to_string();
    let mut tried: Vec<(String, String, ProblemCode)> = Vec::new();
    for (n, (what, said, code)) in tokens().into_iter().enumerate() {
        tried.push((what.into(), bench.hub.token(&format!("token-{n}"), said), code));
    }
    let gone = bench.hub.user("gone", &["assay-staff-c"]);
    // Known a moment ago, and to this server too.
    assert_eq!(bench.get(&format!("{}/jobs", server.base), &gone).send().await.unwrap().status(), 200);
    bench.hub.revoke(&gone);
    for token in ["never-given", "token-ad", "token-ada2", "TOKEN-ADA"] {
        tried.push(("that the hub does not know".into(), token.into(), Unknown));
    }
    for (what, token, code) in &tried {
        for path in [format!("jobs/{job}"), format!("jobs/{job}/events")] {
            let url = format!("{}/{path}", server.base);
            let problem = problem(bench.get(&url, token).send().await.unwrap()).await;
            assert_eq!(problem.code, *code, "a token {what}, {path}: {}", problem.message);
            assert!(!format!("{problem:?}").contains("ada"), "a token {what}: {problem:?}");
        }
        // Nor do they have a history with ada's job in it.
        let history =
            bench.get(&format!("{}/jobs", server.base), token).send().await.unwrap().text().await.unwrap();
        assert!(!history.contains(&job), "a token {what}: {history}");
    }
    let tutor = bench.hub.user("tutor-of-c", &["assay-staff-c"]);
    assert_eq!(bench.standing(&server, &tutor, &job).await.student.as_str(), "ada");
}

#[tokio::test]
async fn nobody_hands_in_for_another() {
    let bench = Bench::new().await;
    let server = bench.server().await;
    let mut for_ada = request(1);
    for_ada["student"] = json!("ada");
    let mut tried = 0;
    for (n, (what, said, code)) in tokens().into_iter().enumerate() {
        let token = bench.hub.token(&format!("token-{n}"), said);
        let problem = problem(bench.post(&server, &token, &for_ada).send().await.unwrap()).await;
        // Here it is no secret that ada exists: the caller said so.
        let code = if code == Missing { Forbidden } else { code };
        assert_eq!(problem.code, code, "a token {what}: {}", problem.message);
        tried += 1;
    }
    let revoked = bench.hub.user("gone", &["assay-staff-c"]);
    assert_eq!(bench.get(&format!("{}/jobs", server.base), &revoked).send().await.unwrap().status(), 200);
    bench.hub.revoke(&revoked);
    let problem_of =
        async |request: reqwest::RequestBuilder| problem(request.send().await.unwrap()).await.code;
    assert_eq!(problem_of(bench.post(&server, &revoked, &for_ada)).await, Unknown, "revoked a moment ago");
    let url = format!("{}/jobs", server.base);
    let plain = || bench.client().post(&url).json(&for_ada);
    assert_eq!(problem_of(plain()).await, Unknown, "no token");
    assert_eq!(problem_of(plain().header("cookie", "jupyterhub-session-id=token-ada")).await, Unknown);
    assert_eq!(problem_of(plain().header("x-forwarded-user", "ada")).await, Unknown);
    let in_address = bench.client().post(format!("{url}?token=token-ada")).json(&for_ada);
    assert_eq!(problem_of(in_address).await, Unknown, "a token in the address");
    for value in [
        "token",
        "token ",
        "Basic token-ada",
        "token  token-ada",
        "token token-ada token-bob",
        "token token-ada\u{a0}",
    ] {
        let sent = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
        assert_eq!(problem_of(plain().header("authorization", sent)).await, Malformed, "{value:?}");
        tried += 1;
    }
    for student in ["../ada", "Ada", "ada\n", "answers", ""] {
        let mut request = request(2);
        request["student"] = json!(student);
        assert_eq!(problem_of(bench.post(&server, "token-bob", &request)).await, Malformed, "{student:?}");
        tried += 1;
    }
    assert!(tried >= 25, "{tried}");
    assert_eq!(bench.fake.names("requests").len(), 0, "nothing was taken");
}

#[tokio::test]
async fn staff_hand_in_for_their_students_and_their_own_come_first() {
    let bench = Bench::new().await;
    let tutor = bench.hub.user("tutor", &["assay-staff-c"]);
    bench.fake.home("tutor");
    let server = bench.server_with(|settings| settings.paused = true).await;
    bench.hand_in(&server, "token-bob", 1).await;
    let mut for_ada = request(2);
    for_ada["student"] = json!("ada");
    assert_eq!(bench.post(&server, &tutor, &for_ada).send().await.unwrap().status(), 202);
    let own = bench.hand_in(&server, &tutor, 3).await;
    assert_eq!(own.standing.place, Some(1));
    let origins: Vec<_> = bench
        .fake
        .names("requests")
        .iter()
        .map(|name| bench.fake.object("requests", name).unwrap()["spec"].clone())
        .map(|spec| {
            (spec["student"].as_str().unwrap().to_owned(), spec["origin"].as_str().unwrap().to_owned())
        })
        .collect();
    assert!(origins.contains(&("ada".into(), "student".into())), "{origins:?}");
    assert!(origins.contains(&("tutor".into(), "staff".into())), "{origins:?}");
}

#[tokio::test]
async fn without_a_hub_a_jobs_id_is_what_shows_it() {
    let bench = Bench::new().await;
    let server = bench.server_with(|settings| settings.hub = None).await;
    let url = format!("{}/jobs", server.base);
    let nameless = problem(bench.client().post(&url).json(&request(1)).send().await.unwrap()).await;
    assert_eq!(nameless.code, Malformed, "{}", nameless.message);
    let mut for_ada = request(1);
    for_ada["student"] = json!("ada");
    let accepted = bench.client().post(&url).json(&for_ada).send().await.unwrap();
    assert_eq!(accepted.status(), 202);
    let job = ticket(&accepted.json().await.unwrap()).job.to_string();
    assert_eq!(job.len(), "q-".len() + 32, "160 bits that only the server can make");
    assert_eq!(bench.client().get(format!("{url}/{job}")).send().await.unwrap().status(), 200);
    // No list, no other id, no name leads to it.
    for (path, code) in [
        ("", Unknown),
        ("?assignment=c/a", Unknown),
        ("?student=ada", Malformed),
        ("/ada", Missing),
        ("/q-", Missing),
        ("/..%2fjobs", Missing),
        ("/%2e%2e", Missing),
        ("/q-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Missing),
    ] {
        let problem = problem(bench.client().get(format!("{url}{path}")).send().await.unwrap()).await;
        assert_eq!(problem.code, code, "{path}: {}", problem.message);
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back_and_others_are_served() {
    let bench = Bench::new().await;
    let server = bench
        .server_with(|settings| {
            settings.limits.burst = 5;
            settings.limits.requests_per_minute = 1;
        })
        .await;
    let url = format!("{}/jobs", server.base);
    for _ in 0..5 {
        assert_eq!(bench.get(&url, "token-eve").send().await.unwrap().status(), 200);
    }
    let refused = bench.get(&url, "token-eve").send().await.unwrap();
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(problem(refused).await.code, ProblemCode::TooMany);
    assert_eq!(bench.get(&url, "token-ada").send().await.unwrap().status(), 200);
}

//! `/v1/assignments/<course>/<name>`: what the rules say, for whoever is about to hand in.

use assay_contract::queue::Rules;
use assay_contract::{API_VERSION, AssignmentId, Digest};
use axum::Json;
use axum::extract::{Path, State};

use super::Shared;
use super::problem::Trouble;
use crate::identity::Caller;

/// `GET /v1/assignments/<course>/<name>`. Students of one course may know that another one has an assignment; what is in it
/// they see here no more than in its rules.
pub(super) async fn show(
    State(server): State<Shared>,
    _known: Caller,
    Path((course, name)): Path<(String, String)>,
) -> Result<Json<Rules>, Trouble> {
    let missing = || Trouble::missing("assignment");
    let assignment = AssignmentId::new(format!("{course}/{name}")).map_err(|_| missing())?;
    let known = server.board.know();
    let Some(template) = known.template(&assignment) else {
        return Err(match known.gap() {
            Some(_) => Trouble::unavailable("what is published is not known yet"),
            None => missing(),
        });
    };
    // Published by an earlier version, which told the queue server nothing.
    let notice = template.notice.clone().ok_or_else(missing)?;
    let rules = Rules {
        api_version: API_VERSION.into(),
        revision: Digest::new(template.revision.clone()).map_err(|_| missing())?,
        title: template.title.clone(),
        rules: notice.rules,
        schedule: notice.schedule,
        assignment,
    };
    Ok(Json(rules))
}

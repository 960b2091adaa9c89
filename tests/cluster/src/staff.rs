//! A tutor: an account that is bound to the Role `assay-staff` and nothing else.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Bed;

/// A tutor of an installation.
#[derive(Debug)]
pub struct Tutor {
    /// The installation, used with the tutor's own rights.
    pub bed: Bed,
    /// What the tutor signs in to Argo Server with.
    pub token: String,
    _kubeconfig: TempDir,
}

impl Tutor {
    /// The tutor of that name; made if there is none.
    ///
    /// # Errors
    /// If the API server refuses it.
    pub fn new(bed: &Bed, name: &str) -> Result<Self, String> {
        let kubectl = bed.kubectl();
        kubectl.apply(&format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}}}\nautomountServiceAccountToken: false\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: {name}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: assay-staff}}\n\
             subjects: [{{kind: ServiceAccount, name: {name}}}]"
        ))?;
        let token = kubectl.ok(&["create", "token", name, "--duration", "2h"])?.trim().to_owned();
        let view = ["config", "view", "--minify", "--flatten", "--raw", "--output", "json"];
        let mut config: Value =
            serde_json::from_str(&kubectl.ok(&view)?).map_err(|error| error.to_string())?;
        for user in config["users"].as_array_mut().into_iter().flatten() {
            // In the place of a certificate, which would come first.
            user["user"] = json!({"token": token});
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let file = folder.path().join("kubeconfig");
        std::fs::write(&file, config.to_string()).map_err(|error| error.to_string())?;
        let bed = bed.clone().with(&file);
        let is = bed.kubectl().ok(&["auth", "whoami", "--output", "jsonpath={.status.userInfo.username}"])?;
        if is != format!("system:serviceaccount:{}:{name}", bed.namespace) {
            return Err(format!("the API server takes the tutor for {is}"));
        }
        Ok(Self { bed, token, _kubeconfig: folder })
    }
}

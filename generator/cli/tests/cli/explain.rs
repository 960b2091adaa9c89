//! `assay explain`.

use assay_contract::Exit;
use assay_core::audit::Code;
use assay_core::diagnostics::codes;

use crate::session::Session;

#[test]
fn codes_of_check_and_of_audit_are_explained() {
    let session = Session::new();
    session.assay("explain unknown-key").exits(Exit::Done);
    session.assay("explain unknown-key --output json").exits(Exit::Done);
    session.assay("explain mount-extra").exits(Exit::Done);
    session.golden("explain");
}

#[test]
fn unknown_codes_get_a_suggestion_where_there_is_one() {
    let session = Session::new();
    session.assay("explain unknown-kye").exits(Exit::Usage);
    session.assay("explain mount-extr").exits(Exit::Usage);
    session.assay("explain zzz").exits(Exit::Usage);
    session.assay_with(&["explain", "\u{1b}[31mred"]).exits(Exit::Usage);
    session.golden("explain-unknown");
}

#[test]
fn every_code_is_explained() {
    let session = Session::new();
    let codes = codes::all().map(|code| code.id.to_owned()).chain(Code::ALL.iter().map(Code::to_string));
    for code in codes {
        let page = session.assay(&format!("explain {code}")).exits(Exit::Done).stdout;
        assert!(page.starts_with(&format!("{code} (")), "{page}");
    }
}

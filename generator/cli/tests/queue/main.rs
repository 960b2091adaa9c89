//! The real binary in a student's home, against a real queue server with stand-ins for cluster and hub.
//!
//! What is printed is held against `../cli/golden/`; with `ASSAY_UPDATE=1` in the environment those files are written anew.

#[expect(dead_code, reason = "the tests of `assay-queue` use the rest")]
#[path = "../../../queue/tests/server/bench.rs"]
mod bench;
#[expect(dead_code, reason = "the tests of `assay-queue` use the rest")]
#[path = "../../../queue/tests/server/cluster.rs"]
mod cluster;
#[path = "../support/golden.rs"]
mod golden;
#[expect(dead_code, reason = "the tests of `assay-queue` use the rest")]
#[path = "../../../queue/tests/server/hub.rs"]
mod hub;
#[path = "../documentation/page.rs"]
mod page;
#[path = "../support/place.rs"]
mod place;
#[path = "../support/redact.rs"]
mod redact;
#[expect(dead_code, reason = "the tests of the other commands use the rest")]
#[path = "../cli/session.rs"]
mod session;
#[path = "../support/update.rs"]
mod update;

mod desk;
mod documentation;
mod front;
mod hand_in;
mod help;
mod homes;
mod hostile;
mod unclear;

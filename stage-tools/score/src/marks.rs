//! What lateness costs and what uses up an attempt. Integers only.

use assay_contract::answers::LatePenalty;
use assay_contract::{Fault, Verdict};

/// What lateness takes off, in hundredths of a percent, at most all of it: so much for each period that has begun.
#[must_use]
pub fn penalty_basis_points(late: LatePenalty, late_seconds: u64) -> u32 {
    let LatePenalty { basis_points, per_seconds } = late;
    if per_seconds == 0 {
        return 0;
    }
    let periods = late_seconds.div_ceil(per_seconds);
    let total = periods.saturating_mul(u64::from(basis_points)).min(10_000);
    u32::try_from(total).unwrap_or(10_000)
}

/// Whether a job uses up one of the student's attempts: not if it was refused, did not build, or failed by the system's
/// fault.
#[must_use]
pub fn uses_attempt(verdict: Verdict, fault: Option<Fault>) -> bool {
    !matches!(verdict, Verdict::Refused | Verdict::BuildFailed) && fault != Some(Fault::System)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_period_that_has_begun_counts() {
        let day = LatePenalty { basis_points: 1_000, per_seconds: 86_400 };
        for (seconds, expected) in [
            (0, 0),
            (1, 1_000),
            (86_400, 1_000),
            (86_401, 2_000),
            (9 * 86_400 + 1, 10_000),
            (u64::MAX, 10_000),
        ] {
            assert_eq!(penalty_basis_points(day, seconds), expected, "{seconds}");
        }
        assert_eq!(penalty_basis_points(LatePenalty::default(), u64::MAX), 0);
        let none = LatePenalty { basis_points: 500, per_seconds: 0 };
        assert_eq!(penalty_basis_points(none, 5), 0);
    }

    #[test]
    fn only_what_was_graded_or_passed_over_for_the_students_reasons_uses_an_attempt() {
        assert!(uses_attempt(Verdict::Passed, None));
        assert!(uses_attempt(Verdict::WrongOutput, Some(Fault::Student)));
        assert!(uses_attempt(Verdict::NotRun, Some(Fault::Student)));
        assert!(!uses_attempt(Verdict::NotRun, Some(Fault::System)));
        assert!(!uses_attempt(Verdict::Refused, Some(Fault::Student)));
        assert!(!uses_attempt(Verdict::BuildFailed, Some(Fault::Student)));
    }

    proptest! {
        #[test]
        fn waiting_never_makes_it_cheaper(
            basis_points in 0_u32..20_000, per_seconds in 0_u64..1_000_000, a in any::<u64>(), b in any::<u64>(),
        ) {
            let late = LatePenalty { basis_points, per_seconds };
            let (less, more) = (penalty_basis_points(late, a.min(b)), penalty_basis_points(late, a.max(b)));
            prop_assert!(less <= more && more <= 10_000);
        }
    }
}

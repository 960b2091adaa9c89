//! A filter that allows a list of calls, as short as such a filter can be.
//!
//! Every command and every trusted stage puts one in place, and the kernel checks, translates and tries each instruction of it for
//! each call. `seccompiler` makes five instructions a call; most calls have neighbours that are on the list too, so ranges need a
//! seventh of that. The check of the architecture, and what refusing means, stay its own.

use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, sock_filter};

use super::syscalls::FilterError;

/// Loads the number of the call (`BPF_LD | BPF_W | BPF_ABS`, the first field of `seccomp_data`).
const LOAD_CALL: sock_filter = sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
/// Goes on where the number is at least `k` (`BPF_JMP | BPF_JGE | BPF_K`).
const AT_LEAST: u16 = 0x35;
/// Ends with `k` (`BPF_RET | BPF_K`).
const RETURN: u16 = 0x06;

/// Allows `calls`; all others end as `otherwise`, and a call by another architecture's numbers ends the process.
pub(super) fn allow(
    calls: impl IntoIterator<Item = i64>,
    otherwise: SeccompAction,
    arch: TargetArch,
) -> Result<BpfProgram, FilterError> {
    // Without rules this is the check of the architecture, and the refusal of everything.
    let refuses_all = SeccompFilter::new([].into(), otherwise, SeccompAction::Allow, arch)?;
    let mut program: BpfProgram = refuses_all.try_into()?;
    let refusal = program.pop().filter(|last| last.code == RETURN).ok_or(FilterError::List)?;
    let allowance = sock_filter { k: SeccompAction::Allow.into(), ..refusal.clone() };
    let edges = edges(calls).ok_or(FilterError::List)?;
    program.push(LOAD_CALL);
    for (index, edge) in edges.iter().enumerate() {
        // A number below this edge and not below the one before: refused before a range, allowed in it. Both ends stand
        // behind all edges, the refusal first.
        let behind = edges.len() - index - 1;
        let end = if index % 2 == 0 { behind } else { behind + 1 };
        let jf = u8::try_from(end).map_err(|_| FilterError::List)?;
        program.push(sock_filter { code: AT_LEAST, jt: 0, jf, k: *edge });
    }
    // There is an even number of edges, so what is above the last one is refused.
    program.extend([refusal, allowance]);
    Ok(program)
}

/// Where the list begins to hold numbers and where it ends to, in turn.
fn edges(calls: impl IntoIterator<Item = i64>) -> Option<Vec<u32>> {
    let mut calls: Vec<u32> =
        calls.into_iter().map(|call| u32::try_from(call).ok()).collect::<Option<_>>()?;
    calls.sort_unstable();
    calls.dedup();
    let mut edges = Vec::new();
    for call in calls {
        match edges.last_mut() {
            Some(end) if *end == call => *end = call.checked_add(1)?,
            _ => edges.extend([call, call.checked_add(1)?]),
        }
    }
    Some(edges)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would do for a call, for the instructions that these filters have.
    fn run(program: &[sock_filter], arch: u32, call: u32) -> u32 {
        let (mut at, mut loaded) = (0_usize, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at].clone();
            at += 1;
            let mut jump = |holds: bool| at += usize::from(if holds { jt } else { jf });
            match code {
                0x20 if k == 0 => loaded = call,
                0x20 if k == 4 => loaded = arch,
                0x05 => at += k as usize,
                0x15 => jump(loaded == k),
                AT_LEAST => jump(loaded >= k),
                RETURN => return k,
                other => panic!("{other:x}"),
            }
        }
    }

    #[test]
    fn it_answers_as_a_filter_of_single_calls_does() {
        let lists: [&[i64]; 6] = [
            &[0],
            &[5],
            &[0, 1, 2, 3],
            &[3, 1, 9, 2, 9, 200],
            &[450, 451, 1],
            super::super::syscalls::every(),
        ];
        let (arch, refuse) = (TargetArch::x86_64, || SeccompAction::Errno(38));
        for calls in lists {
            let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
            let single: BpfProgram = SeccompFilter::new(rules, refuse(), SeccompAction::Allow, arch)
                .and_then(TryInto::try_into)
                .unwrap();
            let ranges = allow(calls.iter().copied(), refuse(), arch).unwrap();
            assert!(ranges.len() <= single.len(), "{calls:?}");
            let own = single[1].k;
            let strange = [0x4000_0000, 0x4000_0001, u32::MAX - 1, u32::MAX];
            for call in (0..1_000).chain(strange) {
                for arch in [own, 0, own ^ 1] {
                    assert_eq!(
                        run(&ranges, arch, call),
                        run(&single, arch, call),
                        "{calls:?} {arch:x} {call}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_list_that_makes_no_filter_is_an_error() {
        let refuse = || SeccompAction::Errno(38);
        assert!(allow([-1], refuse(), TargetArch::x86_64).is_err());
        assert!(allow([i64::from(u32::MAX)], refuse(), TargetArch::x86_64).is_err());
        // Too many ranges for one jump.
        assert!(allow((0..600).step_by(2), refuse(), TargetArch::x86_64).is_err());
        let none = allow([], refuse(), TargetArch::x86_64).unwrap();
        assert_ne!(run(&none, none[1].k, 0), u32::from(SeccompAction::Allow));
    }
}

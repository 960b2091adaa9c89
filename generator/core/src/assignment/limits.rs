//! Limits: what may be asked for, and what holds where nothing is asked for.

use std::time::Duration;

use assay_contract::Limits;

use super::raw::{At, RawLimits};
use crate::diagnostics::{Place, Problem, codes};

/// What holds for a case unless the author says otherwise.
pub(crate) const CASE: Limits = Limits {
    cpu_ms: 2_000,
    wall_ms: 6_000,
    memory_bytes: 256 << 20,
    processes: 16,
    output_bytes: 1 << 20,
    disk_bytes: 64 << 20,
};

/// What holds for the build unless the author says otherwise.
pub(crate) const BUILD: Limits = Limits {
    cpu_ms: 60_000,
    wall_ms: 180_000,
    memory_bytes: 1 << 30,
    processes: 64,
    output_bytes: 1 << 20,
    disk_bytes: 512 << 20,
};

/// Wall-clock time for each second of CPU, unless given.
const WALL_FOR_CPU: u64 = 3;

/// The nearest given limits first; a value not given anywhere is the default's.
pub(crate) fn resolve(given: &[&RawLimits], default: Limits, problems: &mut Vec<Problem>) -> Limits {
    let time =
        |pick: fn(&RawLimits) -> &Option<At<Duration>>| given.iter().find_map(|limits| pick(limits).as_ref());
    let number = |pick: fn(&RawLimits) -> &Option<At<u64>>, default: u64| {
        given.iter().find_map(|limits| pick(limits).as_ref()).map_or(default, |at| at.value)
    };
    let cpu_ms = time(|limits| &limits.cpu).map_or(default.cpu_ms, |at| millis(at.value));
    let wall = time(|limits| &limits.wall);
    if let Some(wall) = wall
        && millis(wall.value) < cpu_ms
    {
        problems.push(
            Problem::new(
                &codes::WALL_BELOW_CPU,
                &wall.place,
                format!("{cpu_ms} ms of CPU time can hardly be used within {} ms", millis(wall.value)),
            )
            .hint("leave `wall` out for three times the CPU time"),
        );
    }
    Limits {
        cpu_ms,
        wall_ms: wall.map_or(cpu_ms.saturating_mul(WALL_FOR_CPU), |at| millis(at.value)),
        memory_bytes: number(|limits| &limits.memory, default.memory_bytes),
        processes: u32::try_from(number(|limits| &limits.processes, u64::from(default.processes)))
            .unwrap_or(default.processes),
        output_bytes: number(|limits| &limits.output, default.output_bytes),
        disk_bytes: number(|limits| &limits.disk, default.disk_bytes),
    }
}

/// Reports every value that is below its minimum or above its ceiling; done once, where it is written.
pub(crate) fn check(limits: &RawLimits, problems: &mut Vec<Problem>) {
    let RawLimits { cpu, wall, memory, processes, output, disk } = limits;
    let hour = Duration::from_secs(3600);
    time(cpu.as_ref(), Duration::from_millis(10), hour, problems);
    time(wall.as_ref(), Duration::from_millis(10), 3 * hour, problems);
    bytes(memory.as_ref(), 4 << 20, 64 << 30, problems);
    number(processes.as_ref(), 1, 4_096, problems);
    bytes(output.as_ref(), 1, 64 << 20, problems);
    bytes(disk.as_ref(), 64 << 10, 16 << 30, problems);
}

/// Reports a duration out of its range.
pub(crate) fn time(
    given: Option<&At<Duration>>,
    least: Duration,
    most: Duration,
    problems: &mut Vec<Problem>,
) {
    if let Some(at) = given
        && !(least..=most).contains(&at.value)
    {
        let (least, most) = (humantime::format_duration(least), humantime::format_duration(most));
        problems.push(out_of_range(&at.place, &format!("{least} to {most}")));
    }
}

/// Reports a number out of its range.
pub(crate) fn number(given: Option<&At<u64>>, least: u64, most: u64, problems: &mut Vec<Problem>) {
    if let Some(at) = given
        && !(least..=most).contains(&at.value)
    {
        problems.push(out_of_range(&at.place, &format!("{least} to {most}")));
    }
}

/// Reports a size out of its range.
pub(crate) fn bytes(given: Option<&At<u64>>, least: u64, most: u64, problems: &mut Vec<Problem>) {
    if let Some(at) = given
        && !(least..=most).contains(&at.value)
    {
        problems.push(out_of_range(&at.place, &format!("{} to {}", in_words(least), in_words(most))));
    }
}

fn out_of_range(place: &Place, range: &str) -> Problem {
    Problem::new(&codes::OUT_OF_RANGE, place, format!("`{}` must be from {range}", place.path))
}

/// Bytes in the largest unit that divides them.
fn in_words(bytes: u64) -> String {
    [(30, "Gi"), (20, "Mi"), (10, "Ki")]
        .into_iter()
        .find(|(shift, _)| bytes != 0 && bytes.is_multiple_of(1 << shift))
        .map_or_else(|| format!("{bytes}"), |(shift, unit)| format!("{}{unit}", bytes >> shift))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at<T>(value: T) -> Option<At<T>> {
        Some(At { value, place: Place::whole() })
    }

    #[test]
    fn the_nearest_limit_holds() {
        let test = RawLimits { cpu: at(Duration::from_secs(5)), memory: at(8 << 20), ..RawLimits::default() };
        let case = RawLimits { cpu: at(Duration::from_secs(1)), ..RawLimits::default() };
        let limits = resolve(&[&case, &test], CASE, &mut Vec::new());
        assert_eq!(limits, Limits { cpu_ms: 1_000, wall_ms: 3_000, memory_bytes: 8 << 20, ..CASE });
    }

    #[test]
    fn defaults_keep_their_own_rules() {
        for limits in [CASE, BUILD] {
            assert_eq!(limits.wall_ms, limits.cpu_ms * WALL_FOR_CPU);
        }
        assert_eq!(resolve(&[], CASE, &mut Vec::new()), CASE);
    }
}

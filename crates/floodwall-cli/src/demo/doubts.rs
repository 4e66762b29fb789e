//! When the figures should not be believed, or not compared.

use super::report::Report;

/// More than this between the intended and the real start of a request is worth a warning.
const WORRYING_LAG_MS: f64 = 20.0;

/// Callers wait for a second: a phase should last a few of them.
const SHORT: f64 = 4.0;

/// Tells people, on stderr.
pub(crate) fn tell(report: &Report) {
    if report.interrupted {
        eprintln!("note: interrupted, so the last phase is shorter than planned");
    } else if report.seconds < SHORT {
        eprintln!(
            "note: in phases of {} s, much of the flood is answered after it, and the bare run looks better than it is; \
             give `--seconds {SHORT}` or more",
            report.seconds,
        );
    }
    for run in &report.runs {
        for phase in &run.phases {
            let (run, name) = (run.name, phase.name);
            if let Some(lag) = phase.lag_p99_ms.filter(|lag| *lag > WORRYING_LAG_MS) {
                eprintln!(
                    "warning: {run}, {name}: requests left up to {lag:.0} ms late, so the latencies are too high by as much; \
                     try again when the machine is idle",
                );
            }
            if phase.errors > 0 {
                eprintln!(
                    "warning: {run}, {name}: {} connections failed; is `ulimit -n` or the range of local ports too small?",
                    phase.errors,
                );
            }
        }
    }
}

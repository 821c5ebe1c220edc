//! Benches whose result is a ratio: candidate and baseline run in turns within one measurement of Criterion, so that whatever else the
//! machine does slows down both. Each prints one line, `figure NAME VALUE`, in which the value is the median over all turns.
#![expect(clippy::print_stdout, reason = "the figures are what the benches print")]

use std::{
    cell::RefCell,
    env,
    fmt::Display,
    time::{Duration, Instant},
};

pub use criterion::Criterion;

/// How long one turn takes, about: long beside the clock, short beside what else the machine does.
const TURN: Duration = Duration::from_micros(40);

/// The settings of Criterion: short with `BENCH_SHORT=1`, else a few seconds for each figure.
#[must_use]
pub fn criterion() -> Criterion {
    let criterion = Criterion::default().configure_from_args();
    if is_short() {
        criterion
            .sample_size(10)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_millis(800))
            .without_plots()
    } else {
        criterion.sample_size(50)
    }
}

/// Whether the short form was asked for.
#[must_use]
pub fn is_short() -> bool {
    env::var_os("BENCH_SHORT").is_some_and(|value| value != "0")
}

/// Prints a figure.
pub fn figure(name: &str, value: impl Display) {
    println!("figure {name} {value}");
}

/// Measures the candidate with Criterion and the baseline beside it, and prints the median ratio of their times.
///
/// # Panics
///
/// When there is nothing to divide by: the baseline takes no time.
pub fn ratio(criterion: &mut Criterion, name: &str, baseline: impl FnMut(), candidate: impl FnMut()) {
    if let Some(ratio) = measure(criterion, name, baseline, candidate) {
        figure(name, format_args!("{ratio:.3}"));
    }
}

/// As [`ratio`], how many times faster the candidate is than the baseline.
///
/// # Panics
///
/// As [`ratio`].
pub fn speedup(criterion: &mut Criterion, name: &str, baseline: impl FnMut(), candidate: impl FnMut()) {
    if let Some(ratio) = measure(criterion, name, baseline, candidate) {
        figure(name, format_args!("{:.1}", ratio.recip()));
    }
}

/// `None` if Criterion was told to leave it out.
fn measure(
    criterion: &mut Criterion,
    name: &str,
    mut baseline: impl FnMut(),
    mut candidate: impl FnMut(),
) -> Option<f64> {
    let ratios = RefCell::new(Vec::new());
    let turn = calls_in_a_turn(&mut baseline).min(calls_in_a_turn(&mut candidate));
    criterion.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut taken = Duration::ZERO;
            let mut left = iterations;
            while left > 0 {
                let calls = left.min(turn);
                left = left.saturating_sub(calls);
                let before = time(calls, &mut baseline);
                let after = time(calls, &mut candidate);
                taken = taken.saturating_add(after);
                // The last turn of a measurement may be a short one.
                if calls == turn || iterations < turn {
                    ratios.borrow_mut().push(after.as_secs_f64() / before.as_secs_f64());
                }
            }
            taken
        });
    });
    median(ratios.into_inner())
}

/// The median of what was measured; `None` if nothing was.
#[must_use]
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// How long so many calls take.
pub fn time(calls: u64, f: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        f();
    }
    start.elapsed()
}

fn calls_in_a_turn(f: &mut impl FnMut()) -> u64 {
    let mut calls = 1_u64;
    while time(calls, f) < TURN && calls < 1 << 20 {
        calls = calls.saturating_mul(2);
    }
    calls
}

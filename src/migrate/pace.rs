//! How much to move with one call, and how many workers do so at once.
//!
//! While move_pages(2) has pages in hand, whoever touches or unmaps them waits. So a call gets
//! as many bytes as can be expected to take as long as the pause limit; the waits that were
//! measured are a quarter to a half of a call. And whether more workers
//! help depends on the kernel, the machine and its load: the number is changed by one, the
//! rate measured, and the change kept or undone.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::sys::lock::Lock;

/// Bytes of the first call.
const FIRST_CHUNK: usize = 1 << 20;
/// Smaller calls spend their time on what each call costs.
const MIN_CHUNK: usize = 64 << 10;
const MAX_CHUNK: usize = 16 << 20;

/// Nanoseconds in calls over which a rate is measured, for each worker, at least.
const WINDOW: u64 = 40_000_000;
/// Calls in a window for each worker, at least.
const WINDOW_CALLS: u32 = 3;
/// Calls for each worker after which a trial may already have failed.
const FAILED_CALLS: u32 = 2;
/// An additional worker must bring this many percent.
const WORTH: u64 = 115;
/// Windows until a failed trial is repeated, at first and at most.
const PATIENCE: u32 = 16;
const MAX_PATIENCE: u32 = 256;

/// The pace of one job.
#[derive(Debug)]
pub(super) struct Pace {
    /// Nanoseconds that one call should take.
    call: u64,
    chunk: AtomicUsize,
    /// Nanoseconds that a mebibyte takes; 0 before the first call.
    cost: AtomicU64,
    /// Workers that may run, and that do.
    active: AtomicUsize,
    running: AtomicUsize,
    max_workers: usize,
    crew: Lock<Crew>,
}

#[derive(Debug)]
struct Crew {
    /// The window: calls, what they moved, and how long they took together. The rate of all
    /// workers is the rate within their calls times their number.
    calls: u32,
    bytes: u64,
    took: u64,
    /// Calls that began before the last change, and prove nothing.
    stale: u32,
    /// The number of workers that is known to be good, and its bytes per millisecond.
    settled: usize,
    rate: u64,
    /// Windows until the next trial, and how many there are between trials.
    wait: u32,
    patience: u32,
}

impl Pace {
    pub(super) fn new(max_pause: u64, max_workers: usize) -> Pace {
        Pace {
            call: max_pause.max(1),
            chunk: AtomicUsize::new(FIRST_CHUNK),
            cost: AtomicU64::new(0),
            active: AtomicUsize::new(1),
            running: AtomicUsize::new(0),
            max_workers: max_workers.max(1),
            crew: Lock::new(Crew {
                calls: 0,
                bytes: 0,
                took: 0,
                stale: 1,
                settled: 1,
                rate: 0,
                wait: 0,
                patience: PATIENCE,
            }),
        }
    }

    /// Bytes that the next call should move.
    pub(super) fn chunk(&self) -> usize {
        self.chunk.load(Relaxed)
    }

    /// Workers that may run now.
    pub(super) fn active(&self) -> usize {
        self.active.load(Relaxed)
    }

    /// Takes one of the places for running workers.
    pub(super) fn enter(&self) -> bool {
        let active = self.active();
        self.running
            .fetch_update(Relaxed, Relaxed, |n| (n < active).then_some(n + 1))
            .is_ok()
    }

    /// Gives the place back.
    pub(super) fn leave(&self) {
        self.running.fetch_sub(1, Relaxed);
    }

    /// Learns from a call that took from `start` to `end` (nanoseconds).
    pub(super) fn learn(&self, bytes: usize, start: u64, end: u64) {
        let took = end.saturating_sub(start).max(1);
        // The time per mebibyte, averaged: one call may be slow because the machine was busy.
        let sample = (u128::from(took) << 20) / (bytes.max(1) as u128);
        let sample = sample.min(1 << 60) as u64;
        let old = self.cost.load(Relaxed);
        let cost = if old == 0 {
            sample
        } else {
            old - old / 4 + sample / 4
        }
        .max(1);
        self.cost.store(cost, Relaxed);
        let fitting = (u128::from(self.call) << 20) / u128::from(cost);
        let fitting = (fitting.min(MAX_CHUNK as u128) as usize).max(MIN_CHUNK);
        self.chunk
            .store(fitting.min(self.chunk().saturating_mul(2)), Relaxed);
        if self.max_workers > 1 {
            self.crew.take().learn(self, bytes as u64, took);
        }
    }
}

impl Crew {
    fn learn(&mut self, pace: &Pace, bytes: u64, took: u64) {
        if self.stale > 0 {
            self.stale -= 1;
            return;
        }
        let active = pace.active();
        self.calls += 1;
        self.bytes += bytes;
        self.took += took;
        let rate = (self.bytes * active as u64).saturating_mul(1_000_000) / self.took;
        let trial = active != self.settled;
        // A trial that is clearly worse must not last as long as its slow calls do.
        let hopeless =
            trial && self.calls >= FAILED_CALLS * active as u32 && rate < self.rate * 2 / 3;
        let window =
            self.took >= WINDOW * active as u64 && self.calls >= WINDOW_CALLS * active as u32;
        if !hopeless && !window {
            return;
        }
        if trial {
            let enough = if active > self.settled { WORTH } else { 97 };
            if !hopeless && rate * 100 >= self.rate * enough {
                (self.settled, self.rate) = (active, rate);
                // The same direction again, if that was upwards.
                (self.patience, self.wait) = (PATIENCE, if enough == WORTH { 0 } else { PATIENCE });
            } else {
                self.wait = self.patience;
                self.patience = (self.patience * 2).min(MAX_PATIENCE);
            }
        } else if self.settled > 1 && rate * 10 < self.rate * 6 {
            // What was good is not any more: see whether fewer do better.
            self.rate = rate;
            self.change(pace, active, active - 1);
            return;
        } else {
            self.rate = if self.rate == 0 {
                rate
            } else {
                (self.rate + rate) / 2
            };
            self.wait = self.wait.saturating_sub(1);
        }
        let next = if self.wait == 0 && self.settled < pace.max_workers {
            self.settled + 1
        } else {
            self.settled
        };
        self.change(pace, active, next);
    }

    fn change(&mut self, pace: &Pace, active: usize, next: usize) {
        if next != active {
            // Each worker is in a call now or has just begun.
            self.stale = active.max(next) as u32;
            pace.active.store(next, Relaxed);
        }
        (self.calls, self.bytes, self.took) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs workers whose joint rate (bytes per microsecond) depends on their number; returns
    /// the number of active ones after each call, and the time that `total` bytes took.
    fn simulate(pace: &Pace, total: usize, rate: impl Fn(usize) -> usize) -> (usize, u64) {
        let mut done = 0;
        let mut workers = vec![0u64; pace.max_workers];
        let mut now = 1000;
        while done < total {
            let active = pace.active();
            // The worker that is free first makes the next call.
            let worker = (0..active).min_by_key(|&w| workers[w]).unwrap();
            let start = workers[worker].max(now);
            let bytes = pace.chunk();
            let end = start + (bytes * active / rate(active)) as u64 * 1000 + 5000;
            workers[worker] = end;
            now = *workers[..active].iter().min().unwrap();
            pace.learn(bytes, start, end);
            done += bytes;
        }
        (pace.active(), *workers.iter().max().unwrap())
    }

    #[test]
    fn calls_take_about_as_long_as_the_limit() {
        for (rate, limit) in [
            (100, 20_000_000),
            (1000, 20_000_000),
            (5, 20_000_000),
            (100, 2_000_000),
        ] {
            let pace = Pace::new(limit, 1);
            simulate(&pace, 100 << 20, |_| rate);
            let takes = (pace.chunk() / rate) as u64 * 1000;
            assert!(
                takes <= limit * 11 / 10 || pace.chunk() == MIN_CHUNK,
                "{rate} {limit}: {takes}"
            );
            assert!(
                takes >= limit * 8 / 10 || pace.chunk() == MAX_CHUNK,
                "{rate} {limit}: {takes}"
            );
        }
    }

    #[test]
    fn two_workers_where_two_are_faster() {
        let rate = |n: usize| [0, 100, 195, 195, 190][n];
        let (active, time) = simulate(&Pace::new(20_000_000, 4), 200 << 20, rate);
        assert!((2..=3).contains(&active), "{active}");
        let best = (200u64 << 20) * 1000 / 195;
        assert!(time < best * 110 / 100, "{time} {best}");
    }

    #[test]
    fn one_worker_where_two_are_slower() {
        let rate = |n: usize| [0, 100, 10][n];
        let (_, time) = simulate(&Pace::new(20_000_000, 2), 400 << 20, rate);
        let best = (400u64 << 20) * 1000 / 100;
        assert!(time < best * 115 / 100, "{time} {best}");
    }

    #[test]
    fn fewer_when_the_machine_gets_busy() {
        let pace = Pace::new(20_000_000, 2);
        let (active, _) = simulate(&pace, 200 << 20, |n| [0, 100, 195][n]);
        assert_eq!(active, 2);
        // Later than all that came before.
        let pace_now = 1 << 40;
        let mut end = pace_now;
        for _ in 0..400 {
            let start = end;
            end += 10_000_000;
            pace.learn(
                if pace.active() == 2 { 100_000 } else { 400_000 },
                start,
                end,
            );
        }
        assert_eq!(pace.active(), 1);
    }

    #[test]
    fn no_more_run_than_may() {
        let pace = Pace::new(20_000_000, 8);
        assert!(pace.enter());
        assert!(!pace.enter());
        pace.leave();
        assert!(pace.enter());
    }
}

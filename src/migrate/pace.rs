//! How much to move with one call, and how many workers do so at once.
//!
//! While move_pages(2) has a page in hand, whoever touches it waits. But the kernel has only
//! some pages in hand at a time, however many a call names: up to the span of one page table
//! since Linux 6.3, one page before. The first are untouchable until the last are unmapped, the
//! last until the others are copied; either is at most two thirds of the time that so many
//! pages take. If that fits into the pause limit, longer calls stall nobody for longer, and
//! what each call costs (the caches of all CPUs are drained) counts for less.
//!
//! Whether more workers help depends on the kernel, the machine and its load: the number is
//! changed by one, the rate measured, and the change kept or undone.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::sys::lock::Lock;

/// Bytes of the first call.
const FIRST_CHUNK: usize = 1 << 20;
/// Smaller calls spend their time on what each call costs.
const MIN_CHUNK: usize = 64 << 10;
const MAX_CHUNK: usize = 32 << 20;
/// Nanoseconds that a call may take although the pause limit is shorter, if it stalls nobody for
/// longer than that: it is also how long stopping takes.
const LONG_CALL: u64 = 250_000_000;
/// Calls with fewer bytes than this, and than half of what was wanted, show what a call costs in
/// itself, and nothing about the pages.
const SMALL: usize = 256 << 10;
/// Bytes that a worker takes at least, so that the last pieces are not many small ones.
const MIN_PIECE: usize = 1 << 20;

/// Nanoseconds in calls, for each worker, over which a rate is measured: before the first trial,
/// in a trial, and between trials.
const FIRST_WINDOW: u64 = 3_000_000;
const TRIAL_WINDOW: u64 = 8_000_000;
const WINDOW: u64 = 40_000_000;
/// Calls in the window of a trial for each worker, at least. Some pages take several times as
/// long as others.
const TRIAL_CALLS: u32 = 2;
/// A trial that is no loss may last this many windows until it shows a gain.
const TRIAL_WINDOWS: u64 = 4;
/// An additional worker must bring this many percent.
const WORTH: u64 = 115;
/// A failed trial is repeated after this many times what it lost, at first and at most.
const PATIENCE: u64 = 12;
const MAX_PATIENCE: u64 = 1536;
/// A trial needs this many calls to be left for each worker.
const CALLS_LEFT: usize = 3;

/// The pace of one job.
#[derive(Debug)]
pub(super) struct Pace {
    /// Nanoseconds that a thread may wait.
    pause: u64,
    /// Bytes that the kernel has in hand at a time, at most.
    batch: usize,
    chunk: AtomicUsize,
    /// The same during a trial, and whether this is one: a call that turns out much slower
    /// ends the sooner.
    short: AtomicUsize,
    in_trial: AtomicBool,
    /// Nanoseconds that a mebibyte takes; 0 before the first call.
    cost: AtomicU64,
    /// Bytes that nobody has taken, about.
    left: AtomicUsize,
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
    /// When the number changed; calls that began before prove nothing.
    since: u64,
    /// The number of workers that is known to be good, and its bytes per millisecond.
    settled: usize,
    rate: u64,
    /// The last known rate of one worker less.
    rate_of_fewer: u64,
    /// When the next trial may be, and how patient the one after it.
    next_trial: u64,
    patience: u64,
}

impl Pace {
    /// `batch`: bytes that the kernel has in hand at a time.
    pub(super) fn new(max_pause: u64, max_workers: usize, batch: usize) -> Pace {
        Pace {
            pause: max_pause.max(1),
            batch,
            chunk: AtomicUsize::new(FIRST_CHUNK),
            short: AtomicUsize::new(FIRST_CHUNK),
            in_trial: AtomicBool::new(false),
            cost: AtomicU64::new(0),
            left: AtomicUsize::new(usize::MAX),
            active: AtomicUsize::new(1),
            running: AtomicUsize::new(0),
            max_workers: max_workers.max(1),
            crew: Lock::new(Crew {
                calls: 0,
                bytes: 0,
                took: 0,
                since: 0,
                settled: 1,
                rate: 0,
                rate_of_fewer: 0,
                next_trial: 0,
                patience: PATIENCE,
            }),
        }
    }

    /// Bytes that the next call should move.
    pub(super) fn chunk(&self) -> usize {
        let chunk = self.chunk.load(Relaxed);
        match self.in_trial.load(Relaxed) {
            true => chunk.min(self.short.load(Relaxed)),
            false => chunk,
        }
    }

    /// Bytes that a worker should take, when `left` are still there and `calls` are needed for
    /// a piece. Towards the end pieces get smaller, so that all workers are done at the same time.
    pub(super) fn piece(&self, left: usize, calls: usize) -> usize {
        self.left.store(left, Relaxed);
        let piece = self.chunk().saturating_mul(calls);
        match self.active() {
            1 => piece,
            active => piece.min((left / (2 * active)).max(MIN_PIECE)),
        }
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
        if bytes >= self.chunk.load(Relaxed) / 2 || took > self.pause {
            self.adapt(bytes, took);
        }
        if self.max_workers > 1 && bytes >= SMALL.min(self.chunk() / 2) {
            self.crew.take().learn(self, bytes as u64, start, end);
        }
    }

    /// Chooses the size of calls after one that took so long.
    fn adapt(&self, bytes: usize, took: u64) {
        // The time per mebibyte, averaged: one call may be slow because the machine was busy, or
        // because its pages were those of a library that many processes map. That is forgotten
        // faster than learnt, as short calls are slow in themselves.
        let sample = (u128::from(took) << 20) / (bytes.max(1) as u128);
        let sample = sample.min(1 << 60) as u64;
        let old = self.cost.load(Relaxed);
        let cost = match old {
            0 => sample,
            _ if sample < old => old / 2 + sample / 2,
            _ => old - old / 4 + sample / 4,
        }
        .max(1);
        self.cost.store(cost, Relaxed);
        let in_time = |time: u64| (u128::from(time) << 20) / u128::from(cost);
        let in_hand = in_time(self.pause.saturating_mul(3) / 2);
        let fitting = if in_hand >= self.batch as u128 {
            in_time(self.pause.max(LONG_CALL))
        } else {
            in_hand
        };
        let bytes_in = |fitting: u128| (fitting.min(MAX_CHUNK as u128) as usize).max(MIN_CHUNK);
        let twice = self.chunk.load(Relaxed).saturating_mul(2);
        self.chunk.store(bytes_in(fitting).min(twice), Relaxed);
        self.short.store(bytes_in(in_time(self.pause / 2)), Relaxed);
    }
}

impl Crew {
    fn learn(&mut self, pace: &Pace, bytes: u64, start: u64, end: u64) {
        if start < self.since {
            return;
        }
        let active = pace.active();
        self.calls += 1;
        self.bytes += bytes;
        self.took += end.saturating_sub(start).max(1);
        let rate = (self.bytes * active as u64).saturating_mul(1_000_000) / self.took;
        if active == self.settled {
            self.watch(pace, active, rate, end);
        } else {
            self.judge(pace, active, rate, end);
        }
    }

    /// No trial is on: sees at the end of each window whether to begin one.
    fn watch(&mut self, pace: &Pace, active: usize, rate: u64, end: u64) {
        let window = if self.rate == 0 { FIRST_WINDOW } else { WINDOW };
        if self.took < window * active as u64 {
            return;
        }
        self.rate = match self.rate {
            0 => rate,
            old => old - old / 4 + rate / 4,
        };
        let dropped = self.rate < self.rate_of_fewer || rate < self.rate_of_fewer / 2;
        let next = if active > 1 && dropped {
            // What was good is not any more: see whether fewer do better.
            active - 1
        } else if active < pace.max_workers && end >= self.next_trial && self.enough(pace) {
            active + 1
        } else {
            active
        };
        self.change(pace, active, next, end);
    }

    /// Whether a trial has lasted long enough to be judged.
    fn is_ripe(&self, active: usize, rate: u64) -> bool {
        let workers = active as u32;
        // One that is clearly worse must not last as long as its slow calls do.
        if self.calls >= workers && rate < self.rate / 3 {
            return true;
        }
        let window = TRIAL_WINDOW * active as u64;
        let more = active > self.settled;
        let calls = if more { TRIAL_CALLS } else { 2 * TRIAL_CALLS };
        if self.took < window || self.calls < calls * workers {
            return false;
        }
        // What is no loss may still show a gain.
        let open = more && !self.is_worth(rate) && rate >= self.rate;
        !open || self.took >= window * TRIAL_WINDOWS
    }

    /// Whether an additional worker brings enough.
    fn is_worth(&self, rate: u64) -> bool {
        rate * 100 >= self.rate * WORTH
    }

    /// A trial is on: at its end, its number of workers is kept or not.
    fn judge(&mut self, pace: &Pace, active: usize, rate: u64, end: u64) {
        if !self.is_ripe(active, rate) {
            return;
        }
        let more = active > self.settled;
        let worth = more && self.is_worth(rate);
        // What was known of fewer counts a quarter.
        let rate = match self.rate_of_fewer {
            old if !more && old > 0 => rate - rate / 4 + old / 4,
            _ => rate,
        };
        if worth {
            // With a margin: it may be from one call that was lucky.
            self.rate_of_fewer = self.rate / 4 * 3;
            (self.settled, self.rate) = (active, rate);
            (self.patience, self.next_trial) = (PATIENCE, end);
        } else if !more && rate >= self.rate {
            // Fewer do as well. What still fewer do is not known.
            self.be_patient(end, self.rate, rate);
            (self.settled, self.rate, self.rate_of_fewer) = (active, rate, 0);
        } else if more {
            self.be_patient(end, rate, self.rate);
        } else {
            self.rate_of_fewer = rate;
        }
        let next = if worth && active < pace.max_workers && self.enough(pace) {
            // The same direction again.
            active + 1
        } else {
            self.settled
        };
        self.change(pace, active, next, end);
    }

    /// Whether enough is left for a trial of one more worker to pay.
    fn enough(&self, pace: &Pace) -> bool {
        let calls = CALLS_LEFT * (pace.active() + 1);
        pace.left.load(Relaxed) >= pace.chunk().saturating_mul(calls)
    }

    /// Puts the next trial of more workers off, for they had this rate and fewer that one.
    fn be_patient(&mut self, now: u64, more: u64, fewer: u64) {
        let trial = now.saturating_sub(self.since);
        // One that lost nothing still shows that there is nothing to gain at present.
        let lost = fewer.saturating_sub(more).max(fewer / 16);
        let lost = u128::from(trial) * u128::from(lost) / u128::from(fewer.max(1));
        let wait = (lost as u64).saturating_mul(self.patience);
        self.next_trial = now.saturating_add(wait);
        self.patience = (self.patience * 2).min(MAX_PATIENCE);
    }

    fn change(&mut self, pace: &Pace, active: usize, next: usize, now: u64) {
        if next == active {
            // A trial that became the rule.
            pace.in_trial.store(false, Relaxed);
        } else {
            self.since = now;
            pace.in_trial.store(next != self.settled, Relaxed);
            pace.active.store(next, Relaxed);
        }
        (self.calls, self.bytes, self.took) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const BATCH: usize = 2 << 20;
    const PAUSE: u64 = 20_000_000;

    /// Runs workers whose joint rate (bytes per microsecond) depends on their number, and whose
    /// calls cost `fixed` nanoseconds each. Returns the number of active ones at the end, and
    /// the time that `total` bytes took.
    fn simulate(
        pace: &Pace,
        total: usize,
        fixed: u64,
        rate: impl Fn(usize) -> usize,
    ) -> (usize, u64) {
        simulate_uneven(pace, total, fixed, rate, |_| 1)
    }

    /// The same with calls that take so many times as long, depending on the worker.
    fn simulate_uneven(
        pace: &Pace,
        total: usize,
        fixed: u64,
        rate: impl Fn(usize) -> usize,
        times: impl Fn(usize) -> u64,
    ) -> (usize, u64) {
        let mut left = total;
        // For each worker, the end of its call and what to learn from it.
        let mut calls: Vec<Option<(usize, u64, u64)>> = vec![None; pace.max_workers];
        let mut now = 1000;
        loop {
            for (worker, call) in calls[..pace.active()].iter_mut().enumerate() {
                if call.is_none() && left > 0 {
                    let bytes = pace.piece(left, 1).min(pace.chunk()).min(left);
                    left -= bytes;
                    let takes = bytes as u64 * 1000 * pace.active() as u64;
                    let takes = takes / rate(pace.active()) as u64 * times(worker);
                    let end = now + takes + fixed;
                    *call = Some((bytes, now, end));
                }
            }
            let first = (0..calls.len())
                .filter(|&w| calls[w].is_some())
                .min_by_key(|&w| calls[w].unwrap().2);
            let Some(first) = first else {
                return (pace.active(), now);
            };
            let (bytes, start, end) = calls[first].take().unwrap();
            now = end;
            pace.learn(bytes, start, end);
        }
    }

    /// Tells a pace of 400 calls, later than all before, each of which took so long and moved what
    /// so many workers do. Returns how many of them found one worker.
    fn go_on(pace: &Pace, took: u64, bytes: impl Fn(usize) -> usize) -> u32 {
        pace.left.store(usize::MAX, Relaxed);
        let mut end = 1 << 40;
        let mut alone = 0;
        for _ in 0..400 {
            let start = end;
            end += took;
            alone += u32::from(pace.active() == 1);
            pace.learn(bytes(pace.active()), start, end);
        }
        alone
    }

    /// Nanoseconds for `total` bytes.
    fn time(total: usize, rate: usize) -> u64 {
        total as u64 * 1000 / rate as u64
    }

    #[test]
    fn what_is_in_hand_fits_into_the_limit() {
        for (rate, limit) in [
            (100, PAUSE),
            (1000, PAUSE),
            (5, PAUSE),
            (60, PAUSE),
            (100, 2_000_000),
        ] {
            let pace = Pace::new(limit, 1, BATCH);
            simulate(&pace, 100 << 20, 5000, |_| rate);
            let takes = time(pace.chunk(), rate);
            let in_hand = time(pace.chunk().min(BATCH), rate);
            assert!(
                in_hand * 2 / 3 <= limit * 101 / 100 || pace.chunk() == MIN_CHUNK,
                "{rate} {limit}: {in_hand}"
            );
            // And no smaller than that, but calls end some day.
            let most = limit.max(LONG_CALL);
            assert!(takes <= most * 101 / 100 || pace.chunk() == MIN_CHUNK);
            let least = if in_hand < time(BATCH, rate) {
                limit
            } else {
                most * 9 / 10
            };
            assert!(
                takes >= least || pace.chunk() == MAX_CHUNK,
                "{rate} {limit}: {takes}"
            );
        }
    }

    #[test]
    fn huge_batches_make_short_calls() {
        let pace = Pace::new(PAUSE, 1, 512 << 20);
        simulate(&pace, 100 << 20, 5000, |_| 100);
        assert!(time(pace.chunk(), 100) <= PAUSE * 16 / 10);
    }

    #[test]
    fn two_workers_where_two_are_faster() {
        let rate = |n: usize| [0, 100, 195, 195, 190][n];
        let (active, took) = simulate(&Pace::new(PAUSE, 4, BATCH), 200 << 20, 0, rate);
        assert!((2..=3).contains(&active), "{active}");
        let best = time(200 << 20, 195);
        assert!(took < best * 104 / 100, "{took} {best}");
        // The same with calls that are expensive in themselves.
        let (active, took) = simulate(&Pace::new(PAUSE, 2, BATCH), 200 << 20, 2_000_000, rate);
        assert_eq!(active, 2);
        assert!(took < best * 110 / 100, "{took} {best}");
    }

    #[test]
    fn a_slow_second_worker_is_sent_home() {
        let rate = |n: usize| [0, 100, 195][n];
        let alone = time(400 << 20, 100);
        // In percent of the time of the first one alone.
        for (times, wanted, percent) in [(3, 2, 80), (10, 1, 100), (50, 1, 108)] {
            let slow = |worker| if worker == 1 { times } else { 1 };
            let pace = Pace::new(PAUSE, 2, BATCH);
            let (active, took) = simulate_uneven(&pace, 400 << 20, 0, rate, slow);
            assert_eq!(active, wanted, "{times}");
            assert!(took <= alone * percent / 100, "{times}: {took} {alone}");
        }
    }

    #[test]
    fn one_worker_where_two_are_slower() {
        for (two, percent) in [(10, 115), (50, 108), (99, 104)] {
            let rate = |n: usize| [0, 100, two][n];
            let (active, took) = simulate(&Pace::new(PAUSE, 2, BATCH), 400 << 20, 0, rate);
            assert_eq!(active, 1);
            let best = time(400 << 20, 100);
            assert!(took < best * percent / 100, "{two}: {took} {best}");
        }
    }

    #[test]
    fn a_slow_beginning_is_forgotten() {
        let pace = Pace::new(PAUSE, 1, BATCH);
        pace.learn(1 << 20, 1000, 200_000_000);
        assert!(pace.chunk() < 200 << 10);
        let mut end = 200_000_000;
        let mut calls = 0;
        while pace.chunk() < 4 << 20 {
            let start = end;
            // 2 ms for the call, 7 ms for a mebibyte.
            end += 2_000_000 + 7_000_000 * pace.chunk() as u64 / (1 << 20);
            pace.learn(pace.chunk(), start, end);
            calls += 1;
        }
        assert!(calls <= 9, "{calls}");
    }

    #[test]
    fn a_small_job_has_one_worker() {
        let pace = Pace::new(PAUSE, 2, BATCH);
        let (active, _) = simulate(&pace, 6 << 20, 0, |n| [0, 100, 195][n]);
        assert_eq!(active, 1);
    }

    #[test]
    fn all_workers_are_done_at_the_same_time() {
        let pace = Pace::new(PAUSE, 2, BATCH);
        simulate(&pace, 200 << 20, 0, |n| [0, 100, 195][n]);
        let chunk = pace.chunk();
        assert_eq!(pace.piece(200 << 20, 1), chunk);
        assert_eq!(pace.piece(8 << 20, 1), chunk.min(2 << 20));
        assert_eq!(pace.piece(1000, 1), MIN_PIECE);
    }

    #[test]
    fn fewer_when_the_machine_gets_busy() {
        let pace = Pace::new(PAUSE, 2, BATCH);
        let (active, _) = simulate(&pace, 200 << 20, 0, |n| [0, 100, 195][n]);
        assert_eq!(active, 2);
        let alone = go_on(&pace, 100_000_000, |n| [0, 4_000_000, 1_000_000][n]);
        assert_eq!(pace.active(), 1);
        assert!(alone > 350, "{alone}");
    }

    #[test]
    fn more_again_when_it_is_not_busy_any_more() {
        let pace = Pace::new(PAUSE, 2, BATCH);
        let (active, _) = simulate(&pace, 200 << 20, 0, |n| [0, 100, 50][n]);
        assert_eq!(active, 1);
        go_on(&pace, 10_000_000, |_| 1_000_000);
        assert_eq!(pace.active(), 2);
    }

    #[test]
    fn a_slow_machine_keeps_its_workers() {
        let pace = Pace::new(PAUSE, 2, BATCH);
        simulate(&pace, 200 << 20, 0, |n| [0, 100, 195][n]);
        // Everything takes three times as long from now on.
        let alone = go_on(&pace, 10_000_000, |_| 300_000);
        assert_eq!(pace.active(), 2);
        assert!(alone < 10, "{alone}");
    }

    #[test]
    fn a_few_pages_say_nothing() {
        let pace = Pace::new(PAUSE, 2, BATCH);
        for at in 0..50 {
            pace.learn(32 << 10, at * 10_000_000, at * 10_000_000 + 4_000_000);
        }
        assert_eq!((pace.chunk(), pace.active()), (FIRST_CHUNK, 1));
    }

    #[test]
    fn no_more_run_than_may() {
        let pace = Pace::new(PAUSE, 8, BATCH);
        assert!(pace.enter());
        assert!(!pace.enter());
        pace.leave();
        assert!(pace.enter());
    }
}

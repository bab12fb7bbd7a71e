//! The threads that work on a job.

use std::thread;
use std::time::Duration;

use numa::migrate::{Job, Step, Worker};

/// How long a worker that is not needed waits until it asks again, at first and at most.
const IDLE: Duration = Duration::from_millis(2);
const MAX_IDLE: Duration = Duration::from_millis(8);

/// Works on a job with as many threads as it wants until nothing is left, and calls `each` after
/// every step of the calling one. The first error counts; after one, the other threads stop by
/// themselves.
pub(crate) fn work(job: &Job<'_>, mut each: impl FnMut()) -> numa::Result<()> {
    thread::scope(|scope| {
        let mut helpers = Vec::new();
        let result = steps(job, || {
            each();
            // Threads are started when the engine first wants that many.
            if job.progress().workers > helpers.len() + 1 {
                helpers.push(scope.spawn(|| steps(job, || {})));
            }
        });
        helpers
            .into_iter()
            .map(|helper| helper.join().unwrap_or(Ok(())))
            .fold(result, Result::and)
    })
}

/// Works until nothing is left for this thread.
fn steps(job: &Job<'_>, mut each: impl FnMut()) -> numa::Result<()> {
    let mut worker = Worker::new();
    let mut idle = IDLE;
    loop {
        let step = job.step(&mut worker)?;
        if step == Step::Done {
            return Ok(());
        }
        each();
        if step == Step::Idle {
            thread::sleep(idle);
            idle = (idle * 2).min(MAX_IDLE);
        } else {
            idle = IDLE;
        }
    }
}

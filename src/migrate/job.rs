//! Moving a process's pages in pieces that several threads may take: the face of the engine.

use alloc::vec::Vec;
use core::time::Duration;

use super::engine::{Engine, Progress, Step};
use super::kernel::Linux;
use super::options::Options;
use super::plan::Plan;
use super::proc::process::Process;
use super::tally::NodeCount;
use super::worker::Worker;
use crate::error::Result;
use crate::root::Root;
use crate::sys;

/// One process, the pages of which are being moved.
///
/// The job has no threads. Whoever calls [`Job::step`] works; several threads may, each with a
/// [`Worker`] of its own. A job that is not stepped any more can be dropped at any time: every
/// page is on one node or the other.
///
/// ```no_run
/// use numa::migrate::{Job, Options, Plan, Step, Worker};
/// use numa::{Node, NodeMask, Root};
///
/// let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
/// from.insert(Node(0))?;
/// to.insert(Node(1))?;
/// let plan = Plan::new(from.as_bits(), to.as_bits())?;
/// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
/// let mut worker = Worker::new();
/// while job.step(&mut worker)? != Step::Done {
///     println!("{} pages moved", job.progress().moved);
/// }
/// for node in job.counts()? {
///     println!("{}: {} moved, {} stayed", node.route.from, node.moved, node.stayed());
/// }
/// # Ok::<(), numa::Error>(())
/// ```
#[derive(Debug)]
pub struct Job<'r>(Engine<'r, Linux>);

impl<'r> Job<'r> {
    /// Prepares the job for the process `pid` (0: the caller). Nothing is moved yet.
    ///
    /// # Errors
    /// ESRCH: no such process, or it has no memory, which [`Error::NoMemory`](crate::Error::NoMemory)
    /// tells. EACCES, EPERM: its memory may not be looked at by the caller.
    /// ENOENT: there is no /proc of the caller's PID namespace, or the kernel has no pagemap.
    /// [`Error::Empty`](crate::Error::Empty), [`Error::Malformed`](crate::Error::Malformed): a file
    /// of /proc is not what it should be. [`Error::OutOfMemory`](crate::Error::OutOfMemory).
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// job.run(&mut |_| true)?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn new(root: Root<'r>, pid: i32, plan: Plan, options: &Options<'_>) -> Result<Job<'r>> {
        Job::of(root, &Process::open(root, pid)?, plan, options)
    }

    /// The same for a process that is held. If it ends, another one that gets its number is not
    /// touched.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan, Process};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let process = Process::open(Root::SYSTEM, 4711)?;
    /// let job = Job::of(Root::SYSTEM, &process, plan, &Options::default())?;
    /// println!("process {} has {} pages", process.pid(), job.progress().present);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn of(
        root: Root<'r>,
        process: &Process,
        plan: Plan,
        options: &Options<'_>,
    ) -> Result<Job<'r>> {
        let sizes = process.sizes()?;
        // What its files say is of no use then: that it is root's, or that there is nothing to move.
        if sizes.mapped == 0 {
            process.check_memory()?;
        }
        let kernel = Linux::of(process)?;
        // It opens files by the process's number. If they are another one's, every call of the kernel
        // that follows fails.
        Engine::new(root, process.pid(), kernel, sizes, plan, options).map(Job)
    }

    /// Works until nothing is left for this thread, or until `go_on` returns `false`, which stops the
    /// job. It is called after each step that worked, with the progress.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// job.run(&mut |now| {
    ///     println!("{} of about {} pages", now.examined, now.present);
    ///     true // go on
    /// })?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn run(&self, go_on: &mut dyn FnMut(Progress) -> bool) -> Result<()> {
        self.run_with(&mut Worker::new(), go_on)
    }

    /// The same with a worker of the caller's, who can give up what it has in hand.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan, Worker};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// let mut worker = Worker::new();
    /// // Stops after 1000 pages.
    /// job.run_with(&mut worker, &mut |now| now.moved < 1000)?;
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn run_with(
        &self,
        worker: &mut Worker,
        go_on: &mut dyn FnMut(Progress) -> bool,
    ) -> Result<()> {
        /// Enough workers run, or the last ones have to finish first.
        const IDLE: Duration = Duration::from_millis(2);
        loop {
            match self.step(worker)? {
                Step::Done => return Ok(()),
                Step::Idle => sys::sleep(IDLE),
                Step::Worked => {}
            }
            if !go_on(self.progress()) {
                self.stop();
            }
        }
    }

    /// Makes every further step return [`Step::Done`]. May be called from any thread and from
    /// a signal handler. Pages that no step tried to move appear in no count.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// std::thread::scope(|threads| {
    ///     threads.spawn(|| job.run(&mut |_| true));
    ///     job.stop(); // the thread ends with its current piece
    /// });
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Whether the job was stopped, or stopped itself because of an error or because the process
    /// ended or began another program.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// job.run(&mut |_| true)?;
    /// if job.is_stopped() {
    ///     println!("it has ended before all pages were looked at");
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }

    /// Whether the process began another program (exec) before the job was done. What pages that one has
    /// was not looked at.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// job.run(&mut |_| true)?;
    /// if job.is_replaced() {
    ///     println!("it began another program, whose pages were not looked at");
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn is_replaced(&self) -> bool {
        self.0.is_replaced()
    }

    /// How far it is. May be called from any thread.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// println!("{} pages moved", job.progress().moved);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn progress(&self) -> Progress {
        self.0.progress()
    }

    /// What became of the pages so far, for each node that pages leave.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// job.run(&mut |_| true)?;
    /// for node in job.counts()? {
    ///     println!("node {} to {}: {} moved, {} stayed", node.route.from, node.route.to, node.moved, node.stayed());
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn counts(&self) -> Result<Vec<NodeCount>> {
        self.0.counts()
    }

    /// Moves some pages, with about one system call.
    ///
    /// # Errors
    /// What the kernel says when it refuses the process as a whole, and
    /// [`Error::OutOfMemory`](crate::Error::OutOfMemory). The end of the process is none. After an
    /// error the job stops.
    ///
    /// ```no_run
    /// use numa::migrate::{Job, Options, Plan, Step, Worker};
    /// use numa::{Node, NodeMask, Root};
    ///
    /// # let (mut from, mut to) = (NodeMask::new(64)?, NodeMask::new(64)?);
    /// # from.insert(Node(0))?;
    /// # to.insert(Node(1))?;
    /// # let plan = Plan::new(from.as_bits(), to.as_bits())?;
    /// let job = Job::new(Root::SYSTEM, 4711, plan, &Options::default())?;
    /// let mut worker = Worker::new();
    /// while job.step(&mut worker)? != Step::Done {
    ///     // Between two pieces: do something else.
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn step(&self, worker: &mut Worker) -> Result<Step> {
        self.0.step(worker)
    }
}

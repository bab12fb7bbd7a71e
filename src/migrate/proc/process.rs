//! One process of /proc: its directory, held open, so that all of its files are of the same process.

use crate::error::{Error, Result};
use crate::root::{self, Parser, Path, Root, decimal};
use crate::sys::file::File;
use crate::sys::{Errno, process};

/// A file of every process, whatever it is.
const ANY: &str = "status";
/// What errors call the process's directory.
const DIRECTORY: &str = "/proc/PID";

/// A process that is held: if it ends and its number is used anew, this is not that other process.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    directory: File,
    /// Says at a third of the cost whether it is there, where the kernel has this for it.
    descriptor: Option<File>,
}

/// What a process is as to its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has memory of its own, whether it runs, sleeps or is stopped.
    Alive,
    /// It is about to end, and gives or has given its memory back.
    Exiting,
    /// It has ended, and its parent has not asked for its status yet; of a process with several
    /// threads, the one that is named has ended.
    Zombie,
    /// The kernel's own thread.
    KernelThread,
}

impl Process {
    /// Holds the process with this number (0: the caller), or the process of the thread with it.
    ///
    /// # Errors
    /// [`Error::File`] with ESRCH: no such process; EACCES, EPERM: it is hidden (the option hidepid
    /// of /proc); ENOENT: there is no /proc, or it is that of another PID namespace, whose numbers
    /// are not those of system calls.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// let process = Process::open(Root::SYSTEM, 0)?;
    /// println!("process {}", process.pid());
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn open(root: Root<'_>, pid: i32) -> Result<Process> {
        let pid = if pid == 0 { process::own_pid() } else { pid };
        if !is_of_callers_namespace(root) {
            let (file, errno) = ("/proc", Errno::ENOENT);
            return Err(Error::File { file, errno });
        }
        let refused = |errno| Error::File {
            file: DIRECTORY,
            errno: match errno {
                // Some ways to hide a process let it be there without a file, some do not.
                Errno::ENOENT if root.is_system() && process::exists(pid) => Errno::EACCES,
                Errno::ENOENT if Path::below(root, "/proc/self").open().is_ok() => Errno::ESRCH,
                errno => errno,
            },
        };
        let mut path = Path::below(root, "/proc/");
        path.number(pid.unsigned_abs());
        let directory = path.open_directory().map_err(refused)?;
        let held = Process {
            pid,
            directory,
            // The numbers of another root are not those of system calls.
            descriptor: match root.is_system() {
                true => process::open(pid).ok(),
                false => None,
            },
        };
        // That it is there now says that the descriptor is of the same process.
        match held.has(ANY) {
            Err(errno) if root.is_system() => Err(refused(errno)),
            _ => Ok(held),
        }
    }

    /// Its number.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// let process = Process::open(Root::SYSTEM, 0)?;
    /// assert_eq!(process.pid(), std::process::id() as i32);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether it is still there, be it as a zombie: as long as it is, no other process has its
    /// number.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// let process = Process::open(Root::SYSTEM, 0)?;
    /// assert!(process.is_there());
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn is_there(&self) -> bool {
        !matches!(self.has(ANY), Err(Errno::ENOENT | Errno::ESRCH))
    }

    /// When it began, in ticks of the kernel's clock since the machine did: with the number, what
    /// tells it from all other processes when nothing is held.
    ///
    /// # Errors
    /// Those of [`Process::state`].
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::Process;
    ///
    /// let process = Process::open(Root::SYSTEM, 0)?;
    /// assert!(process.began()? > 0);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn began(&self) -> Result<u64> {
        self.stat().map(|stat| stat.began)
    }

    /// ESRCH if its number may be another process's. To be asked before a call that takes the number,
    /// and after it: the process that has it then has had it all the time.
    pub(crate) fn check(&self) -> Result<(), Errno> {
        let ended = self.descriptor.as_ref().map(process::has_ended);
        match ended {
            Some(Ok(false)) => Ok(()),
            Some(Ok(true)) => Err(Errno::ESRCH),
            _ if self.is_there() => Ok(()),
            _ => Err(Errno::ESRCH),
        }
    }

    /// Makes a call that takes the number; ESRCH if the number was not this process's all the time.
    pub(crate) fn call<T>(&self, call: impl FnOnce(i32) -> Result<T, Errno>) -> Result<T, Errno> {
        self.check()?;
        let result = call(self.pid);
        self.check()?;
        result
    }

    fn has(&self, file: &str) -> Result<(), Errno> {
        self.directory.check_below(name(file).as_c_str()?)
    }

    /// The same process, held once more, to read its files.
    pub(crate) fn duplicate(&self) -> Result<Process> {
        let (pid, file) = (self.pid, DIRECTORY);
        match self.directory.duplicate() {
            Ok(directory) => Ok(Process {
                pid,
                directory,
                descriptor: None,
            }),
            Err(errno) => Err(Error::File { file, errno }),
        }
    }

    /// The same, with the descriptor, for whoever makes many calls.
    pub(crate) fn duplicate_for_calls(&self) -> Result<Process> {
        let descriptor = self.descriptor.as_ref().map(File::duplicate);
        let mut held = self.duplicate()?;
        held.descriptor = descriptor.and_then(Result::ok);
        Ok(held)
    }

    /// Opens one of its files. ESRCH if the process, or its memory that the file is about, has
    /// ended; ENOENT if it has no such file.
    pub(crate) fn file(&self, file: &'static str) -> Result<File> {
        let path = name(file);
        let opened = path.as_c_str().and_then(|it| self.directory.open_below(it));
        opened.map_err(|errno| {
            let errno = match errno {
                Errno::ENOENT if !self.is_there() => Errno::ESRCH,
                errno => errno,
            };
            Error::File { file, errno }
        })
    }

    /// What it is now.
    ///
    /// # Errors
    /// ESRCH if it has ended and is no zombie any more; [`Error::Malformed`], [`Error::Empty`] if
    /// /proc/PID/stat does not say it.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::migrate::{Process, State};
    ///
    /// let process = Process::open(Root::SYSTEM, 0)?;
    /// assert_eq!(process.state()?, State::Alive);
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn state(&self) -> Result<State> {
        self.stat().map(|stat| stat.state)
    }

    /// The program that it runs, if it has memory at all.
    pub(crate) fn program(&self) -> Option<Program> {
        let stat = self.stat().ok()?;
        (stat.state == State::Alive).then_some(stat.program)
    }

    /// Whether there is no memory of it any more, or never was: its files of memory end at once.
    pub(crate) fn has_no_memory(&self) -> bool {
        match self.state() {
            Ok(state) => state != State::Alive,
            Err(_) => !self.is_there(),
        }
    }

    /// [`Error::NoMemory`] if its state says that it has none.
    pub(crate) fn check_memory(&self) -> Result<()> {
        match self.state() {
            Ok(State::Exiting | State::Zombie) => {
                Err(Error::NoMemory("a process or thread that has ended"))
            }
            Ok(State::KernelThread) => Err(Error::NoMemory("a kernel thread")),
            Ok(State::Alive) | Err(_) => Ok(()),
        }
    }

    /// Whether it is a process of the running system that the kernel tells apart from others.
    pub(super) fn is_of_system(&self) -> bool {
        self.descriptor.is_some()
    }

    /// Where its heap begins and its stack is; `None` where the kernel does not say that.
    pub(super) fn layout(&self) -> Option<Layout> {
        let mut buf = [0; STAT_ROOM];
        parse_layout(self.read_stat(&mut buf).ok()?)
    }

    fn stat(&self) -> Result<Stat> {
        let file = "stat";
        let mut buf = [0; STAT_ROOM];
        match self.read_stat(&mut buf)? {
            [] if self.is_there() => Err(Error::Empty { file }),
            [] => {
                let errno = Errno::ESRCH;
                Err(Error::File { file, errno })
            }
            text => Stat::parse(text).ok_or(Error::Malformed { file }),
        }
    }

    fn read_stat<'b>(&self, buf: &'b mut [u8; STAT_ROOM]) -> Result<&'b [u8]> {
        let file = "stat";
        let opened = self.file(file)?;
        let mut len = 0;
        while len < STAT_ROOM {
            match opened.read(&mut buf[len..]) {
                Ok(0) => break,
                Ok(read) => len += read,
                Err(errno) => return Err(Error::File { file, errno }),
            }
        }
        Ok(&buf[..len])
    }
}

/// Numbers of 20 digits in all fields of /proc/PID/stat, and a name.
const STAT_ROOM: usize = 2048;

/// Addresses of a process's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Where the heap begins.
    pub(super) heap: usize,
    /// An address in the stack.
    pub(super) stack: usize,
}

/// They are 0 for whoever may not look at the process's memory.
fn parse_layout(text: &[u8]) -> Option<Layout> {
    let end = text.iter().rposition(|&b| b == b')')?;
    let text = text[end + 1..].strip_suffix(b"\n")?;
    let mut fields = text.split(|&b| b == b' ').filter(|field| !field.is_empty());
    let mut address = |nth| usize::try_from(decimal(fields.nth(nth)?)?).ok();
    let layout = Layout {
        stack: address(25)?,
        heap: address(18)?,
    };
    (layout.stack > 0 && layout.heap > 0).then_some(layout)
}

/// What /proc/PID/stat says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// What the process is as to its memory.
    pub state: State,
    /// The number of its parent; 0 if that is not in the namespace of /proc.
    pub parent: i32,
    /// See [`Process::began`].
    pub began: u64,
    program: Program,
}

/// Where the program and its stack begin in the address space: 0 if that is not known. Another
/// program, and the same one begun anew, has them elsewhere, but for chance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Program {
    code: u64,
    stack: u64,
}

impl Program {
    /// Whether this is another one for certain.
    pub(crate) fn is_other(self, before: Program) -> bool {
        // The kernel tells them only to those who may look at the memory.
        self.stack != 0 && before.stack != 0 && self != before
    }
}

/// Flags of the kernel's tasks: it is ending; it is the kernel's own.
const EXITING: u32 = 0x4;
const KERNEL: u32 = 0x20_0000;

impl Stat {
    /// Reads the whole text of the file; `None` if that is something else, or cut short.
    ///
    /// ```
    /// use numa::migrate::Stat;
    ///
    /// let text = std::fs::read("/proc/self/stat").unwrap_or_default();
    /// if let Some(stat) = Stat::parse(&text) {
    ///     println!("the parent is process {}", stat.parent);
    /// }
    /// ```
    pub fn parse(text: &[u8]) -> Option<Stat> {
        // The name comes first, in parentheses, and may contain anything.
        let end = text.iter().rposition(|&b| b == b')')?;
        let text = text[end + 1..].strip_suffix(b"\n")?;
        let mut fields = text.split(|&b| b == b' ').filter(|field| !field.is_empty());
        let letter = fields.next()?;
        let parent = root::number(fields.next()?)?.try_into().ok()?;
        let flags = root::number(fields.nth(4)?)?;
        let began = decimal(fields.nth(12)?)?;
        let code = fields.nth(3).and_then(decimal);
        let stack = fields.nth(1).and_then(decimal);
        let program = Program {
            code: code.unwrap_or(0),
            stack: stack.unwrap_or(0),
        };
        let state = match letter {
            b"Z" | b"X" | b"x" => State::Zombie,
            _ if flags & KERNEL != 0 => State::KernelThread,
            _ if flags & EXITING != 0 => State::Exiting,
            _ => State::Alive,
        };
        Some(Stat {
            state,
            parent,
            began,
            program,
        })
    }
}

/// Whether the numbers of processes in /proc are those that system calls of the caller take.
fn is_of_callers_namespace(root: Root<'_>) -> bool {
    let mut buf = [0; 16];
    match Path::below(root, "/proc/self").read_link(&mut buf) {
        _ if !root.is_system() => true,
        Ok(text) if root::number(text) != Some(process::own_pid().unsigned_abs()) => false,
        // There is none above.
        Ok(_) if is_in_first_namespace(root) => true,
        // In one above, the caller may have the same number by chance, and others have others.
        Ok(_) => {
            let mut numbers = Numbers::default();
            let read = Path::below(root, "/proc/self/status").parse(&mut numbers);
            // Kernels without namespaces have no such line.
            read.is_err() || numbers.count <= 1
        }
        Err(errno) => errno != Errno::ENOENT,
    }
}

/// Whether the caller is in the system's first PID namespace. Much faster than what says of any
/// namespace whether /proc is its own.
fn is_in_first_namespace(root: Root<'_>) -> bool {
    let mut buf = [0; 32];
    let link = Path::below(root, "/proc/self/ns/pid").read_link(&mut buf);
    link == Ok(b"pid:[4026531836]")
}

/// The numbers of a process in the line NSpid of its status: one for each PID namespace, from that
/// of /proc down to its own.
#[derive(Debug, Default)]
struct Numbers {
    count: u32,
    /// Bytes of the line that have been read, as long as they are those of the key.
    matched: usize,
    is_other_line: bool,
    is_in_number: bool,
}

impl Parser for Numbers {
    fn take(&mut self, byte: u8) -> bool {
        const KEY: &[u8] = b"NSpid:";
        let is_key_over = self.matched == KEY.len();
        if byte == b'\n' {
            (self.matched, self.is_other_line) = (0, false);
            return !is_key_over;
        }
        if is_key_over {
            let is_digit = byte.is_ascii_digit();
            self.count += u32::from(is_digit && !self.is_in_number);
            self.is_in_number = is_digit;
        } else if !self.is_other_line && byte == KEY[self.matched] {
            self.matched += 1;
        } else {
            (self.matched, self.is_other_line) = (0, true);
        }
        true
    }
}

/// The path of a file of the directory.
fn name(file: &str) -> Path {
    Path::below(Root::SYSTEM, file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;

    const PID: i32 = 7;

    fn errno_of<T: core::fmt::Debug>(result: Result<T>) -> Errno {
        result.unwrap_err().errno()
    }

    #[test]
    fn a_file_that_is_not_there_is_not_the_end() {
        let made = MadeUp::new();
        let open = || Process::open(made.root(), PID);
        assert_eq!(errno_of(open()), Errno::ENOENT);
        made.write("proc/self/status", b"");
        assert_eq!(errno_of(open()), Errno::ESRCH);
        made.write("proc/7/status", b"");
        let process = open().unwrap();
        assert_eq!((process.pid(), process.is_there()), (PID, true));
        let file = "pagemap";
        let (absent, ended) = (Errno::ENOENT, Errno::ESRCH);
        assert_eq!(
            process.file(file).unwrap_err(),
            Error::File {
                file,
                errno: absent
            }
        );
        std::fs::remove_dir_all(made.path("proc/7")).unwrap();
        assert!(!process.is_there());
        assert_eq!(
            process.file(file).unwrap_err(),
            Error::File { file, errno: ended }
        );
    }

    #[test]
    fn another_process_with_its_number_is_another() {
        let made = MadeUp::new();
        made.write("proc/self/status", b"");
        made.write("proc/7/status", b"");
        let process = Process::open(made.root(), PID).unwrap();
        std::fs::remove_dir_all(made.path("proc/7")).unwrap();
        made.write("proc/7/status", b"");
        made.write("proc/7/maps", b"");
        assert!(!process.is_there() && !process.duplicate().unwrap().is_there());
        assert_eq!(errno_of(process.file("maps")), Errno::ESRCH);
        assert!(
            Process::open(made.root(), PID)
                .unwrap()
                .file("maps")
                .is_ok()
        );
    }

    #[test]
    fn states() {
        let made = MadeUp::new();
        made.write("proc/self/status", b"");
        made.write("proc/7/status", b"");
        let process = Process::open(made.root(), PID).unwrap();
        assert_eq!(errno_of(process.state()), Errno::ENOENT);
        for (text, state) in [
            (
                "7 (a) b) S 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
                State::Alive,
            ),
            (
                "7 (x) T 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
                State::Alive,
            ),
            (
                "7 (x) t 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
                State::Alive,
            ),
            (
                "7 (x) D 1 7 7 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
                State::Alive,
            ),
            (
                "7 (x) R 1 7 7 0 -1 4194308 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
                State::Exiting,
            ),
            (
                "7 (x) Z 1 7 7 0 -1 4227084 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
                State::Zombie,
            ),
            (
                "7 (kthreadd) S 0 0 0 0 -1 2129984 1 0 0 0 0 0 0 0 20 0 1 0 77\n",
                State::KernelThread,
            ),
        ] {
            made.write("proc/7/stat", text.as_bytes());
            assert_eq!(process.state(), Ok(state), "{text}");
            assert_eq!(process.began(), Ok(77));
            let parent = if state == State::KernelThread { 0 } else { 1 };
            assert_eq!(Stat::parse(text.as_bytes()).unwrap().parent, parent);
            assert_eq!(process.has_no_memory(), state != State::Alive, "{text}");
        }
        for cut in [
            "7",
            "7 (x",
            "7 (x) S 1 7",
            "7 (x) S 1 7 7 0 -1 x 1\n",
            "7 (x) S 1 7 7 0 -1 4194304 1",
        ] {
            made.write("proc/7/stat", cut.as_bytes());
            assert_eq!(
                process.state(),
                Err(Error::Malformed { file: "stat" }),
                "{cut}"
            );
            assert!(!process.has_no_memory());
        }
        made.write("proc/7/stat", b"");
        assert_eq!(process.state(), Err(Error::Empty { file: "stat" }));
    }

    #[test]
    fn numbers_in_namespaces() {
        let count = |status: &[u8]| {
            let mut numbers = Numbers::default();
            numbers.take_all(status);
            numbers.count
        };
        assert_eq!(count(b"Name:\tNSpid: 1 2\nNStgid:\t7\t7\nNSpid:\t7\n"), 1);
        assert_eq!(count(b"NStgid:\t1\nNSpid:\t123\t45\t1\nNSpgid:\t7\t7\n"), 3);
        assert_eq!(count(b"Name:\tx\nPid:\t7\n"), 0);
        assert!(is_of_callers_namespace(Root::SYSTEM));
    }

    #[test]
    fn where_heap_and_stack_are() {
        let stat = |stack: &str, heap: &str| {
            let between = "0 ".repeat(18);
            let before = "0 ".repeat(24);
            std::format!("7 (a) b) S {before}{stack} {between}{heap} 0 0 0 0 0\n")
        };
        let layout = |text: &str| parse_layout(text.as_bytes());
        let found = Layout {
            heap: 66,
            stack: 77,
        };
        assert_eq!(layout(&stat("77", "66")), Some(found));
        assert_eq!(layout(&stat("0", "66")), None);
        assert_eq!(layout(&stat("77", "x")), None);
        assert_eq!(layout("7 (a) S 1 2\n"), None);
        let me = Process::open(Root::SYSTEM, 0).unwrap();
        // The kernel hides it from nobody that may look at itself.
        assert!(me.layout().is_some_and(|layout| layout.stack > layout.heap));
    }

    #[test]
    fn this_process_and_those_that_are_not_there() {
        let me = Process::open(Root::SYSTEM, 0).unwrap();
        assert_eq!(me.pid(), process::own_pid());
        assert_eq!(me.state(), Ok(State::Alive));
        assert_eq!(
            errno_of(Process::open(Root::SYSTEM, i32::MAX)),
            Errno::ESRCH
        );
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        let held = Process::open(Root::SYSTEM, pid).unwrap();
        // Not waited for yet, it has its number.
        assert!(held.is_there());
        assert!(held.began().unwrap() >= me.began().unwrap());
        child.wait().unwrap();
        assert!(!held.is_there());
        let mut called = 0;
        let mut call = |held: &Process| {
            held.call(|pid| {
                called += 1;
                Ok(pid)
            })
        };
        // With a descriptor, if the kernel has them, and without.
        assert_eq!(call(&held), Err(Errno::ESRCH));
        assert_eq!(
            call(&held.duplicate_for_calls().unwrap()),
            Err(Errno::ESRCH)
        );
        assert_eq!(call(&held.duplicate().unwrap()), Err(Errno::ESRCH));
        assert_eq!(call(&me), Ok(me.pid()));
        assert_eq!(call(&me.duplicate_for_calls().unwrap()), Ok(me.pid()));
        assert_eq!(call(&me.duplicate().unwrap()), Ok(me.pid()));
        assert_eq!(called, 3);
        assert_eq!(errno_of(held.file("maps")), Errno::ESRCH);
        assert_eq!(errno_of(held.state()), Errno::ESRCH);
    }

    #[test]
    fn what_a_call_says_of_a_process_that_ends_meanwhile_is_not_believed() {
        for with_descriptor in [true, false] {
            let mut child = std::process::Command::new("sleep")
                .arg("1000")
                .spawn()
                .unwrap();
            let mut held = Process::open(Root::SYSTEM, child.id() as i32).unwrap();
            if !with_descriptor {
                held.descriptor = None;
            }
            let result = held.call(|_| {
                child.kill().unwrap();
                child.wait().unwrap();
                Ok(())
            });
            child.wait().unwrap();
            assert_eq!(result, Err(Errno::ESRCH));
        }
    }
}

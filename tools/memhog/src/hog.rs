//! The memory, and the writing to it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::time::Instant;

use cli::failures::{Failed, perror, strerror};
use cli::memory::{Huge, placed};
use cli::terminal::Terminal;
use cli::text::{self, safe};
use numa::memory::{self, Mapping, Shared};
use numa::{Errno, policy};

use crate::order::Order;
use crate::report::Written;

/// A dot stands for so many bytes.
const STEP: usize = 10 << 20;
/// What is written: not zeros, which could stay the zero page.
const BYTE: u8 = 0xff;

/// What is written to.
#[derive(Debug)]
pub(crate) enum Memory {
    Own(Mapping),
    File(Shared),
}

impl Memory {
    /// Maps it; no page is touched yet.
    pub(crate) fn map(order: &Order) -> Result<Memory, Failed> {
        match &order.file {
            None => Huge::map(order.huge, order.size)
                .map(Memory::Own)
                .map_err(|failed| Failed {
                    message: format!("size '{}': {}", order.size_text, failed.message),
                    ..failed
                }),
            Some(file) => map_file(file, order.size).map(Memory::File),
        }
    }

    fn address(&self) -> usize {
        match self {
            Memory::Own(memory) => memory.address(),
            Memory::File(file) => file.address(),
        }
    }

    fn len(&self) -> usize {
        match self {
            Memory::Own(memory) => memory.bytes().len(),
            Memory::File(file) => file.len(),
        }
    }

    fn fill(&mut self, range: Range<usize>) {
        match self {
            Memory::Own(memory) => memory.bytes_mut()[range].fill(BYTE),
            Memory::File(file) => file.fill(range, BYTE),
        }
    }

    /// Sets the policy, and asks which one it is. What the kernel does not allow is said, and the
    /// memory is written all the same, as containers with filters expect it.
    fn place(&self, order: &Order) -> Vec<String> {
        let (address, len) = (self.address(), self.len());
        let nodes = order.nodes.as_bits();
        let mode = order.policy.mode;
        let placed = policy::set_range_policy(address, len, mode, Some(nodes), false);
        if order.no_huge {
            // A kernel that has none does what is asked.
            let _ = memory::advise_huge(address, len, false);
        }
        let asked = policy::policy_at(address, order.nodes.size());
        let mut refused = Vec::new();
        for (call, error) in [("mbind", placed.err()), ("get_mempolicy", asked.err())] {
            if let Some(error) = error {
                refused.push(perror(call, error.errno()));
            }
        }
        refused
    }

    /// Writes it as often as it is asked for. Dots go to the terminal, if there is one for them.
    pub(crate) fn write(
        &mut self,
        order: &Order,
        dots: Option<&Terminal>,
    ) -> Result<Written, Failed> {
        let mut written = Written::new(order);
        written.refused = self.place(order);
        let (address, len) = (self.address(), self.len());
        let steps = || {
            let starts = (0..len).step_by(STEP);
            starts.map(|start| start..len.min(start.saturating_add(STEP)))
        };
        let began = Instant::now();
        for pass in 0..order.repeat {
            for step in steps() {
                if pass == 0 {
                    fault_in(order, address, &step)?;
                }
                self.fill(step);
                if let Some(terminal) = dots {
                    terminal.print(".");
                }
            }
            if let Some(terminal) = dots {
                terminal.print("\n");
            }
        }
        written.took(began.elapsed().as_secs_f64());
        Ok(written)
    }

    /// Where it is, into the report.
    pub(crate) fn locate(&self, written: &mut Written) {
        let range = self.address()..self.address() + self.len();
        match placed(range) {
            Ok(placed) => written.placed = Some(placed),
            Err(error) => {
                let reason = strerror(error.errno());
                written.refused.push(format!("move_pages: {reason}"));
            }
        }
    }
}

fn fault_in(order: &Order, address: usize, step: &Range<usize>) -> Result<(), Failed> {
    Huge::fault_in(order.huge, address + step.start, step.len())
}

/// Maps a file. One that is too short would end the command with SIGBUS.
fn map_file(file: &OsStr, size: usize) -> Result<Shared, Failed> {
    let shown = safe(&file.to_string_lossy());
    if let Ok(found) = fs::metadata(file) {
        if found.is_file() && found.len() < size as u64 {
            let (has, size) = (text::grouped(found.len()), text::grouped(size as u64));
            return Err(Failed::other(format!(
                "-f '{shown}': the file has {has} bytes, and {size} are to be written"
            )));
        }
    }
    let bad = |reason| Failed::other(format!("-f '{shown}': {reason}"));
    let opened = File::options().read(true).write(true).open(file);
    let opened = opened.map_err(|error| {
        let errno = error.raw_os_error().map(Errno);
        bad(errno.map_or("no file has this name".into(), strerror))
    })?;
    Shared::file(opened.as_raw_fd(), size, 0).map_err(|error| bad(strerror(error.errno())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DEFINITION;
    use std::ffi::OsString;

    fn order(words: &[&str]) -> Order {
        let args: Vec<OsString> = words.iter().map(OsString::from).collect();
        Order::read(DEFINITION.read(args).unwrap()).unwrap()
    }

    #[test]
    fn every_byte_is_written() {
        let order = order(&["10485761"]);
        let mut memory = Memory::map(&order).unwrap();
        memory.write(&order, None).unwrap();
        let Memory::Own(memory) = memory else {
            panic!("not a file")
        };
        assert_eq!(memory.bytes().len(), STEP + 1);
        assert!(memory.bytes().iter().all(|&byte| byte == BYTE));
    }

    #[test]
    fn nothing_is_written_no_time() {
        let order = order(&["-r0", "4k"]);
        let mut memory = Memory::map(&order).unwrap();
        memory.write(&order, None).unwrap();
        assert!(matches!(memory, Memory::Own(memory) if memory.bytes().iter().all(|&b| b == 0)));
    }

    #[test]
    fn what_there_is_no_room_for_is_named() {
        let message = Memory::map(&order(&["99999g"])).unwrap_err().message;
        assert_eq!(
            message,
            "size '99999g': cannot map 97.7 TiB: Cannot allocate memory"
        );
    }

    #[test]
    fn files_that_cannot_be_written_are_refused() {
        let told = |file: &str| {
            Memory::map(&order(&["-f", file, "1g"]))
                .unwrap_err()
                .message
        };
        assert_eq!(
            told("/nonexistent"),
            "-f '/nonexistent': No such file or directory"
        );
        let short = std::env::temp_dir().join(format!("memhog-{}", std::process::id()));
        fs::write(&short, "hi\n").unwrap();
        let message = told(short.to_str().unwrap());
        fs::remove_file(&short).unwrap();
        assert!(
            message.ends_with("the file has 3 bytes, and 1,073,741,824 are to be written"),
            "{message}"
        );
    }
}

//! Carries a plan out.

use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::process::Command;

use cli::failures::{FAILED, strerror};
use cli::terminal::Terminal;
use cli::text;
use numa::{Errno, affinity};

use crate::effort;
use crate::filter;
use crate::hardware::Hardware;
use crate::plan::{Placement, Plan, Running, Step};
use crate::reasons;
use crate::refusal::Refusal;
use crate::report::Document;
use crate::shared::Opened;
use crate::show::Shown;
use crate::views::View;
use crate::views::matrix::Matrix;
use crate::views::tiers::Tiers;
use crate::views::weights::{self, Suggestion, Weights};

/// What a plan is carried out with.
pub(crate) struct Carrier<'a> {
    plan: &'a Plan,
    terminal: &'a Terminal,
    document: &'a mut Document,
    opened: Option<Opened>,
    /// Whether policies can be tried, once that is known.
    may_set: Option<bool>,
}

impl<'a> Carrier<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        terminal: &'a Terminal,
        document: &'a mut Document,
    ) -> Carrier<'a> {
        Carrier {
            plan,
            terminal,
            document,
            opened: None,
            may_set: None,
        }
    }

    /// Does all of it. Returns the exit status, unless a command takes over.
    pub(crate) fn run(mut self) -> Result<u8, Refusal> {
        let mut status = 0;
        if self.plan.hardware {
            // The policy of this command is of no use to anybody.
            if let Some(Step::Show) = self.plan.steps.last() {
                self.show()?;
            } else {
                self.hardware()?;
            }
            self.views()?;
            return Ok(0);
        }
        if !self.plan.views.is_empty() {
            self.views()?;
            return Ok(0);
        }
        for notice in &self.plan.notices {
            self.terminal
                .complain(format_args!("{} (--best-effort)", notice.line()));
        }
        for step in &self.plan.steps {
            status = self.step(step)?.max(status);
        }
        if self.plan.command.is_empty() || self.plan.shows_only() {
            return Ok(status);
        }
        if self.plan.useless_strict {
            self.terminal
                .complain(format_args!("warning. Strict flag for process ignored."));
        }
        Err(execute(&self.plan.command))
    }

    fn step(&mut self, step: &Step) -> Result<u8, Refusal> {
        match step {
            Step::Policy(placement) => self.policy(placement)?,
            Step::Run(running) => self.running(running)?,
            Step::Open(memory) => self.opened = Some(Opened::open(memory, self.terminal)?),
            Step::Place(placement, strict) => {
                if let Some(opened) = &self.opened {
                    opened
                        .place(placement, *strict)
                        .or_else(|error| self.not_placed(placement, error))?;
                }
            }
            Step::Touch => {
                if let Some(opened) = &self.opened {
                    opened.touch()?;
                }
            }
            Step::Verify(placement) => return self.verify(placement),
            Step::Dump => self.dump()?,
            Step::DumpNodes => self.dump_nodes()?,
            Step::Show => self.show()?,
        }
        Ok(0)
    }

    fn policy(&mut self, placement: &Placement) -> Result<(), Refusal> {
        let best_effort = self.plan.how.best_effort;
        let machine = self.plan.machine()?;
        let may_set = *self
            .may_set
            .get_or_insert_with(|| !filter::kills_policies());
        let set = if may_set {
            effort::set(placement)
        } else {
            Err(effort::KILLED)
        };
        let Err(error) = set else { return Ok(()) };
        let refusal = if placement.nodes.is_empty() && best_effort {
            // All its nodes were left out, which has been said.
            Refusal::of(&placement.given, "no node is left of it")
        } else if !may_set {
            Refusal::of(&placement.given, filter::KILLS)
        } else {
            reasons::of_policy(placement, error, machine)
        };
        if !best_effort {
            return Err(refusal);
        }
        let has_cpus = self
            .plan
            .steps
            .iter()
            .any(|step| matches!(step, Step::Run(_)));
        let said =
            effort::instead_of_policy(placement, &refusal.line(), has_cpus, may_set, machine);
        self.terminal
            .complain(format_args!("{said} (--best-effort)"));
        Ok(())
    }

    fn running(&mut self, running: &Running) -> Result<(), Refusal> {
        let Err(error) = affinity::set_thread_cpus(0, running.cpus.as_bits()) else {
            return Ok(());
        };
        let machine = self.plan.machine()?;
        let refusal = reasons::of_running(running, error, machine);
        if !self.plan.how.best_effort {
            return Err(refusal);
        }
        let said = effort::instead_of_cpus(running, &refusal, machine);
        self.terminal
            .complain(format_args!("{said} (--best-effort)"));
        Ok(())
    }

    /// The policy of shared memory is refused.
    fn not_placed(&self, placement: &Placement, error: numa::Error) -> Result<(), Refusal> {
        let refusal = reasons::of_policy(placement, error, self.plan.machine()?);
        if !self.plan.how.best_effort {
            return Err(refusal);
        }
        self.terminal.complain(format_args!(
            "{}; going on without it (--best-effort)",
            refusal.line()
        ));
        Ok(())
    }

    fn verify(&mut self, placement: &Placement) -> Result<u8, Refusal> {
        let Some(opened) = &self.opened else {
            return Ok(0);
        };
        let (wrong, text) = opened.verify(placement)?;
        self.document.misplaced_pages = Some(wrong);
        self.print(&text);
        Ok(if wrong > 0 { FAILED } else { 0 })
    }

    fn dump(&mut self) -> Result<(), Refusal> {
        let Some(opened) = &self.opened else {
            return Ok(());
        };
        let (ranges, text) = opened.policies(self.plan.machine()?.node_bits)?;
        self.document.policies = Some(ranges);
        self.print(&text);
        Ok(())
    }

    fn dump_nodes(&mut self) -> Result<(), Refusal> {
        let Some(opened) = &self.opened else {
            return Ok(());
        };
        let (ranges, text) = opened.nodes()?;
        self.document.pages = Some(ranges);
        self.print(&text);
        Ok(())
    }

    fn show(&mut self) -> Result<(), Refusal> {
        let machine = self.plan.machine()?;
        let (shown, text) = Shown::read(machine)
            .map_err(|error| Refusal::saying(error.to_string(), "--show", ""))?;
        self.document.show = Some(shown);
        self.print(&text);
        Ok(())
    }

    fn hardware(&mut self) -> Result<(), Refusal> {
        let machine = self.plan.machine()?;
        let hardware = Hardware::read(machine);
        self.print(&hardware.text(machine, self.plan.how.ranges));
        self.document.hardware = Some(hardware);
        Ok(())
    }

    /// Shows or sets what memory is.
    fn views(&mut self) -> Result<(), Refusal> {
        for view in &self.plan.views {
            let text = self.view(view)?;
            self.print(&text);
        }
        Ok(())
    }

    /// Returns what people read.
    fn view(&mut self, view: &View) -> Result<String, Refusal> {
        let machine = self.plan.machine()?;
        let mut text = String::new();
        match view {
            View::Matrix(figures) => {
                let announce = |text: &str| self.terminal.complain(format_args!("{text}"));
                let matrix = match self.plan.how.measure {
                    true => Matrix::measure(machine, announce)?,
                    false => Matrix::read(machine)?,
                };
                text = matrix.text(*figures);
                self.document.matrix = Some(matrix);
            }
            View::Tiers => {
                let tiers = Tiers::read(machine)?;
                text = tiers.text();
                self.document.tiers = Some(tiers);
            }
            View::Weights => {
                let weights = Weights::read()?;
                text = weights.text();
                self.document.weights = Some(weights);
            }
            View::SetWeights(given, wanted) => {
                weights::set(given, wanted, machine)?;
                self.document.weights = Some(Weights::read()?);
            }
            View::Automatic(given) => {
                weights::set_automatic(given)?;
                self.document.weights = Some(Weights::read()?);
            }
            View::Suggest => {
                let suggestion = Suggestion::of(machine)?;
                text = format!("{}\n", suggestion.command);
                self.document.suggestion = Some(suggestion);
            }
        }
        Ok(text)
    }

    /// What people read, unless a program does.
    fn print(&self, text: &str) {
        if !self.plan.how.json {
            self.terminal.print(text);
        }
    }
}

/// Becomes the command; returns why that failed.
fn execute(command: &[std::ffi::OsString]) -> Refusal {
    let _ = std::io::stdout().flush();
    let error = Command::new(&command[0]).args(&command[1..]).exec();
    let reason = match error.raw_os_error() {
        Some(errno) => strerror(Errno(errno)),
        None => error.to_string(),
    };
    let name = text::safe(&command[0].to_string_lossy());
    Refusal::saying(format!("execution of `{name}': {reason}"), "", "")
}

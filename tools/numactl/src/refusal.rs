//! Why something is refused: in the reference's words, where it has some, and with the option, the
//! value and the reason.

use std::fmt;

use cli::nodestring;
use cli::text::safe;
use numa::strings::ListError;
use serde::Serialize;

use crate::given::Given;

/// Something that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Refusal {
    /// The option, with its value.
    pub(crate) option: String,
    /// Why.
    pub(crate) reason: String,
    /// The message, if it is not `option: reason`.
    #[serde(skip)]
    message: Option<String>,
    /// What libnuma says to it on standard error.
    #[serde(skip)]
    warning: Option<String>,
    /// What the reference says to it on standard output.
    #[serde(skip)]
    out: Option<String>,
}

impl Refusal {
    /// An option's value is refused.
    pub(crate) fn of(given: &Given, reason: impl Into<String>) -> Refusal {
        let mut option = given.name();
        if given.text.is_empty() {
            option.push_str("=''");
        }
        Refusal {
            option,
            reason: reason.into(),
            message: None,
            warning: None,
            out: None,
        }
    }

    /// What was asked for does not work, in the reference's words, and why.
    pub(crate) fn saying(
        message: impl Into<String>,
        option: impl Into<String>,
        reason: impl Into<String>,
    ) -> Refusal {
        let (mut message, reason) = (message.into(), reason.into());
        if !reason.is_empty() {
            message.push_str(": ");
            message.push_str(&reason);
        }
        Refusal {
            option: option.into(),
            reason: message.clone(),
            message: Some(message),
            warning: None,
            out: None,
        }
    }

    /// A list is refused; `why` is not asked for lists that end too early and for devices.
    pub(crate) fn of_list(
        given: &Given,
        kind: &str,
        error: &ListError<'_>,
        why: impl FnOnce() -> String,
    ) -> Refusal {
        let warning = nodestring::warning(kind, error);
        let reason = match error {
            ListError::MissingEnd { .. } => "a number is missing after '-'".to_owned(),
            ListError::Device(error) => error.to_string(),
            _ => why(),
        };
        Refusal {
            warning: Some(safe(
                String::from_utf8_lossy(&warning).trim_end_matches('\n'),
            )),
            out: Some(format!("<{}> is invalid\n", given.value())),
            ..Refusal::of(given, reason)
        }
    }

    /// The same as a notice: which nodes or CPUs are left out, and why.
    pub(crate) fn without(self, kind: &str, dropped: &impl fmt::Display) -> Refusal {
        let kind = if kind == "cpu" { "CPU" } else { kind };
        let reason = format!("{kind} {dropped} is left out: {}", self.reason);
        Refusal { reason, ..self }
    }

    /// What goes to standard output.
    pub(crate) fn out(&self) -> Option<&str> {
        self.out.as_deref()
    }

    /// What libnuma would say to it on standard error.
    pub(crate) fn warning(&self) -> Option<String> {
        let warning = self.warning.as_ref()?;
        Some(format!("libnuma: Warning: {warning}\n"))
    }

    /// The line behind the command's name.
    pub(crate) fn line(&self) -> String {
        match &self.message {
            Some(message) => message.clone(),
            None => format!("{}: {}", self.option, self.reason),
        }
    }
}

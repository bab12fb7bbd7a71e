//! An option of the command line and its value, as messages show them.

use cli::text::safe;

/// An option and its value, as messages show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Such as `--membind`.
    pub(crate) option: String,
    /// The value, whatever it is.
    pub(crate) text: Vec<u8>,
}

impl Given {
    /// The value as text that is safe to show.
    pub(crate) fn value(&self) -> String {
        safe(&String::from_utf8_lossy(&self.text))
    }

    /// `--membind=0`
    pub(crate) fn name(&self) -> String {
        if self.text.is_empty() {
            self.option.clone()
        } else {
            format!("{}={}", self.option, self.value())
        }
    }
}

//! What the manual page says beyond the options.

use cli::manual::Prose;

/// The manual page's prose.
pub const PROSE: Prose = Prose {
    section: "8",
    synopsis: &[],
    sections: &[],
    see_also: "numactl(8)",
};

//! The progress bar of one move: how much, how fast, and how long it will take.

use std::io;
use std::time::Instant;

use cli::terminal::{self, Look};
use cli::text::{grouped, size};
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use numa::migrate::Progress;

/// How far the rate looks back, in seconds.
const MEMORY: f64 = 5.0;
/// A bar that is shorter says nothing.
const SHORTEST: usize = 10;
/// Columns that stay free: a terminal writes the ^C of the user there, and it is wiped with
/// the bar.
const MARGIN: usize = 3;

/// Standard error, narrower by the margin: indicatif fills its line with blanks to the end, and
/// a ^C behind that would push the bar up to where nothing wipes it.
#[derive(Debug)]
struct Narrowed(Term);

impl TermLike for Narrowed {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(MARGIN as u16)
    }
    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_up(lines)
    }
    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_down(lines)
    }
    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_right(columns)
    }
    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_left(columns)
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }
    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }
    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

/// One line on standard error that is drawn again and again, and wiped at the end.
#[derive(Debug)]
pub(crate) struct Bar {
    line: ProgressBar,
    /// What is being moved, from the longest name to the shortest.
    titles: Vec<String>,
    page_size: u64,
    rates: Rates,
    /// The widest figures so far, so that the bar's end does not jump about.
    figures: usize,
}

/// Pages for each second of the last few.
#[derive(Debug)]
struct Rates {
    at: Instant,
    examined: u64,
    moved: u64,
    seconds: f64,
    weighted_examined: f64,
    weighted_moved: f64,
}

impl Rates {
    fn new(now: Instant) -> Rates {
        Rates {
            at: now,
            examined: 0,
            moved: 0,
            seconds: 0.0,
            weighted_examined: 0.0,
            weighted_moved: 0.0,
        }
    }

    /// Pages examined and moved in each second.
    fn learn(&mut self, now: Instant, progress: &Progress) -> (f64, f64) {
        let passed = now.duration_since(self.at).as_secs_f64();
        let keep = (-passed / MEMORY).exp();
        let fresh = |now: u64, before: u64| now.saturating_sub(before) as f64;
        self.seconds = self.seconds * keep + passed;
        self.weighted_examined =
            self.weighted_examined * keep + fresh(progress.examined, self.examined);
        self.weighted_moved = self.weighted_moved * keep + fresh(progress.moved, self.moved);
        (self.at, self.examined, self.moved) = (now, progress.examined, progress.moved);
        let seconds = self.seconds.max(1e-3);
        (
            self.weighted_examined / seconds,
            self.weighted_moved / seconds,
        )
    }
}

impl Bar {
    /// A bar that is seen only if standard error is a terminal that can wipe a line.
    pub(crate) fn new(pid: i32, title: &str, page_size: u64, wanted: bool) -> Bar {
        let term = Term::buffered_stderr();
        let line = if wanted && term.is_term() && !console::is_dumb() {
            let target = ProgressDrawTarget::term_like_with_hz(Box::new(Narrowed(term)), 20);
            ProgressBar::with_draw_target(None, target)
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            line.set_style(style);
        }
        let short = title.strip_prefix("process ").unwrap_or(title);
        Bar {
            line,
            titles: vec![title.to_owned(), short.to_owned(), pid.to_string()],
            page_size,
            rates: Rates::new(Instant::now()),
            figures: 0,
        }
    }

    /// Draws it.
    pub(crate) fn draw(&mut self, progress: &Progress) {
        if self.line.is_hidden() {
            return;
        }
        let rates = self.rates.learn(Instant::now(), progress);
        let text = self.text(progress, rates, Look::of_stderr());
        self.line.set_message(text);
    }

    /// Wipes it.
    pub(crate) fn end(&self) {
        self.line.finish_and_clear();
    }

    fn text(&mut self, progress: &Progress, rates: (f64, f64), look: Look) -> String {
        let (examined, moved) = rates;
        let rest = progress.present.saturating_sub(progress.examined) as f64;
        let bytes = |pages: f64| size((pages * self.page_size as f64) as u64);
        let figures = format!(
            "{}, {}/s, {}",
            bytes(progress.moved as f64),
            bytes(moved),
            // What has not moved for long may take for ever.
            if examined * 1e6 > rest {
                time_left(rest / examined.max(1e-3))
            } else {
                "stalled".into()
            }
        );
        let pages = format!("{} pages, {figures}", grouped(progress.moved));
        let percent = (progress.examined * 100)
            .checked_div(progress.present)
            .unwrap_or(0)
            .min(100);
        let room = look.width.saturating_sub(MARGIN);
        // The full name first, then shorter ones, then fewer figures: the first that leaves
        // room for the bar.
        let forms = self.titles.iter().map(|title| (title, &pages));
        let forms = forms.chain(self.titles.last().map(|title| (title, &figures)));
        for (title, figures) in forms {
            let shown = figures.chars().count();
            let wide = self.figures.max(shown);
            let others = title.chars().count() + "  100 %    ".len() + wide;
            if others + SHORTEST <= room {
                self.figures = wide;
                let width = (room - others).min(40);
                let bar = terminal::padded_bar(progress.examined, progress.present, width, look);
                return format!("{title}  {percent:>3} %  {bar}  {figures:>wide$}");
            }
        }
        format!("{percent} % {figures}")
            .chars()
            .take(room)
            .collect()
    }
}

/// `40 s left`, `12 min left`, `3 h left`.
fn time_left(seconds: f64) -> String {
    if seconds < 100.0 {
        format!("{:.0} s left", seconds.max(1.0))
    } else if seconds < 100.0 * 60.0 {
        format!("{:.0} min left", seconds / 60.0)
    } else {
        format!("{:.0} h left", seconds / 3600.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn progress(examined: u64, moved: u64) -> Progress {
        Progress {
            examined,
            moved,
            present: 60_000,
            workers: 1,
            chunk: 4096,
        }
    }

    fn at(width: usize, title: &str) -> String {
        let look = Look {
            width,
            colour: false,
            blocks: true,
        };
        let mut bar = Bar::new(4194304, title, 4096, false);
        bar.text(&progress(15_000, 12_345), (15_000.0, 12_345.0), look)
    }

    #[test]
    fn the_line_fits() {
        let long = "process 4194304 (postgres: write)";
        assert_eq!(
            at(100, "process 4194304 (db)"),
            "process 4194304 (db)   25 %  \u{2588}\u{2588}\u{2588}\u{2588}\u{2588}\u{258c}                  \
             12,345 pages, 48.2 MiB, 48.2 MiB/s, 3 s left"
        );
        assert!(at(100, long).starts_with("4194304 (postgres: write)   25 %"));
        assert!(at(80, long).starts_with("4194304   25 %"));
        assert!(at(70, long).contains("   48.2 MiB, 48.2 MiB/s, 3 s left"));
        for width in 0..200 {
            let text = at(width, long);
            assert!(text.chars().count() + MARGIN <= width.max(MARGIN), "{text}");
        }
    }

    #[test]
    fn rates_follow_the_last_seconds() {
        let start = Instant::now();
        let mut rates = Rates::new(start);
        let mut last = (0.0, 0.0);
        for second in 1..=60u64 {
            let now = start + Duration::from_secs(second);
            // 100 pages a second for half a minute, then 10.
            let pages = second.min(30) * 100 + second.saturating_sub(30) * 10;
            last = rates.learn(now, &progress(pages, pages / 2));
            if second == 30 {
                assert_eq!(last.0.round(), 100.0);
            }
        }
        assert!(last.0 > 9.0 && last.0 < 11.0, "{last:?}");
        assert!((last.1 * 2.0 - last.0).abs() < 1e-6);
    }

    #[test]
    fn times() {
        assert_eq!(time_left(0.2), "1 s left");
        assert_eq!(time_left(99.0), "99 s left");
        assert_eq!(time_left(100.0), "2 min left");
        assert_eq!(time_left(7200.0), "2 h left");
    }
}

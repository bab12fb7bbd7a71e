//! migratepages(8).

fn main() -> std::process::ExitCode {
    migratepages::run()
}

//! The C part of libnuma.so.1, which the targets of the C interface need: those are built with `--cfg capi`,
//! as the library is (README.md).

fn main() {
    for name in ["CARGO_CFG_CAPI", "CARGO_CFG_SANITIZE", "TARGET"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    if std::env::var_os("CARGO_CFG_CAPI").is_none() {
        return;
    }
    let sources = ["../src/capi/numa/shim.c", "c/hooks.c"];
    for source in sources {
        println!("cargo:rerun-if-changed={source}");
    }
    let mut build = cc::Build::new();
    build.files(sources).std("gnu11").opt_level(1).debug(true);
    // A trap needs no runtime, whatever the compiler.
    build
        .flag("-fsanitize=undefined")
        .flag("-fsanitize-undefined-trap-on-error");
    // Only nightly toolchains and RUSTC_BOOTSTRAP tell whether Rust has a sanitizer.
    if std::env::var("CARGO_ENCODED_RUSTFLAGS")
        .is_ok_and(|flags| flags.contains("sanitizer=address"))
    {
        build.flag("-fsanitize=address");
    }
    // All of it, as a linker that reads archives in their order finds what needs it later only.
    build.link_lib_modifier("+whole-archive");
    build.compile("numashim");
}

//! What the macros say about mistakes, and where they point.
//!
//! `TRYBUILD=overwrite cargo test -p firesteel-macros --test ui` writes the expectations anew.

#[test]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    // The rest is in the compiler's own words, which differ between its versions.
    if rustc_minor() == Some(95) {
        cases.compile_fail("tests/ui/types/*.rs");
    }
}

fn rustc_minor() -> Option<u32> {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = std::process::Command::new(rustc).arg("--version").output().ok()?;
    let version = String::from_utf8(output.stdout).ok()?;
    version.split('.').nth(1)?.parse().ok()
}

//! `docs/FEATURES.md` is true to the code: no cell is empty, what it names is there, and each test that it names exists.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("../docs/FEATURES.md");
const HEAD: [&str; 3] = ["Pyro", "firesteel", "Shown by"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of all tables, without their heads.
fn rows(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|line| line.starts_with('|'));
    let rows = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    rows.filter(|row| *row != HEAD && !row.iter().all(|cell| cell.chars().all(|c| c == '-') && !cell.is_empty()))
        .collect()
}

/// What stands between backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// What is wrong with a row, if anything.
fn judge(row: &[&str], files: &mut BTreeMap<String, String>, sources: &str) -> Option<String> {
    let [feature, _, shown] = row else { return Some(format!("{} cells: {row:?}", row.len())) };
    if row.iter().any(|cell| cell.is_empty()) {
        return Some(format!("an empty cell: {row:?}"));
    }
    let tests = code(shown);
    if tests.is_empty() {
        return Some(format!("no test of {feature}"));
    }
    for test in tests {
        let Some((path, name)) = test.split_once("::") else { return Some(format!("no test: {test}")) };
        let text =
            files.entry(path.to_owned()).or_insert_with(|| fs::read_to_string(root().join(path)).unwrap_or_default());
        if !["(", "<"].iter().any(|after| text.contains(&format!("fn {name}{after}"))) {
            return Some(format!("there is no fn {name} in {path}, for {feature}"));
        }
    }
    let items = code(row[1]).into_iter().filter(|item| !item.contains([' ', '"', '#', '[']));
    let unknown = items.flat_map(|item| item.split("::")).find(|word| !has_word(sources, word));
    unknown.map(|word| format!("nothing is called {word}, for {feature}"))
}

fn has_word(text: &str, word: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word)
        .any(|(at, _)| !inside(text[..at].chars().next_back()) && !inside(text[at + word.len()..].chars().next()))
}

/// The sources of everything that a program can use.
fn sources() -> String {
    let mut text = String::new();
    let mut folders: Vec<PathBuf> = ["src", "proto/src", "proto/formats/value/src", "adapters", "nameserver/src"]
        .iter()
        .map(|folder| root().join(folder))
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    text
}

#[test]
fn each_feature_is_shown_by_a_test_that_exists() {
    let (sources, mut files) = (sources(), BTreeMap::new());
    let rows = rows(TABLE);
    assert!(rows.len() > 50, "only {} rows were found", rows.len());
    let wrong: Vec<_> = rows.iter().filter_map(|row| judge(row, &mut files, &sources)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the other test would not let through.
#[test]
fn what_is_wrong_is_found() {
    let (sources, mut files) = (sources(), BTreeMap::new());
    let mut wrong = |line: &str| rows(line).iter().find_map(|row| judge(row, &mut files, &sources)).unwrap_or_default();
    let known = "`tests/features.rs::what_is_wrong_is_found`";
    assert_eq!(wrong(&format!("| a | `Proxy::call` | {known} |")), "");
    assert!(wrong(&format!("| a | | {known} |")).starts_with("an empty cell"));
    assert_eq!(wrong("| a | `Proxy` | tests |"), "no test of a");
    assert_eq!(
        wrong("| a | `Proxy` | `tests/features.rs::what_is_wrong` |"),
        "there is no fn what_is_wrong in tests/features.rs, for a"
    );
    assert_eq!(wrong(&format!("| a | `Proxy::makes_tea` | {known} |")), "nothing is called makes_tea, for a");
}

//! The macros and the core agree on what is private.

#[path = "../../src/private.rs"]
mod private;

#[test]
fn the_same_names_are_private_in_the_core() {
    let core = include_str!("../../../src/metadata.rs");
    let quoted =
        core.split('"').filter(|text| text.starts_with('_') && text.chars().all(|c| c == '_' || c.is_alphanumeric()));
    let names: Vec<_> =
        quoted.chain(["x", "x_", "x__", "__contains__", "__setitem__", "___", "____", "______"]).collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        assert_eq!(private::is_private(name), firesteel_proto::is_private(name), "{name}");
    }
}

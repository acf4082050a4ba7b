//! How long what a pattern matches can be: `SubPattern.getwidth` of Python's `re._parser`.

use super::node::Node;

/// At least and at most; the greatest number is no bound.
pub(super) type Width = (u64, u64);

/// The widths of groups that have been closed, by their number.
pub(super) type Widths = Vec<Option<Width>>;

pub(super) fn of_sequence(sequence: &[Node], groups: &Widths) -> Width {
    sequence.iter().fold((0, 0), |(lo, hi), node| {
        let (min, max) = of(node, groups);
        (lo.saturating_add(min), hi.saturating_add(max))
    })
}

fn of(node: &Node, groups: &Widths) -> Width {
    match node {
        Node::Literal(_) | Node::Any | Node::Set { .. } => (1, 1),
        Node::At(_) | Node::Look { .. } => (0, 0),
        Node::Branch(branches) => {
            let widths = branches.iter().map(|branch| of_sequence(branch, groups));
            widths.reduce(either).unwrap_or((0, 0))
        }
        Node::Group { body, .. } | Node::Atomic(body) => of_sequence(body, groups),
        Node::Reference(group) => groups.get(*group).copied().flatten().unwrap_or((0, u64::MAX)),
        Node::Conditional { yes, no, .. } => {
            let no = no.as_ref().map_or((0, 0), |no| of_sequence(no, groups));
            either(of_sequence(yes, groups), no)
        }
        Node::Repeat { min, max, body, .. } => {
            let (lo, hi) = of(body, groups);
            let most = match max {
                Some(max) => hi.saturating_mul(u64::from(*max)),
                None if hi > 0 => u64::MAX,
                None => 0,
            };
            (lo.saturating_mul(u64::from(*min)), most)
        }
    }
}

fn either(one: Width, other: Width) -> Width {
    (one.0.min(other.0), one.1.max(other.1))
}

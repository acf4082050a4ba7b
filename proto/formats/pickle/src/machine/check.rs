//! What is left when the machine stops: no cycles, not too deep, and not too large when all is written out.

use firesteel_value::{FormatError, FormatErrorKind};

use crate::arena::{Arena, Kind, Node, Object};

/// What an object takes with all that is in it.
#[derive(Clone, Copy, Default)]
struct Weight {
    size: usize,
    depth: usize,
}

#[derive(Clone, Copy)]
enum State {
    New,
    Open,
    Done(Weight),
}

/// An object that is being walked through.
struct Frame {
    object: usize,
    next: usize,
    weight: Weight,
}

/// Walks through every object once.
pub(super) fn check(arena: &Arena<'_>, max_depth: usize, max_size: usize) -> Result<(), FormatError> {
    let mut states = vec![State::New; arena.objects.len()];
    let mut frames = Vec::new();
    enter(arena, arena.root, &mut states, &mut frames);
    while let Some(frame) = frames.last_mut() {
        let object = &arena.objects[frame.object];
        let Some(node) = arena.nodes(object).get(frame.next).copied() else {
            let Frame { object: index, weight, .. } = *frame;
            let level = usize::from(is_level(object));
            let done = Weight { size: weight.size + 8, depth: weight.depth + level };
            if done.depth > max_depth {
                return Err(FormatError::too_deep(max_depth).or_offset(object.at as usize));
            }
            states[index] = State::Done(done);
            frames.pop();
            if let Some(around) = frames.last_mut() {
                around.weight.add(done, arena.objects[around.object].at as usize, max_size)?;
            }
            continue;
        };
        frame.next += 1;
        let at = object.at as usize;
        match node.object().and_then(|index| states.get(index)) {
            None => {
                // A byte of an array can be a number.
                let size = arena.size(node) * if matches!(object.kind, Kind::Array(_)) { 8 } else { 1 };
                frame.weight.add(Weight { size, depth: 0 }, at, max_size)?;
            }
            Some(State::Done(weight)) => frame.weight.add(*weight, at, max_size)?,
            Some(State::Open) => {
                let message = "a container that contains itself cannot be read";
                return Err(FormatError::at(FormatErrorKind::Unsupported, arena.offset(node), message));
            }
            Some(State::New) => enter(arena, node, &mut states, &mut frames),
        }
    }
    Ok(())
}

impl Weight {
    fn add(&mut self, other: Weight, at: usize, max_size: usize) -> Result<(), FormatError> {
        self.size += other.size;
        self.depth = self.depth.max(other.depth);
        if self.size > max_size { Err(too_large(at)) } else { Ok(()) }
    }
}

fn enter(arena: &Arena<'_>, node: Node, states: &mut [State], frames: &mut Vec<Frame>) {
    if let Some(object) = node.object().filter(|index| *index < arena.objects.len()) {
        states[object] = State::Open;
        frames.push(Frame { object, next: 0, weight: Weight::default() });
    }
}

fn is_level(object: &Object) -> bool {
    use Kind::*;
    object.len > 0 && matches!(object.kind, List | Tuple | Dict | Set | FrozenSet | Exception | Class(_))
}

#[cold]
pub(super) fn too_large(at: usize) -> FormatError {
    let message = "values that are used again and again make this pickle too large";
    FormatError::at(FormatErrorKind::Size, at, message)
}

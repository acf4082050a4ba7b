//! Containers while they grow.

use firesteel_value::{FormatError, FormatErrorKind};

use super::{Machine, unsupported};
use crate::{
    arena::{Arena, Kind, Node, Object},
    scalar::syntax,
};

impl Machine<'_> {
    /// Pushes an object without nodes.
    #[inline]
    pub(super) fn object(&mut self, at: usize, kind: Kind, hashable: bool) {
        let start = self.arena.nodes.len() as u32;
        self.push(Object { kind, hashable, at: at as u32, start, len: 0, spare: 0 });
    }

    #[inline]
    fn push(&mut self, object: Object) {
        self.stack.push(Arena::node_of(self.arena.objects.len()));
        self.arena.objects.push(object);
    }

    /// Pushes an object that shares the nodes of another one, as they are now.
    pub(super) fn view(&mut self, at: usize, kind: Kind, of: Object) {
        let hashable = is_hashable(kind);
        self.push(Object { kind, hashable, at: at as u32, spare: 0, ..of });
    }

    /// Makes an object of what is on the stack from a place on.
    #[inline]
    pub(super) fn collect(&mut self, at: usize, items: usize, kind: Kind) -> Result<(), FormatError> {
        let start = self.room(at)?;
        let nodes = self.stack.get(items..).unwrap_or_default();
        let mut hashable = is_hashable(kind);
        match kind {
            Kind::Tuple => hashable = nodes.iter().all(|node| self.arena.is_hashable(*node)),
            Kind::Dict => check_pairs(&self.arena, at, nodes)?,
            Kind::FrozenSet => check_keys(&self.arena, at, nodes)?,
            _ => {}
        }
        self.arena.nodes.extend_from_slice(nodes);
        let len = nodes.len() as u32;
        self.stack.truncate(items);
        self.push(Object { kind, hashable, at: at as u32, start, len, spare: 0 });
        Ok(())
    }

    /// Pushes an object of these nodes.
    pub(super) fn make(&mut self, at: usize, kind: Kind, nodes: &[Node]) -> Result<(), FormatError> {
        let items = self.stack.len();
        self.stack.extend_from_slice(nodes);
        self.collect(at, items, kind)
    }

    /// Moves what is on the stack from a place on into the container below.
    #[inline]
    pub(super) fn extend(&mut self, at: usize, items: usize, kind: Kind) -> Result<(), FormatError> {
        if items <= self.fence {
            return Err(syntax(at, "unexpected MARK or stack underflow"));
        }
        let nodes = self.stack.get(items..).unwrap_or_default();
        match kind {
            Kind::Dict => check_pairs(&self.arena, at, nodes)?,
            Kind::Set => check_keys(&self.arena, at, nodes)?,
            _ => {}
        }
        let index = self.stack.get(items - 1).and_then(|node| node.object());
        match index.and_then(|index| self.arena.objects.get(index)) {
            Some(object) if object.kind == kind => {}
            _ => return Err(misfit(at, kind)),
        }
        append(&mut self.arena, at, index.unwrap_or(0), nodes)?;
        self.stack.truncate(items);
        Ok(())
    }

    /// Where the next nodes come to stand.
    #[inline]
    fn room(&self, at: usize) -> Result<u32, FormatError> {
        room(&self.arena, at)
    }
}

#[inline]
fn room(arena: &Arena<'_>, at: usize) -> Result<u32, FormatError> {
    // What is appended then is no more than what is on the stack, one opcode each.
    u32::try_from(arena.nodes.len())
        .ok()
        .filter(|len| *len < 1 << 31)
        .ok_or_else(|| FormatError::at(FormatErrorKind::Size, at, "too many values"))
}

/// Appends nodes to an object, where it stands if nothing follows it, else at another place with room to grow.
#[inline]
pub(super) fn append(arena: &mut Arena<'_>, at: usize, index: usize, nodes: &[Node]) -> Result<(), FormatError> {
    let end = room(arena, at)?;
    let Some(object) = arena.objects.get_mut(index) else {
        return Ok(());
    };
    if object.len == 0 {
        object.start = end;
        object.spare = 0;
    }
    if object.start + object.len == end {
        arena.nodes.extend_from_slice(nodes);
        object.len += nodes.len() as u32;
        return Ok(());
    }
    append_elsewhere(arena, index, nodes, end);
    Ok(())
}

#[inline(never)]
fn append_elsewhere(arena: &mut Arena<'_>, index: usize, nodes: &[Node], end: u32) {
    let object = &mut arena.objects[index];
    let (start, len) = (object.start as usize, object.len as usize);
    if nodes.len() > object.spare as usize {
        // Room for as much again, so that many small additions stay linear.
        let spare = len + nodes.len();
        arena.nodes.extend_from_within(start..start + len);
        arena.nodes.extend_from_slice(nodes);
        arena.nodes.resize(arena.nodes.len() + spare, Node::NONE);
        (object.start, object.spare) = (end, spare as u32);
    } else {
        arena.nodes[start + len..][..nodes.len()].copy_from_slice(nodes);
        object.spare -= nodes.len() as u32;
    }
    object.len += nodes.len() as u32;
}

impl Arena<'_> {
    #[inline(always)]
    pub(super) fn is_hashable(&self, node: Node) -> bool {
        self.object(node).is_none_or(|object| object.hashable)
    }
}

fn is_hashable(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::List
            | Kind::Dict
            | Kind::Set
            | Kind::ByteArray
            | Kind::Array(_)
            | Kind::Exception
            | Kind::Class(_)
            | Kind::Global(_)
    )
}

#[inline]
fn check_pairs(arena: &Arena<'_>, at: usize, nodes: &[Node]) -> Result<(), FormatError> {
    if nodes.len() % 2 == 1 {
        return Err(syntax(at, "odd number of items for a dict"));
    }
    match nodes.iter().step_by(2).find(|key| !arena.is_hashable(**key)) {
        Some(key) => Err(unhashable(arena, *key)),
        None => Ok(()),
    }
}

#[inline]
pub(super) fn check_keys(arena: &Arena<'_>, _: usize, nodes: &[Node]) -> Result<(), FormatError> {
    match nodes.iter().find(|key| !arena.is_hashable(**key)) {
        Some(key) => Err(unhashable(arena, *key)),
        None => Ok(()),
    }
}

#[cold]
fn unhashable(arena: &Arena<'_>, node: Node) -> FormatError {
    let class = arena.object(node).map_or("object", |object| object.kind.name());
    FormatError::unhashable(class).or_offset(arena.offset(node))
}

#[cold]
fn misfit(at: usize, kind: Kind) -> FormatError {
    unsupported(at, format!("pickle adds to something that is no {}", kind.name()))
}

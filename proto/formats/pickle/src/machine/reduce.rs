//! The value that a call would give, for the few names that are known.

use firesteel_value::FormatError;

use super::{Machine, container, unsupported};
use crate::{
    arena::{Item, Key, Kind, Node, Object},
    globals::{self, Class, Global},
    scalar::Scalar,
};

impl Machine<'_> {
    /// `callable(*args)`
    pub(super) fn reduce(&mut self, at: usize, callable: Global, args: Node) -> Result<(), FormatError> {
        let tuple = self.args(at, args)?;
        let nodes = self.arena.nodes(&tuple);
        // No call that is known has more.
        let (mut copy, len) = ([Node::NONE; 4], nodes.len());
        if len <= 4 {
            copy[..len].copy_from_slice(nodes);
        }
        let args = &copy[..len.min(4)];
        match (callable, args) {
            (Global::Exception(place), _) => return self.exception(at, place, tuple),
            _ if len > 4 => return Err(misused(at, callable)),
            (Global::Set, []) => self.object(at, Kind::Set, false),
            (Global::FrozenSet, []) => self.object(at, Kind::FrozenSet, true),
            (Global::Set | Global::FrozenSet, [elements]) => {
                let elements = self.elements(at, callable, *elements)?;
                self.charge(at, elements.len as usize)?;
                container::check_keys(&self.arena, at, self.arena.nodes(&elements))?;
                self.view(at, if callable == Global::Set { Kind::Set } else { Kind::FrozenSet }, elements);
            }
            (Global::Bytes, []) => self.stack.push(Node::EMPTY_BYTES),
            (Global::Encode, [text, encoding]) if self.is_latin1(*encoding)? && self.arena.is_text(*text) => {
                self.make(at, Kind::Latin1, &[*text])?;
            }
            (Global::LoadType, [name]) if self.arena.is_text(*name) => {
                let name = self.arena.str(*name)?.unwrap_or_default().into_owned();
                self.builtin_type(at, &name)?;
            }
            (Global::ByteArray, []) => self.make(at, Kind::ByteArray, &[])?,
            (Global::ByteArray, [bytes]) if self.is_bytes(*bytes)? => self.make(at, Kind::ByteArray, &[*bytes])?,
            // As Python 2 wrote it.
            (Global::ByteArray, [text, encoding]) if self.is_latin1(*encoding)? && self.arena.is_text(*text) => {
                self.make(at, Kind::Latin1, &[*text])?;
                let bytes = self.pop(at)?;
                self.make(at, Kind::ByteArray, &[bytes])?;
            }
            (Global::Complex, [re, im]) if self.is_number(*re)? && self.is_number(*im)? => {
                self.make(at, Kind::Complex, args)?;
            }
            (Global::OrderedDict, []) => self.object(at, Kind::Dict, false),
            (Global::OrderedDict, [pairs]) => self.ordered_dict(at, *pairs)?,
            (Global::Deque, []) => self.object(at, Kind::List, false),
            (Global::Deque, [elements] | [elements, _]) => {
                let elements = self.elements(at, callable, *elements)?;
                self.view(at, Kind::List, elements);
            }
            (Global::Array, [code, elements]) => self.array(at, *code, *elements)?,
            (Global::ArrayReconstructor, [class, _, format, bytes]) => {
                let is_array = self.arena.object(*class).is_some_and(|class| class.kind == Kind::Global(Global::Array));
                match self.arena.item(*format)? {
                    Item::Scalar(Scalar::Int(format @ 0..=21)) if is_array && self.is_bytes(*bytes)? => {
                        self.make(at, Kind::Array(format as u8), &[*bytes])?;
                    }
                    _ => return Err(misused(at, callable)),
                }
            }
            (Global::DateTime, [state] | [state, _]) if self.is_bytes(*state)? => {
                self.make(at, Kind::DateTime, args)?
            }
            (Global::Time, [state] | [state, _]) if self.is_bytes(*state)? => self.make(at, Kind::Time, args)?,
            (Global::Date, [state]) if self.is_bytes(*state)? => self.make(at, Kind::Date, args)?,
            (Global::TimeDelta, [] | [_] | [_, _] | [_, _, _]) => self.make(at, Kind::TimeDelta, args)?,
            (Global::TimeZone, [delta] | [delta, _]) => self.make(at, Kind::TimeZone, &[*delta])?,
            (Global::Decimal, [text]) if self.arena.is_text(*text) => self.make(at, Kind::Decimal, args)?,
            (Global::SafeUuid, [_]) => self.stack.push(Node::NONE),
            (Global::Reconstructor, [class, base, none]) if self.arena.is_none(*none) => {
                self.reconstruct(at, *class, *base)?
            }
            (Global::NewObj, [class]) => {
                let class = self.callable(at, *class)?;
                self.new_object(at, class, Node::EMPTY_TUPLE)?;
            }
            _ => return Err(misused(at, callable)),
        }
        Ok(())
    }

    /// `class.__new__(class, *args)`
    pub(super) fn new_object(&mut self, at: usize, class: Global, args: Node) -> Result<(), FormatError> {
        let tuple = self.args(at, args)?;
        match class {
            Global::Exception(place) => self.exception(at, place, tuple),
            Global::Class(class) if tuple.len == 0 => {
                let nodes = [Node::key(Key::Class), Node::class(class), Node::key(Key::State), Node::EMPTY_TUPLE];
                let len = if class == Class::ExceptionWrapper { 2 } else { 4 };
                self.make(at, Kind::Class(class), &nodes[..len])
            }
            Global::Uuid if tuple.len == 0 => {
                self.object(at, Kind::Uuid, true);
                Ok(())
            }
            class => Err(misused(at, class)),
        }
    }

    /// What the opcodes of old classes do.
    pub(super) fn instantiate(&mut self, at: usize, class: Global, args: Node) -> Result<(), FormatError> {
        match class {
            Global::Class(_) | Global::Uuid => self.new_object(at, class, args),
            class => self.reduce(at, class, args),
        }
    }

    /// The class dict of an exception.
    fn exception(&mut self, at: usize, place: u8, args: Object) -> Result<(), FormatError> {
        self.view(at, Kind::Tuple, args);
        let args = self.pop(at)?;
        self.object(at, Kind::Dict, false);
        let attributes = self.pop(at)?;
        let nodes = [
            Node::key(Key::Class),
            Node::exception(place),
            Node::key(Key::Exception),
            Node::TRUE,
            Node::key(Key::Args),
            args,
            Node::key(Key::Attributes),
            attributes,
        ];
        self.make(at, Kind::Exception, &nodes)
    }

    fn reconstruct(&mut self, at: usize, class: Node, base: Node) -> Result<(), FormatError> {
        let class = self.callable(at, class)?;
        match self.callable(at, base)? {
            Global::Object => self.new_object(at, class, Node::EMPTY_TUPLE),
            _ => Err(misused(at, Global::Reconstructor)),
        }
    }

    /// From pairs, as Python 2 wrote it.
    fn ordered_dict(&mut self, at: usize, pairs: Node) -> Result<(), FormatError> {
        let list = self.elements(at, Global::OrderedDict, pairs)?;
        self.charge(at, list.len as usize * 16)?;
        let items = self.stack.len();
        for index in 0..list.len as usize {
            let pair = self.arena.nodes(&list).get(index).and_then(|pair| self.arena.object(*pair));
            match pair.map(|pair| self.arena.nodes(pair)) {
                Some([key, value]) => self.stack.extend([*key, *value]),
                _ => return Err(misused(at, Global::OrderedDict)),
            }
        }
        self.collect(at, items, Kind::Dict)
    }

    /// A list of numbers, or the text of a list of characters.
    fn array(&mut self, at: usize, code: Node, elements: Node) -> Result<(), FormatError> {
        let Some(code) = self.arena.str(code)?.map(std::borrow::Cow::into_owned) else {
            return Err(misused(at, Global::Array));
        };
        let list = self.elements(at, Global::Array, elements)?;
        if code != "u" && code != "w" {
            self.view(at, Kind::List, list);
            return Ok(());
        }
        self.charge(at, list.len as usize * 8)?;
        let mut text = String::new();
        for node in self.arena.nodes(&list) {
            text.push_str(&self.arena.str(*node)?.ok_or_else(|| misused(at, Global::Array))?);
        }
        self.charge(at, text.len())?;
        let text = self.arena.own(text);
        self.stack.push(text);
        Ok(())
    }

    fn args(&self, at: usize, args: Node) -> Result<Object, FormatError> {
        if let Item::Scalar(Scalar::EmptyTuple) = self.arena.item(args)? {
            return Ok(Object { kind: Kind::Tuple, hashable: true, at: at as u32, start: 0, len: 0, spare: 0 });
        }
        match self.arena.object(args) {
            Some(object) if object.kind == Kind::Tuple => Ok(*object),
            _ => Err(unsupported(at, "the arguments of a call are no tuple")),
        }
    }

    fn elements(&self, at: usize, callable: Global, node: Node) -> Result<Object, FormatError> {
        if let Some(Object { kind: Kind::List | Kind::Tuple | Kind::Set | Kind::FrozenSet, .. }) =
            self.arena.object(node)
        {
            return self.arena.object(node).copied().ok_or_else(|| misused(at, callable));
        }
        if self.is_empty(node)? { self.args(at, node) } else { Err(misused(at, callable)) }
    }

    fn is_empty(&self, node: Node) -> Result<bool, FormatError> {
        Ok(matches!(self.arena.item(node)?, Item::Scalar(Scalar::EmptyTuple)))
    }

    fn is_number(&self, node: Node) -> Result<bool, FormatError> {
        Ok(matches!(self.arena.item(node)?, Item::Scalar(Scalar::Float(_) | Scalar::Int(_))))
    }

    fn is_bytes(&self, node: Node) -> Result<bool, FormatError> {
        Ok(self.arena.raw(node)?.is_some())
    }

    /// The builtin class that dill names, if it is one that is known.
    fn builtin_type(&mut self, at: usize, name: &str) -> Result<(), FormatError> {
        if globals::find("builtins", name).is_none() {
            let name: String = name.chars().take(100).flat_map(char::escape_debug).collect();
            let message =
                format!("pickle refers to {name} by dill._dill._load_type, which is refused: only data is read");
            return Err(unsupported(at, message));
        }
        self.global(at, "builtins", name)
    }

    fn is_latin1(&self, node: Node) -> Result<bool, FormatError> {
        Ok(matches!(self.arena.str(node)?.as_deref(), Some("latin1" | "latin-1" | "iso-8859-1")))
    }
}

#[cold]
fn misused(at: usize, callable: Global) -> FormatError {
    unsupported(at, format!("pickle uses {callable} in a way that is not known, which is refused"))
}

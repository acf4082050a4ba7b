//! The stack machine that a pickle is a program for, as in CPython's `Modules/_pickle.c`.
//!
//! It runs the whole program in time linear in its size and calls nothing: the few names that it knows become values
//! (see `reduce`), all others are refused. What is left is checked once (see `check`), so that reading needs no care
//! for cycles, depth, or values that share their parts again and again.

mod build;
mod check;
mod container;
mod memo;
mod reduce;

use firesteel_value::{FormatError, FormatErrorKind, Limits};

use crate::{
    arena::{Arena, Kind, MAX_INPUT, Node, Object},
    globals::{self, Global},
    op,
    scalar::{line, syntax, truncated},
};
use memo::Memo;

/// What sharing may add to the size of the values, in bytes, at least and for every byte of input.
const FREE: usize = 4 << 20;
const SHARE: usize = 32;

/// Runs a pickle.
pub(crate) fn run<'de>(bytes: &'de [u8], limits: Limits) -> Result<Arena<'de>, FormatError> {
    limits.check_size(bytes)?;
    if bytes.len() >= MAX_INPUT {
        return Err(FormatError::new(FormatErrorKind::Size, "larger than 2 GiB"));
    }
    // Guesses that are right for small pickles; the rest grows.
    let guess = (bytes.len() / 12).clamp(4, 1024);
    let mut machine = Machine {
        arena: Arena {
            bytes,
            nodes: Vec::with_capacity(guess),
            objects: Vec::with_capacity(8),
            texts: Vec::new(),
            root: Node::NONE,
            end: 0,
        },
        stack: Vec::with_capacity(guess),
        marks: Vec::new(),
        fence: 0,
        memo: Memo::with_capacity(guess),
        shared: false,
        budget: FREE + bytes.len() * SHARE,
    };
    machine.run()?;
    if machine.shared || machine.arena.objects.len() > limits.max_depth {
        check::check(&machine.arena, limits.max_depth, FREE + bytes.len() * SHARE)?;
    }
    Ok(machine.arena)
}

struct Machine<'de> {
    arena: Arena<'de>,
    stack: Vec<Node>,
    /// How long the stack was at each mark that is open.
    marks: Vec<usize>,
    /// The last of them: what is below cannot be taken.
    fence: usize,
    memo: Memo,
    /// A container was used more than once.
    shared: bool,
    /// How much may yet be copied.
    budget: usize,
}

impl<'de> Machine<'de> {
    fn run(&mut self) -> Result<(), FormatError> {
        let bytes = self.arena.bytes;
        let mut pos = 0;
        loop {
            let at = pos;
            let Some((op, rest)) = bytes.get(at..).and_then(<[u8]>::split_first) else {
                return Err(FormatError::at(FormatErrorKind::UnexpectedEnd, at, "the pickle ends before its value"));
            };
            pos += 1;
            match *op {
                op::SHORT_BINUNICODE | op::SHORT_BINBYTES | op::SHORT_BINSTRING | op::LONG1 => {
                    let len = usize::from(*rest.first().ok_or_else(|| truncated(at))?);
                    pos = self.scalar(at, at + 2 + len)?;
                }
                op::BINUNICODE | op::BINBYTES | op::BINSTRING | op::LONG4 => {
                    let len = rest.first_chunk().ok_or_else(|| truncated(at))?;
                    pos = self.scalar(at, (at + 5).saturating_add(u32::from_le_bytes(*len) as usize))?;
                }
                op::BINPUT => {
                    let index = *rest.first().ok_or_else(|| truncated(at))?;
                    pos += 1;
                    let top = self.top(at)?;
                    self.memo.put(index.into(), top, bytes.len());
                }
                op::MEMOIZE => {
                    let top = self.top(at)?;
                    self.memo.append(top, bytes.len());
                }
                op::BINGET => {
                    let index = *rest.first().ok_or_else(|| truncated(at))?;
                    pos += 1;
                    self.get(at, index.into())?;
                }
                op::BININT1 => pos = self.scalar(at, at + 2)?,
                op::BININT2 => pos = self.scalar(at, at + 3)?,
                op::BININT => pos = self.scalar(at, at + 5)?,
                op::BINFLOAT => pos = self.scalar(at, at + 9)?,
                op::NONE | op::NEWTRUE | op::NEWFALSE | op::EMPTY_TUPLE => self.stack.push(Node::scalar(at)),
                op::MARK => {
                    self.fence = self.stack.len();
                    self.marks.push(self.fence);
                }
                op::EMPTY_LIST => self.object(at, Kind::List, false),
                op::EMPTY_DICT => self.object(at, Kind::Dict, false),
                op::EMPTY_SET => self.object(at, Kind::Set, false),
                op::APPENDS => {
                    let items = self.pop_mark(at)?;
                    self.extend(at, items, Kind::List)?;
                }
                op::SETITEMS => {
                    let items = self.pop_mark(at)?;
                    self.extend(at, items, Kind::Dict)?;
                }
                op::ADDITEMS => {
                    let items = self.pop_mark(at)?;
                    self.extend(at, items, Kind::Set)?;
                }
                op::APPEND => {
                    let item = self.below(at, 1)?;
                    self.extend(at, item, Kind::List)?;
                }
                op::SETITEM => {
                    let pair = self.below(at, 2)?;
                    self.extend(at, pair, Kind::Dict)?;
                }
                op::TUPLE => {
                    let items = self.pop_mark(at)?;
                    self.collect(at, items, Kind::Tuple)?;
                }
                op::TUPLE1 | op::TUPLE2 | op::TUPLE3 => {
                    let items = self.below(at, usize::from(*op - op::TUPLE1) + 1)?;
                    self.collect(at, items, Kind::Tuple)?;
                }
                op::STOP => {
                    self.arena.root = self.pop(at)?;
                    self.arena.end = pos;
                    return Ok(());
                }
                _ => pos = self.seldom(at, *op, rest)?,
            }
        }
    }

    /// The opcodes that are not many in a pickle, or old.
    #[inline(never)]
    fn seldom(&mut self, at: usize, op: u8, rest: &[u8]) -> Result<usize, FormatError> {
        let mut pos = at + 1;
        match op {
            op::INT | op::LONG | op::FLOAT | op::STRING | op::UNICODE => {
                let line = line(rest).filter(|line| op == op::UNICODE || !line.is_empty());
                pos = self.scalar(at, pos + line.ok_or_else(|| truncated(at))?.len() + 1)?;
            }
            op::BINUNICODE8 | op::BINBYTES8 | op::BYTEARRAY8 => {
                let len = rest.first_chunk().ok_or_else(|| truncated(at))?;
                let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| truncated(at))?;
                pos = self.scalar(at, (at + 9).saturating_add(len))?;
                if op == op::BYTEARRAY8 {
                    // One that is in two places is one object, but can be read twice: nobody adds to it.
                    let top = self.below(at, 1)?;
                    self.collect(at, top, Kind::ByteArray)?;
                }
            }
            op::PUT => {
                let digits = line(rest).ok_or_else(|| truncated(at))?;
                pos += digits.len() + 1;
                let (index, top) = (index(digits, at)?, self.top(at)?);
                self.memo.put(index, top, self.arena.bytes.len());
            }
            op::LONG_BINPUT => {
                let index = rest.first_chunk().ok_or_else(|| truncated(at))?;
                pos += 4;
                let top = self.top(at)?;
                self.memo.put(u32::from_le_bytes(*index).into(), top, self.arena.bytes.len());
            }
            op::GET => {
                let digits = line(rest).ok_or_else(|| truncated(at))?;
                pos += digits.len() + 1;
                self.get(at, index(digits, at)?)?;
            }
            op::LONG_BINGET => {
                let index = rest.first_chunk().ok_or_else(|| truncated(at))?;
                pos += 4;
                self.get(at, u32::from_le_bytes(*index).into())?;
            }
            op::LIST | op::DICT | op::FROZENSET => {
                let items = self.pop_mark(at)?;
                let kind = match op {
                    op::LIST => Kind::List,
                    op::DICT => Kind::Dict,
                    _ => Kind::FrozenSet,
                };
                self.collect(at, items, kind)?;
            }
            op::POP if self.stack.len() == self.fence => drop(self.pop_mark(at)?),
            op::POP => drop(self.pop(at)?),
            op::POP_MARK => {
                let items = self.pop_mark(at)?;
                self.stack.truncate(items);
            }
            op::DUP => {
                let top = self.top(at)?;
                self.share(at, top)?;
            }
            op::GLOBAL => {
                let (module, name, len) = names(rest, at)?;
                pos += len;
                self.global(at, module, name)?;
            }
            op::STACK_GLOBAL => {
                let (name, module) = (self.pop(at)?, self.pop(at)?);
                let (Some(module), Some(name)) = (self.arena.str(module)?, self.arena.str(name)?) else {
                    return Err(syntax(at, "STACK_GLOBAL requires str"));
                };
                let (module, name) = (module.into_owned(), name.into_owned());
                self.global(at, &module, &name)?;
            }
            op::INST => {
                let (module, name, len) = names(rest, at)?;
                pos += len;
                let global = find(at, module, name)?;
                let items = self.pop_mark(at)?;
                self.collect(at, items, Kind::Tuple)?;
                let args = self.pop(at)?;
                self.instantiate(at, global, args)?;
            }
            op::OBJ => {
                let items = self.pop_mark(at)?;
                if items == self.stack.len() {
                    return Err(underflow(at));
                }
                self.collect(at, items + 1, Kind::Tuple)?;
                let (args, class) = (self.pop(at)?, self.pop(at)?);
                let class = self.callable(at, class)?;
                self.instantiate(at, class, args)?;
            }
            op::REDUCE => {
                let (args, callable) = (self.pop(at)?, self.pop(at)?);
                let callable = self.callable(at, callable)?;
                self.reduce(at, callable, args)?;
            }
            op::NEWOBJ => {
                let (args, class) = (self.pop(at)?, self.pop(at)?);
                let class = self.callable(at, class)?;
                self.new_object(at, class, args)?;
            }
            op::NEWOBJ_EX => {
                let (kwargs, args, class) = (self.pop(at)?, self.pop(at)?, self.pop(at)?);
                if !self.arena.object(kwargs).is_some_and(|dict| dict.kind == Kind::Dict && dict.len == 0) {
                    return Err(unsupported(at, "pickle makes an object with keyword arguments, which is refused"));
                }
                let class = self.callable(at, class)?;
                self.new_object(at, class, args)?;
            }
            op::BUILD => {
                let state = self.pop(at)?;
                let object = self.top(at)?;
                self.build(at, object, state)?;
            }
            op::PROTO => {
                let version = *rest.first().ok_or_else(|| truncated(at))?;
                pos += 1;
                if version > 5 {
                    return Err(unsupported(at, format!("unsupported pickle protocol: {version}")));
                }
            }
            op::FRAME => {
                let len = rest.first_chunk().ok_or_else(|| truncated(at))?;
                pos += 8;
                // Frames only help to read ahead.
                if u64::from_le_bytes(*len) > (rest.len() - 8) as u64 {
                    return Err(truncated(at));
                }
            }
            _ => return Err(refused(op, at)),
        }
        Ok(pos)
    }

    /// A scalar from a place to another.
    #[inline(always)]
    fn scalar(&mut self, at: usize, end: usize) -> Result<usize, FormatError> {
        if end > self.arena.bytes.len() {
            return Err(truncated(at));
        }
        self.stack.push(Node::scalar(at));
        Ok(end)
    }

    #[inline(always)]
    fn top(&self, at: usize) -> Result<Node, FormatError> {
        match self.stack.last() {
            Some(top) if self.stack.len() > self.fence => Ok(*top),
            _ => Err(underflow(at)),
        }
    }

    #[inline]
    fn pop(&mut self, at: usize) -> Result<Node, FormatError> {
        let top = self.top(at)?;
        self.stack.pop();
        Ok(top)
    }

    /// Where on the stack the last few begin.
    #[inline]
    fn below(&self, at: usize, count: usize) -> Result<usize, FormatError> {
        match self.stack.len().checked_sub(count) {
            Some(first) if first >= self.fence => Ok(first),
            _ => Err(underflow(at)),
        }
    }

    /// Where on the stack those behind the last mark begin.
    #[inline]
    fn pop_mark(&mut self, at: usize) -> Result<usize, FormatError> {
        let items = self.marks.pop().ok_or_else(|| syntax(at, "could not find MARK"))?;
        self.fence = self.marks.last().copied().unwrap_or(0);
        Ok(items)
    }

    #[inline]
    fn get(&mut self, at: usize, index: u64) -> Result<(), FormatError> {
        match self.memo.get(index) {
            Some(node) => self.share(at, node),
            None => Err(syntax(at, format!("Memo value not found at index {index}"))),
        }
    }

    /// Pushes what is somewhere else as well.
    #[inline]
    fn share(&mut self, at: usize, node: Node) -> Result<(), FormatError> {
        match self.arena.object(node) {
            Some(object) => self.shared |= object.len > 0 || !object.hashable,
            None => self.charge(at, self.arena.size(node))?,
        }
        self.stack.push(node);
        Ok(())
    }

    /// Counts what a few bytes of a pickle make of what is there.
    #[inline]
    fn charge(&mut self, at: usize, size: usize) -> Result<(), FormatError> {
        match self.budget.checked_sub(size) {
            Some(budget) => self.budget = budget,
            None => return Err(check::too_large(at)),
        }
        Ok(())
    }

    fn global(&mut self, at: usize, module: &str, name: &str) -> Result<(), FormatError> {
        match find(at, module, name)? {
            Global::Ellipsis => self.stack.push(Node::ELLIPSIS),
            global => self.object(at, Kind::Global(global), true),
        }
        Ok(())
    }

    fn callable(&self, at: usize, node: Node) -> Result<Global, FormatError> {
        match self.arena.object(node) {
            Some(Object { kind: Kind::Global(global), .. }) => Ok(*global),
            _ => Err(syntax(at, "only a class can make an object")),
        }
    }
}

fn find(at: usize, module: &str, name: &str) -> Result<Global, FormatError> {
    let shown = |text: &str| text.chars().take(100).flat_map(char::escape_debug).collect::<String>();
    globals::find(module, name).ok_or_else(|| {
        let message =
            format!("pickle refers to {}.{}, which is refused: only data is read", shown(module), shown(name));
        unsupported(at, message)
    })
}

/// The two lines behind an opcode, and their length.
fn names(rest: &[u8], at: usize) -> Result<(&str, &str, usize), FormatError> {
    let module = line(rest).ok_or_else(|| truncated(at))?;
    let name = line(&rest[module.len() + 1..]).ok_or_else(|| truncated(at))?;
    let text =
        |bytes| std::str::from_utf8(bytes).map_err(|_| FormatError::at(FormatErrorKind::Utf8, at, "invalid utf-8"));
    Ok((text(module)?, text(name)?, module.len() + name.len() + 2))
}

/// A memo index as text.
fn index(digits: &[u8], at: usize) -> Result<u64, FormatError> {
    let number = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    number.and_then(|text| text.parse().ok()).ok_or_else(|| syntax(at, "expected the digits of a memo index"))
}

#[cold]
fn underflow(at: usize) -> FormatError {
    syntax(at, "unexpected MARK or stack underflow")
}

#[cold]
fn unsupported(at: usize, message: impl Into<std::borrow::Cow<'static, str>>) -> FormatError {
    FormatError::at(FormatErrorKind::Unsupported, at, message)
}

#[cold]
fn refused(op: u8, at: usize) -> FormatError {
    match op {
        op::PERSID | op::BINPERSID => unsupported(at, "pickle refers to a persistent id, which is refused"),
        op::EXT1 | op::EXT2 | op::EXT4 => {
            unsupported(at, "pickle refers to the extension registry, which is refused: only data is read")
        }
        op::NEXT_BUFFER | op::READONLY_BUFFER => {
            unsupported(at, "pickle refers to an out-of-band buffer, which is not there")
        }
        _ => syntax(at, format!("invalid load key, '\\x{op:02x}'.")),
    }
}

//! The state of an object, which comes after it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use firesteel_value::FormatError;

use super::{Machine, container, unsupported};
use crate::{
    arena::{Item, Kind, Node, Object},
    globals::Class,
    scalar::Scalar,
};

/// Where the state stands in a class dict: behind the class.
const STATE: usize = 3;
/// Where the attributes stand in that of an exception.
const ATTRIBUTES: usize = 7;

impl Machine<'_> {
    /// `object.__setstate__(state)`
    pub(super) fn build(&mut self, at: usize, node: Node, state: Node) -> Result<(), FormatError> {
        let wrong = || unsupported(at, "pickle gives an object a state that is not known, which is refused");
        let none = self.arena.is_none(state);
        let dict = self.arena.object(state).copied().filter(|state| state.kind == Kind::Dict);
        let (Some(index), Some(object)) = (node.object(), self.arena.object(node).copied()) else {
            return Err(wrong());
        };
        match (object.kind, dict) {
            _ if none => {}
            (Kind::Exception, Some(dict)) => {
                let attributes = self.arena.nodes(&object).get(ATTRIBUTES).and_then(|node| node.object());
                self.update(at, attributes.ok_or_else(wrong)?, dict)?;
            }
            (Kind::Class(Class::ExceptionWrapper), Some(dict)) => self.update(at, index, dict)?,
            (Kind::Class(Class::Daemon), Some(_)) => {}
            (Kind::Class(Class::Uri), None) if self.tuple(state).is_some_and(|state| state.len == 5) => {
                self.set_state(object, state);
            }
            (Kind::Class(Class::Proxy), None) => {
                let state = self.proxy(at, state)?.ok_or_else(wrong)?;
                self.set_state(object, state);
            }
            (Kind::Uuid, Some(dict)) => {
                let int = self.entry(&dict, "int")?.ok_or_else(wrong)?;
                if !matches!(self.arena.item(int)?, Item::Scalar(Scalar::Int(_) | Scalar::Big(_))) {
                    return Err(wrong());
                }
                container::append(&mut self.arena, at, index, &[int])?;
            }
            // Attributes of a container.
            (_, Some(dict)) if dict.len == 0 => {}
            _ => return Err(wrong()),
        }
        Ok(())
    }

    fn update(&mut self, at: usize, index: usize, dict: Object) -> Result<(), FormatError> {
        self.charge(at, dict.len as usize * 8)?;
        let nodes = self.arena.nodes(&dict).to_vec();
        container::append(&mut self.arena, at, index, &nodes)
    }

    fn set_state(&mut self, object: Object, state: Node) {
        if let Some(place) = self.arena.nodes.get_mut(object.start as usize + STATE) {
            *place = state;
        }
    }

    fn tuple(&self, node: Node) -> Option<Object> {
        self.arena.object(node).copied().filter(|object| object.kind == Kind::Tuple)
    }

    /// What stands under a str key of a dict, the last one if there are several.
    fn entry(&self, dict: &Object, key: &str) -> Result<Option<Node>, FormatError> {
        let mut found = None;
        for pair in self.arena.nodes(dict).chunks_exact(2) {
            if self.arena.str(pair[0])?.as_deref() == Some(key) {
                found = Some(pair[1]);
            }
        }
        Ok(found)
    }

    /// The state of a proxy in its class dict, which has other types: a URI as text, tuples instead of sets, the key
    /// in base64 (`Proxy.__getstate_for_dict__` in Pyro4's `core.py`).
    fn proxy(&mut self, at: usize, state: Node) -> Result<Option<Node>, FormatError> {
        let Some(tuple) = self.tuple(state).filter(|state| (7..=9).contains(&state.len)) else {
            return Ok(None);
        };
        let mut nodes = self.arena.nodes(&tuple).to_vec();
        let Some(uri) = self.uri(nodes[0])? else {
            return Ok(None);
        };
        self.charge(at, uri.len() + 64)?;
        nodes[0] = self.arena.own(uri);
        for node in &mut nodes[1..4] {
            match self.arena.object(*node).copied() {
                Some(set) if matches!(set.kind, Kind::Set | Kind::FrozenSet) => {
                    self.view(at, Kind::Tuple, set);
                    *node = self.pop(at)?;
                }
                _ => return Ok(None),
            }
        }
        if let Some(key) = self.arena.raw(nodes[5])? {
            let key = format!("b64:{}", STANDARD.encode(key));
            self.charge(at, key.len())?;
            nodes[5] = self.arena.own(key);
        }
        self.make(at, Kind::Tuple, &nodes)?;
        self.pop(at).map(Some)
    }

    /// The text of a URI (`URI.asString`).
    fn uri(&self, node: Node) -> Result<Option<String>, FormatError> {
        let uri = self.arena.object(node).filter(|uri| uri.kind == Kind::Class(Class::Uri));
        let state = uri.and_then(|uri| self.arena.nodes(uri).get(STATE)).and_then(|state| self.tuple(*state));
        let Some([protocol, object, socket, host, port]) = state.as_ref().map(|state| self.arena.nodes(state)) else {
            return Ok(None);
        };
        let (Some(protocol), socket, host) =
            (self.arena.str(*protocol)?, self.arena.str(*socket)?, self.arena.str(*host)?)
        else {
            return Ok(None);
        };
        let mut text = format!("{protocol}:");
        match self.arena.object(*object) {
            Some(tags) => {
                for (index, tag) in self.arena.nodes(tags).iter().enumerate() {
                    let Some(tag) = self.arena.str(*tag)? else {
                        return Ok(None);
                    };
                    text.push_str(if index > 0 { "," } else { "" });
                    text.push_str(&tag);
                }
            }
            None => match self.arena.str(*object)? {
                Some(object) => text.push_str(&object),
                None => return Ok(None),
            },
        }
        match (host.filter(|host| !host.is_empty()), socket) {
            (Some(host), _) => {
                let Item::Scalar(Scalar::Int(port)) = self.arena.item(*port)? else {
                    return Ok(None);
                };
                let bracketed = if host.contains(':') { format!("[{host}]") } else { host.into_owned() };
                text.push_str(&format!("@{bracketed}:{port}"));
            }
            (None, Some(socket)) if !socket.is_empty() => text.push_str(&format!("@./u:{socket}")),
            _ => {}
        }
        Ok(Some(text))
    }
}

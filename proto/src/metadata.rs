//! What an object exposes, and what a call addresses.

/// The members of an object that peers may use: a plain `static`, extended at run time where needed.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    methods: &'static [Method],
    attributes: &'static [Attribute],
    more: Vec<(String, MethodFlags)>,
}

impl Metadata {
    /// Members known when the program is compiled.
    pub const fn new(methods: &'static [Method], attributes: &'static [Attribute]) -> Self {
        Self { methods, attributes, more: Vec::new() }
    }

    /// Adds a method whose name is known at run time only.
    #[must_use]
    pub fn with_method(mut self, name: impl Into<String>, flags: MethodFlags) -> Self {
        self.more.push((name.into(), flags));
        self
    }

    /// Names and flags of all methods. Private names are left out: they are never exposed.
    pub fn methods(&self) -> impl Iterator<Item = (&str, MethodFlags)> {
        let known = self.methods.iter().map(|method| (method.name, method.flags));
        let more = self.more.iter().map(|(name, flags)| (name.as_str(), *flags));
        known.chain(more).filter(|(name, _)| !is_private(name))
    }

    /// All attributes.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(|attribute| !is_private(attribute.name))
    }

    /// The flags of a method.
    pub fn method(&self, name: &str) -> Option<MethodFlags> {
        self.find(name).map(|(_, flags)| flags)
    }

    /// The place and the flags of an exposed method.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, MethodFlags)> {
        let known = self.methods.iter().position(|method| method.name == name);
        let found = known.map(|at| (at, self.methods[at].flags)).or_else(|| {
            let at = self.more.iter().position(|(more, _)| more == name)?;
            Some((self.methods.len() + at, self.more[at].1))
        });
        found.filter(|_| !is_private(name))
    }

    /// The name of the method at a place that [`find`](Self::find) gave.
    pub(crate) fn name(&self, at: usize) -> &str {
        match self.methods.get(at) {
            Some(method) => method.name,
            None => &self.more[at - self.methods.len()].0,
        }
    }

    /// The flags of the method at a place that [`find`](Self::find) gave.
    pub(crate) fn flags(&self, at: usize) -> MethodFlags {
        match self.methods.get(at) {
            Some(method) => method.flags,
            None => self.more[at - self.methods.len()].1,
        }
    }

    /// The attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes().find(|attribute| attribute.name == name)
    }

    /// True for every name that the object gave, private ones included.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        self.methods.iter().any(|method| method.name == name)
            || self.attributes.iter().any(|attribute| attribute.name == name)
            || self.more.iter().any(|(known, _)| known == name)
    }

    /// True when the member takes `&self`: calls of it may run at the same time.
    pub fn is_shared(&self, member: &Member<'_>) -> bool {
        match member {
            Member::Method(name) => self.method(name).is_some_and(|flags| flags.shared),
            Member::Get(name) => self.attribute(name).is_some_and(|attribute| attribute.shared),
            Member::Set(_) => false,
        }
    }
}

/// A method of an object.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    name: &'static str,
    flags: MethodFlags,
}

/// How a method is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MethodFlags {
    /// It takes `&self`: calls of it may run at the same time.
    pub shared: bool,
    /// Its callers do not wait for an answer.
    pub oneway: bool,
    /// What a session calls after a oneway call of it starts when that has ended, not when it has started.
    pub ordered: bool,
}

impl Method {
    /// A method that takes `&mut self`.
    pub const fn new(name: &'static str) -> Self {
        Self { name, flags: MethodFlags { shared: false, oneway: false, ordered: false } }
    }

    /// It takes `&self`.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.flags.shared = true;
        self
    }

    /// Its callers do not wait for an answer.
    #[must_use]
    pub const fn oneway(mut self) -> Self {
        self.flags.oneway = true;
        self
    }

    /// What a session calls after a oneway call of it starts when that has ended, not when it has started.
    #[must_use]
    pub const fn ordered(mut self) -> Self {
        self.flags.ordered = true;
        self
    }
}

/// An attribute of an object: read, and perhaps written, through calls.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    name: &'static str,
    shared: bool,
    settable: bool,
}

impl Attribute {
    /// An attribute that can be read through `&mut self`.
    pub const fn new(name: &'static str) -> Self {
        Self { name, shared: false, settable: false }
    }

    /// Reading takes `&self`.
    #[must_use]
    pub const fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// It can be written.
    #[must_use]
    pub const fn settable(mut self) -> Self {
        self.settable = true;
        self
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// True when it can be written.
    pub const fn is_settable(&self) -> bool {
        self.settable
    }
}

/// What a call addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member<'a> {
    /// A method.
    Method(&'a str),
    /// An attribute, to be read.
    Get(&'a str),
    /// An attribute, to be written; the new value is the one argument, named `value`.
    Set(&'a str),
}

impl<'a> Member<'a> {
    /// The member's name.
    pub const fn name(&self) -> &'a str {
        match self {
            Self::Method(name) | Self::Get(name) | Self::Set(name) => name,
        }
    }
}

/// True for names that Pyro never exposes: those with a leading underscore, except `__dunder__`
/// names that are not on its list of private ones (`Pyro5/server.py`, `is_private_attribute`).
pub fn is_private(name: &str) -> bool {
    if !name.starts_with('_') {
        return false;
    }
    let dunder = name.len() > 4 && name.starts_with("__") && name.ends_with("__");
    !dunder || PRIVATE_DUNDERS.contains(&name)
}

const PRIVATE_DUNDERS: [&str; 42] = [
    "__init__",
    "__init_subclass__",
    "__class__",
    "__module__",
    "__weakref__",
    "__call__",
    "__new__",
    "__del__",
    "__repr__",
    "__str__",
    "__format__",
    "__nonzero__",
    "__bool__",
    "__coerce__",
    "__cmp__",
    "__eq__",
    "__ne__",
    "__hash__",
    "__ge__",
    "__gt__",
    "__le__",
    "__lt__",
    "__dir__",
    "__enter__",
    "__exit__",
    "__copy__",
    "__deepcopy__",
    "__sizeof__",
    "__getattr__",
    "__setattr__",
    "__hasattr__",
    "__getattribute__",
    "__delattr__",
    "__instancecheck__",
    "__subclasscheck__",
    "__getinitargs__",
    "__getnewargs__",
    "__getstate__",
    "__setstate__",
    "__reduce__",
    "__reduce_ex__",
    "__subclasshook__",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_private_as_in_pyro() {
        for name in ["_x", "__x", "_", "__", "___", "____", "__init__", "__reduce_ex__", "_x_", "__x_"] {
            assert!(is_private(name), "{name}");
        }
        for name in ["x", "x_", "x__", "__dunder__", "__len__", "__getitem__", "_____"] {
            assert!(!is_private(name), "{name}");
        }
    }

    #[test]
    fn private_members_are_not_part_of_the_metadata() {
        static METADATA: Metadata = Metadata::new(&[Method::new("open").shared(), Method::new("_hidden")], &[]);
        let metadata = METADATA.clone().with_method("__init__", MethodFlags::default());
        assert_eq!(metadata.methods().map(|(name, _)| name).collect::<Vec<_>>(), ["open"]);
        assert!(metadata.is_shared(&Member::Method("open")));
        assert!(!metadata.is_shared(&Member::Method("_hidden")));
    }
}

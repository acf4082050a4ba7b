//! What the types in a signature mean, told by their names: a macro sees no more of them.

use proc_macro2::Span;
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeReference};

use crate::tokens::ends;

/// What a method gives.
pub(crate) enum Output {
    /// Nothing, which is None.
    Nothing,
    /// A value.
    Value(Type),
    /// A value or an error.
    Result(Type),
    /// An answer that is made already.
    Outcome(Type),
    /// Items that are pulled one by one.
    Stream(Type),
}

/// A parameter that is the call's context.
pub(crate) struct ContextType {
    pub(crate) mutable: bool,
    /// The world; `None` stands for `()`.
    pub(crate) world: Option<Type>,
}

impl Output {
    pub(crate) fn of(output: &ReturnType) -> Self {
        let ReturnType::Type(_, ty) = output else { return Self::Nothing };
        let ty = peel(ty);
        if is_unit(ty) {
            return Self::Nothing;
        }
        match last_segment(ty) {
            Some(segment) if segment.ident == "Result" => Self::Result(ty.clone()),
            Some(segment) if segment.ident == "Outcome" => Self::Outcome(ty.clone()),
            Some(segment) if segment.ident == "Stream" => Self::Stream(ty.clone()),
            _ => Self::Value(ty.clone()),
        }
    }
}

/// The context, if `ty` is a reference to it.
pub(crate) fn context(ty: &Type) -> Option<ContextType> {
    let Type::Reference(TypeReference { mutability, elem, .. }) = peel(ty) else { return None };
    let segment = last_segment(elem).filter(|segment| segment.ident == "Context")?;
    Some(ContextType { mutable: mutability.is_some(), world: type_arguments(segment).next().cloned() })
}

/// The types of value and error in a result, as far as they are written.
pub(crate) fn result_types(ty: &Type) -> (Option<&Type>, Option<&Type>) {
    let mut arguments = last_segment(ty).into_iter().flat_map(type_arguments);
    (arguments.next(), arguments.next())
}

/// The stream in a result.
pub(crate) fn stream_in(result: &Type) -> Option<&Type> {
    result_types(result).0.filter(|ty| last_segment(ty).is_some_and(|segment| segment.ident == "Stream"))
}

/// The world of an outcome or a stream; `None` stands for `()`.
pub(crate) fn world_of(ty: &Type) -> Option<Type> {
    last_segment(ty).and_then(|segment| type_arguments(segment).next().cloned())
}

/// The type in an `Option`.
pub(crate) fn optional(ty: &Type) -> Option<&Type> {
    last_segment(ty).filter(|segment| segment.ident == "Option").and_then(|segment| type_arguments(segment).next())
}

/// The last part of a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peel(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// True for an argument that stays serialized, or a reference to one.
pub(crate) fn is_blob(ty: &Type) -> bool {
    let ty = match peel(ty) {
        Type::Reference(reference) => &reference.elem,
        ty => ty,
    };
    last_segment(ty).is_some_and(|segment| segment.ident == "SerializedBlob")
}

/// The type itself, without the invisible groups that `macro_rules` put around it, and parentheses.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        ty => ty,
    }
}

pub(crate) fn is_unit(ty: &Type) -> bool {
    matches!(peel(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// The first part of a type that is not well known to be serializable both ways, by its usual name.
pub(crate) fn doubtful(ty: &Type) -> Option<&Type> {
    const PLAIN: [&str; 19] = [
        "bool", "char", "str", "String", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
        "u64", "u128", "usize", "Value",
    ];
    const HOLDERS: [&str; 6] = ["Option", "Vec", "Box", "BTreeMap", "HashMap", "BTreeSet"];
    match peel(ty) {
        Type::Tuple(tuple) => tuple.elems.iter().find_map(doubtful),
        Type::Reference(reference) => doubtful(&reference.elem),
        Type::Slice(slice) => doubtful(&slice.elem),
        Type::Array(array) => doubtful(&array.elem),
        ty => match last_segment(ty) {
            Some(segment) if segment.arguments.is_none() && PLAIN.iter().any(|name| segment.ident == name) => None,
            Some(segment) if HOLDERS.iter().any(|name| segment.ident == name) => {
                type_arguments(segment).find_map(doubtful)
            }
            _ => Some(ty),
        },
    }
}

/// Where to point when one of the types cannot be serialized or read, for they are checked as one: at
/// the only doubtful one, and where there are several, at the whole `list`.
pub(crate) fn place_of_doubt<'a>(types: impl Iterator<Item = &'a Type>, list: Span) -> Span {
    let mut doubtful = types.filter_map(doubtful);
    match (doubtful.next(), doubtful.next()) {
        (Some(only), None) => ends(only).0,
        _ => list,
    }
}

fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

//! What can be told about a type from its tokens alone.

use core::mem;
use std::collections::HashSet;

use proc_macro2::{Ident, Span};
use syn::{
    GenericArgument, GenericParam, Generics, Lifetime, Path, PathArguments, Type, TypeReference,
    WherePredicate,
    spanned::Spanned,
    visit::{self, Visit},
};

/// For code of which an error shall be shown where the user wrote `tokens`. Only the place is the user's: `self` and local variables are
/// those of the expansion, also where a `macro_rules!` wrote the struct and its caller the type.
pub(crate) fn at(tokens: &impl Spanned) -> Span {
    Span::mixed_site().located_at(tokens.span())
}

/// Peels `Option`s off; how many there were, and what was inside.
pub(crate) fn without_options(ty: &Type) -> (usize, &Type) {
    let mut count = 0_usize;
    let mut ty = plain(ty);
    while let Some(inner) = argument(ty, "Option") {
        count = count.saturating_add(1);
        ty = plain(inner);
    }
    (count, ty)
}

/// `T` of `Option<T>`.
pub(crate) fn option(ty: &Type) -> Option<&Type> {
    argument(plain(ty), "Option")
}

/// `UserEmail` of the wrapper `Encrypted<UserEmail>`.
pub(crate) fn wrapped(ty: &Type) -> Option<&Type> {
    argument(plain(ty), "Encrypted")
}

/// Whether the type is `name`, at whatever path.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    matches!(plain(ty), Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

/// The referent, if the type is a reference.
pub(crate) fn referent(ty: &Type) -> Option<&Type> {
    match plain(ty) {
        Type::Reference(reference) => Some(plain(&reference.elem)),
        _ => None,
    }
}

/// Where the type borrows.
pub(crate) fn borrow(ty: &Type) -> Option<Span> {
    struct Find(Option<Span>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            self.0.get_or_insert(reference.and_token.span);
        }
        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            self.0.get_or_insert(lifetime.span());
        }
    }
    let mut find = Find(None);
    find.visit_type(ty);
    find.0
}

/// The first type or const parameter that the type mentions.
pub(crate) fn parameter(ty: &Type, generics: &Generics) -> Option<Ident> {
    struct Find<'a>(Vec<&'a Ident>, Option<Ident>);
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_path(&mut self, path: &'ast Path) {
            if let Some(first) = path.segments.first()
                && self.0.contains(&&first.ident)
            {
                self.1.get_or_insert_with(|| first.ident.clone());
            }
            visit::visit_path(self, path);
        }
    }
    let types = generics.type_params().map(|param| &param.ident);
    let consts = generics.const_params().map(|param| &param.ident);
    let mut find = Find(types.chain(consts).collect(), None);
    find.visit_type(ty);
    find.1
}

/// `T` of `path::to::name<T>`.
fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match (arguments.args.first(), arguments.args.len()) {
        (Some(GenericArgument::Type(ty)), 1) => Some(ty),
        _ => None,
    }
}

/// Without parentheses, and without the invisible ones of a `macro_rules!` fragment.
fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        Type::Paren(paren) => plain(&paren.elem),
        _ => ty,
    }
}

/// The generics without the parameters that none of the types mentions, and without what is said of those.
pub(crate) fn retain<'a>(generics: &Generics, types: impl Iterator<Item = &'a Type>) -> Generics {
    let mut used = Names::default();
    types.for_each(|ty| used.visit_type(ty));
    let mut kept = generics.clone();
    let (keeps, drops): (Vec<_>, Vec<_>) =
        mem::take(&mut kept.params).into_iter().partition(|param| used.0.contains(&name(param)));
    let dropped: Vec<_> = drops.iter().map(name).collect();
    kept.params = keeps.into_iter().collect();
    if let Some(clause) = &mut kept.where_clause {
        let mentions_dropped = |predicate: &WherePredicate| {
            let mut names = Names::default();
            names.visit_where_predicate(predicate);
            dropped.iter().any(|name| names.0.contains(name))
        };
        let predicates = mem::take(&mut clause.predicates);
        clause.predicates = predicates.into_iter().filter(|predicate| !mentions_dropped(predicate)).collect();
    }
    kept
}

/// The lifetimes, with their apostrophe, and the names that paths begin with.
#[derive(Default)]
struct Names(HashSet<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        self.0.insert(lifetime.to_string());
    }

    fn visit_path(&mut self, path: &'ast Path) {
        self.0.extend(path.segments.first().map(|first| first.ident.to_string()));
        visit::visit_path(self, path);
    }
}

fn name(param: &GenericParam) -> String {
    match param {
        GenericParam::Lifetime(param) => param.lifetime.to_string(),
        GenericParam::Type(param) => param.ident.to_string(),
        GenericParam::Const(param) => param.ident.to_string(),
    }
}

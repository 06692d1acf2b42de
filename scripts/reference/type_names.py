"""Names that a language keeps for itself: of fields that its generator changes, and of types in scope everywhere."""

from __future__ import annotations

import keyword


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RESERVED: dict[str, frozenset[str]] = {
    # Methods of every message. Fields are capitalized, so that keywords do not meet them.
    "Go": _words("reset string proto_message marshal unmarshal extension_range_array descriptor"),
    # Properties of every object. Keywords may be names of properties.
    "TypeScript": _words("constructor to_string to_json value_of __proto__"),
    "Python": frozenset(keyword.kwlist),
    # Methods of every message. Accessors have get or set before the name, so that keywords do not meet them.
    "Java": _words(
        """class cached_size serialized_size initialization_error_string unknown_fields all_fields descriptor_for_type
        default_instance_for_type parser_for_type"""
    ),
    "Rust": _words(
        """as break const continue crate else enum extern false fn for if impl in let loop match mod move mut pub ref
        return self static struct super trait true type unsafe use where while async await dyn abstract become box do
        final gen macro override priv try typeof unsized virtual yield"""
    ),
    "C++": _words(
        """alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl const
        const_cast constexpr continue decltype default delete do double dynamic_cast else enum explicit export extern
        false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or
        or_eq private protected public register reinterpret_cast return short signed sizeof static static_assert
        static_cast struct switch template this thread_local throw true try typedef typeid typename union unsigned
        using virtual void volatile wchar_t while xor xor_eq"""
    ),
}
"""Names of fields that a language's generator changes, or that the language does not take after a dot."""

RESERVED_FORM = {
    "Go": "with `_` at its end",
    "TypeScript": "`{}`",
    "Python": '`getattr(message, "{}")`',
    "Java": "with `_` at its end",
    "Rust": "`r#{}`",
    "C++": "`{}_()`",
}
"""What is written for a field whose name is reserved."""

TAKEN: dict[str, frozenset[str]] = {
    # Globals of the language, of browsers and of Node.js.
    "TypeScript": _words(
        """Array Attr Audio Blob Cache Comment Date Element Error Event EventTarget File Function Image Lock Map Node
        Notification Object Option Promise Proxy Range Reflect Request Response Selection Set Storage Symbol Text"""
    ),
    "Python": _words("Exception KeyError LookupError PermissionError TimeoutError ValueError Warning"),
    "Java": _words(
        """Boolean Byte Character Class Comparable Double Enum Error Exception Float Integer Iterable Long Math Module
        Number Object Override Package Process Record Runtime Short String System Thread Throwable Void"""
    ),
    "Rust": _words(
        """Box Clone Copy Default Drop Eq Err Extend Fn From FromIterator Into Iterator None Ok Option Ord PartialEq
        PartialOrd Result Send Some String Sync ToOwned ToString Vec"""
    ),
}
"""Types in scope without an import, which a message of the same name hides."""

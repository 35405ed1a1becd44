"""What a script may name: modules, functions, attributes. What is not listed does not exist."""

from __future__ import annotations

import builtins
import math
import string
from collections.abc import Callable, Iterable, Mapping
from contextlib import ContextDecorator
from functools import partial
from typing import Any

import numpy as np

from ..grad import autograd, torch_names
from ..grad.tensors.tape import AccumulateGrad, GradFn
from ..grad.tensors.tensor import METHODS, Size, Tensor

LONGEST = 10_000_000  # entries of a list, characters of a text
WIDEST = 1_000  # of a format such as `{x:>20}`


class Function:
    """A function under its name; for a method, with the value it belongs to."""

    __slots__ = ("call", "name", "receiver")

    def __init__(self, name: str, call: Callable[..., Any], receiver: Any = None) -> None:
        self.name = name
        self.call = call
        self.receiver = receiver

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.call(*args, **keywords)

    def __repr__(self) -> str:
        return f"<built-in function {self.name}>"


class Module:
    """A module of the language: a name, and how to look names up in it."""

    __slots__ = ("find", "name", "names")

    def __init__(
        self, name: str, find: Callable[[str], Any], names: Callable[[], Iterable[str]]
    ) -> None:
        self.name = name
        self.find = find
        self.names = names

    def __repr__(self) -> str:
        return f"<module '{self.name}'>"


class Kind:
    """The type of a value, as `type` shows it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kind) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<class '{self.name}'>"


# --- modules -----------------------------------------------------------------------------------


def _table(name: str, names: Mapping[str, Any]) -> Callable[[str], Any]:
    def find(word: str) -> Any:
        if word in names:
            return names[word]
        raise AttributeError(f"module '{name}' has no attribute '{word}'")

    return find


def _torch(word: str) -> Any:
    if f"torch.{word}" in MODULES:
        return MODULES[f"torch.{word}"]
    return torch_names.find(word)


def _functions(name: str) -> Callable[[str], Any]:
    """A submodule of torch whose functions are those of tensors."""

    def find(word: str) -> Any:
        if f"{name}.{word}" in MODULES:
            return MODULES[f"{name}.{word}"]
        own = f"{name.rpartition('.')[2]}_{word}"  # linalg.norm is not norm
        return _table(name, METHODS)(own if own in METHODS else word)

    return find


_AUTOGRAD = {
    word: getattr(autograd, word)
    for word in ("Variable", "backward", "grad", "no_grad", "enable_grad", "set_grad_enabled")
    if hasattr(autograd, word)
}
_NUMPY: dict[str, Any] = {
    word: getattr(np, word)
    for word in (
        "array asarray zeros ones full eye arange linspace zeros_like ones_like reshape transpose "
        "sqrt exp log sin cos tan tanh abs sign maximum minimum dot matmul outer sum mean prod max "
        "min std var cumsum allclose array_equal round float32 float64 int32 int64 bool_ "
        "pi e inf nan newaxis"
    ).split()
}
_MATH: dict[str, Any] = {
    word: getattr(math, word)
    for word in "pi e inf nan sqrt exp log log2 log10 sin cos tan tanh floor ceil isnan".split()
}

MODULES: dict[str, Module] = {
    "torch": Module("torch", _torch, lambda: [*torch_names.NAMES, *METHODS])
}
for _path in ("torch.nn", "torch.nn.functional", "torch.linalg", "torch.special"):
    MODULES[_path] = Module(_path, _functions(_path), lambda: METHODS)
for _path, _known in (
    ("torch.autograd", _AUTOGRAD),
    ("torch.autograd.variable", _AUTOGRAD),
    ("numpy", _NUMPY),
    ("math", _MATH),
):
    MODULES[_path] = Module(_path, _table(_path, _known), _known.keys)
IMPORTED = MODULES | {"gradcalc.grad": MODULES["torch"]}
KNOWN_WITHOUT_IMPORT = {"torch": MODULES["torch"]} | dict.fromkeys(
    ("np", "numpy"), MODULES["numpy"]
)


# --- functions of Python -----------------------------------------------------------------------


def bounded(values: Iterable[Any]) -> list[Any]:
    """The values as a list. Raises ValueError for more than a script needs."""
    found = []
    for value in values:
        found.append(value)
        if len(found) > LONGEST:
            raise ValueError(f"more than {LONGEST:,} values")
    return found


def _consuming(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of Python that goes through all the values it is given."""

    def consuming(*args: Any, **keywords: Any) -> Any:
        for arg in args:
            if isinstance(arg, range) and len(arg) > LONGEST:
                raise ValueError(f"more than {LONGEST:,} values")
        return function(*args, **keywords)

    return consuming


def _enumerate(values: Any, start: int = 0) -> Any:
    return [(i, value) for i, value in builtins.enumerate(bounded(values), start)]


def _zip(*values: Any) -> Any:
    return list(builtins.zip(*map(bounded, values), strict=False))


def kind_of(value: Any) -> Kind:
    """What `type` says of a value."""
    if isinstance(value, Tensor):
        return Kind("torch.Tensor")
    if isinstance(value, (GradFn, AccumulateGrad, Module, Function)):
        names = {Module: "module", Function: "builtin_function_or_method"}
        return Kind(names.get(type(value), type(value).__name__))
    if isinstance(value, (np.ndarray, np.generic)):
        return Kind(f"numpy.{type(value).__name__}")
    names = {Size: "torch.Size", torch_names.NAMES["dtype"]: "torch.dtype", Kind: "type"}
    return Kind(names.get(type(value), type(value).__name__))


_TYPES = {"float": float, "int": int, "bool": bool, "str": str}
BUILTINS: dict[str, Any] = _TYPES | {
    name: Function(name, call)
    for name, call in (
        ("abs", abs),
        ("len", len),
        ("range", range),
        ("round", round),
        ("repr", repr),
        ("type", kind_of),
        ("enumerate", _enumerate),
        ("zip", _zip),
        ("list", lambda values=(): bounded(values)),
        ("tuple", lambda values=(): tuple(bounded(values))),
        ("sum", _consuming(sum)),
        ("min", _consuming(min)),
        ("max", _consuming(max)),
    )
}
ERRORS: dict[str, type[BaseException]] = {
    error.__name__: error
    for error in (
        Exception, RuntimeError, TypeError, ValueError, IndexError, AttributeError,
        ZeroDivisionError, NameError, ArithmeticError, OverflowError,
    )
}  # fmt: skip


def lookup(name: str) -> Any:
    """What a name stands for that the script has not assigned. Raises NameError."""
    for table in (BUILTINS, KNOWN_WITHOUT_IMPORT, ERRORS):
        if name in table:
            return table[name]
    try:
        return _torch(name)
    except AttributeError:
        raise NameError(f"name '{name}' is not defined") from None


def known_names() -> list[str]:
    """The names there are without any import."""
    return [*BUILTINS, *KNOWN_WITHOUT_IMPORT, *torch_names.NAMES, *METHODS]


def is_callable(value: Any) -> bool:
    """Whether a script may call this: a function of the language, or a type of Python."""
    return isinstance(value, Function) or id(value) in _CALLED


_CALLED = frozenset(
    id(known)
    for table in (_TYPES, torch_names.NAMES, METHODS, _AUTOGRAD, _NUMPY, _MATH)
    for known in table.values()
    if callable(known)
)


def is_context(value: Any) -> bool:
    """Whether ``with`` takes it."""
    return isinstance(value, ContextDecorator)


# --- attributes --------------------------------------------------------------------------------

TENSOR = frozenset("data grad grad_fn is_leaf requires_grad shape dtype ndim T mT volatile".split())
SETTABLE = frozenset("data grad requires_grad volatile".split())
ARRAY = frozenset("shape dtype ndim T size".split())
ARRAY_METHODS = frozenset(
    "sum mean prod max min std var cumsum reshape transpose flatten ravel astype copy tolist item "
    "round dot all any argmax argmin squeeze".split()
)
LIST_METHODS = frozenset("append pop insert remove index count reverse sort copy".split())
TEXT_METHODS = frozenset("upper lower strip lstrip rstrip split startswith endswith title".split())


def attribute(value: Any, name: str) -> Any:
    """``value.name``, where a script may ask for it. Raises AttributeError."""
    match value:
        case Module():
            return value.find(name)
        case Tensor():
            if name in TENSOR:
                return getattr(value, name)
            if name in METHODS or (name.endswith("_") and name[:-1] in METHODS):
                return Function(name, getattr(value, name), value)
        case GradFn() | AccumulateGrad():
            if name == "next_functions" or (name == "variable" and hasattr(value, "variable")):
                return getattr(value, name)
            if name == "name":
                return Function(name, value.name, value)
        case np.ndarray() | np.generic():
            if name in ARRAY:
                return getattr(value, name)
            if name in ARRAY_METHODS:
                return Function(name, getattr(value, name), value)
        case str():
            if name in TEXT_METHODS:
                return Function(name, getattr(value, name), value)
            if name in ("format", "join"):
                call = _formatted if name == "format" else _joined
                return Function(name, partial(call, value), value)
        case list():
            if name == "extend":
                return Function(name, lambda values: value.extend(bounded(values)), value)
            if name in LIST_METHODS:
                return Function(name, getattr(value, name), value)
        case tuple():
            if name in getattr(value, "_fields", ()):
                return getattr(value, name)
            if name in ("index", "count", "numel") and hasattr(value, name):
                return Function(name, getattr(value, name), value)
        case Kind():
            if name == "__name__":
                return value.name.rpartition(".")[2]
        case Function():
            if name == "__name__":
                return value.name
    if isinstance(value, torch_names.NAMES["dtype"]) and name in ("is_floating_point", "itemsize"):
        return getattr(value, name)
    what = kind_of(value).name.rpartition(".")[2]
    raise AttributeError(f"'{what}' object has no attribute '{name}'")


def attributes(value: Any) -> Iterable[str]:
    """What may be meant by an attribute that a value does not have."""
    if isinstance(value, Tensor):
        return [*TENSOR, *METHODS]
    return value.names() if isinstance(value, Module) else ()


def set_attribute(value: Any, name: str, to: Any) -> None:
    """``value.name = to``. Raises AttributeError where a script may not."""
    if not isinstance(value, Tensor) or name not in SETTABLE:
        what = kind_of(value).name.rpartition(".")[2]
        raise AttributeError(f"attribute '{name}' of '{what}' objects is not writable")
    setattr(value, name, to)


# --- texts -------------------------------------------------------------------------------------


def check_width(spec: str) -> None:
    """Raise ValueError for a format as wide as no line is."""
    digits = "".join(c if c.isdigit() else " " for c in spec).split()
    if any(len(number) > len(str(WIDEST)) or int(number) > WIDEST for number in digits):
        raise ValueError(f"a width of more than {WIDEST:,}")


def formatted(value: Any, spec: str) -> str:
    """``f"{value:spec}"``"""
    check_width(spec)
    return format(value, spec)


class _Formatter(string.Formatter):
    """``"{} {x:.2f}".format(...)`` without attributes and indices of what is shown."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        if not field_name.isalnum():
            raise ValueError(f"`{{{field_name}}}`: a field is a position or a name")
        key = int(field_name) if field_name.isdigit() else field_name
        return self.get_value(key, args, kwargs), key

    def format_field(self, value: Any, format_spec: str) -> str:
        return formatted(value, format_spec)


def _formatted(text: str, *args: Any, **keywords: Any) -> str:
    return _Formatter().vformat(text, args, keywords)


def _joined(text: str, values: Any) -> str:
    parts = bounded(values)
    if sum(len(part) for part in parts) + len(text) * len(parts) > LONGEST:
        raise ValueError(f"a text of more than {LONGEST:,} characters")
    return text.join(parts)

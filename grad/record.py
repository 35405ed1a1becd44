"""Records: classes of named fields, like dataclasses, but made without compiling text.

A dataclass writes its methods as source and compiles them whenever it is imported, which takes
half a millisecond. The classes needed to answer a first question would be a quarter of its time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast, dataclass_transform

T = TypeVar("T")


class _Factory:
    """A default made anew for each record."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def field(*, default_factory: Callable[[], T]) -> T:
    """A field whose default is what `default_factory()` returns."""
    return cast(T, _Factory(default_factory))


@dataclass_transform(field_specifiers=(field,))
def record(*, frozen: bool = False, eq: bool = True) -> Callable[[type[T]], type[T]]:
    """A class decorator as `dataclass(slots=True)`; that it is frozen, the type checker sees to."""

    def made(cls: type[T]) -> type[T]:
        own = tuple(cls.__annotations__)  # its own alone, since Python 3.10
        names = (*getattr(cls, "__match_args__", ()), *own)
        body = {k: v for k, v in cls.__dict__.items() if k not in ("__dict__", "__weakref__")}
        defaults = getattr(cls, "_defaults", {}) | {n: body.pop(n) for n in own if n in body}
        body |= {"__slots__": own, "__match_args__": names, "_defaults": defaults}
        body["__init__"] = _initializer(names, defaults, cls.__dict__.get("__post_init__"))
        body.setdefault("__repr__", _shown)
        if eq:
            body.setdefault("__eq__", _equal)
            body["__hash__"] = _hashed if frozen else None
        return cast(type[T], type(cls.__name__, cls.__bases__, body))

    return made


def replace(of: T, **changes: Any) -> T:
    """The record, with some of its fields changed."""
    names: tuple[str, ...] = of.__match_args__  # type: ignore[attr-defined]
    return type(of)(**{name: getattr(of, name) for name in names} | changes)


def _initializer(
    names: tuple[str, ...], defaults: dict[str, Any], then: Callable[[Any], None] | None
) -> Callable[..., None]:
    constant = {n: d for n, d in defaults.items() if not isinstance(d, _Factory)}
    fresh = {n: d.make for n, d in defaults.items() if isinstance(d, _Factory)}
    known = dict.fromkeys(names)

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        if len(args) != len(names) or named:
            given = len(args) + len(named)
            values = constant | dict(zip(names, args, strict=False)) | named
            for name, make in fresh.items():
                if name not in values:
                    values[name] = make()
            if values.keys() != known.keys() or given > len(known):
                raise TypeError(f"{type(self).__name__} has the fields {', '.join(names)}")
            args = tuple([values[name] for name in names])
        for name, value in zip(names, args):  # noqa: B905  # strict takes as long as the rest
            setattr(self, name, value)
        if then is not None:
            then(self)

    return __init__


def _values(record: Any) -> tuple[Any, ...]:
    return tuple([getattr(record, name) for name in record.__match_args__])


def _equal(self: Any, other: object) -> bool:
    return _values(self) == _values(other) if type(self) is type(other) else NotImplemented


def _hashed(self: Any) -> int:
    return hash(_values(self))


def _shown(self: Any) -> str:
    fields = [f"{name}={getattr(self, name)!r}" for name in self.__match_args__]
    return f"{type(self).__name__}({', '.join(fields)})"

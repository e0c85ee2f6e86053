"""A verb: one method of a noun, whose signature is all that any door knows of it.

The command line, the HTTP routes and the MCP tools are made from what is read here: the name, the parameters with
their types, limits, defaults and words, and the docstring.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cached_property, wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, Self, TypeVar, get_args, get_type_hints, overload

from .parameter import Parameter, read_annotation

if TYPE_CHECKING:
    from ..ingest.progress import Progress
    from .place import Place
    from .session import Session
    from .stores.base import Store

P = ParamSpec("P")
R = TypeVar("R")
N = TypeVar("N", bound="Noun")

Needs = Literal["nothing", "place", "store", "weights", "live"]
"""What must be there: the files beside the store, the store, a model's weights, a model in memory."""
NOUNS = Path(__file__).parent / "nouns"
MARK = "__verb__"
_RAISES = re.compile(r"\bRaises\s")


@dataclass(frozen=True)
class Marks:
    """What a verb says of itself beside its signature."""

    needs: Needs
    writes: bool
    """changes the store or its files: offered by network doors only where the server was told to"""
    begins: bool
    """makes a store where there is none"""
    here: bool
    """for people at this machine alone"""
    agent: bool
    """among the few that an agent is offered first"""


def verb(
    *,
    needs: Needs = "store",
    writes: bool = False,
    begins: bool = False,
    here: bool = False,
    agent: bool = False,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a method a verb. What is given is held against the limits that its signature names, in every door alike."""

    def marked(method: Callable[P, R]) -> Callable[P, R]:
        @wraps(method)
        def checked(*args: P.args, **given: P.kwargs) -> R:
            try:
                bound = own.signature.bind(*args, **given)
            except TypeError:
                return method(*args, **given)  # it says itself what is wrong with its arguments
            for name, value in bound.arguments.items():
                if (parameter := own.plain.get(name)) is not None:
                    bound.arguments[name] = parameter.taken(value)
            return method(*bound.args, **bound.kwargs)

        own = Verb("", checked)
        setattr(checked, MARK, Marks(needs, writes, begins, here, agent))
        return checked

    return marked


class Noun:
    """What verbs stand on: the store, the place of its files, and whom progress is told."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def db(self) -> Store:
        """The store's database, opened when it is first asked for."""
        return self.session.store

    @property
    def place(self) -> Place:
        """Where the files beside the store lie."""
        return self.session.place

    @property
    def progress(self) -> Progress:
        """Whom progress is told."""
        return self.session.progress

    def __dir__(self) -> list[str]:
        return [name for name, _ in methods(type(self))]


class Mounted(Generic[N]):
    """An attribute of the knowledge base that is a noun, made when it is first asked for."""

    def __init__(self, kind: type[N]) -> None:
        self.kind = kind
        self.__doc__ = kind.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, kb: None, owner: type) -> Self: ...
    @overload
    def __get__(self, kb: Noun, owner: type) -> N: ...
    def __get__(self, kb: Noun | None, owner: type) -> N | Self:
        if kb is None:
            return self
        made: N = vars(kb).setdefault(self.name, self.kind(kb.session))
        return made


@dataclass(frozen=True)
class Verb:
    """One verb as doors read it."""

    noun: str
    """as the command line writes it; empty for an everyday verb, which stands on the knowledge base itself"""
    function: Callable[..., Any]

    @property
    def name(self) -> str:
        """As the command line writes it."""
        return self.function.__name__.rstrip("_").replace("_", "-")

    @property
    def path(self) -> str:
        """`n2g show`: how people name it."""
        return f"{self.noun} {self.name}".strip()

    @property
    def marks(self) -> Marks:
        """What it needs and may."""
        marks: Marks = getattr(self.function, MARK)
        return marks

    @cached_property
    def words(self) -> str:
        """The docstring without what it raises, which is for programmers."""
        paragraphs = inspect.getdoc(self.function) or ""
        parts = (_RAISES.split(part)[0].strip() for part in paragraphs.split("\n\n"))
        return "\n\n".join(part for part in parts if part)

    @property
    def line(self) -> str:
        """The docstring's first sentence, on one line."""
        return " ".join(self.words.split("\n\n")[0].split())

    @cached_property
    def signature(self) -> inspect.Signature:
        """Of the method, `self` included; annotations as they are written."""
        return inspect.signature(self.function)

    @cached_property
    def plain(self) -> dict[str, Parameter]:
        """Parameters by name, without the fields of settings, which check themselves."""
        return {one.name: one for one in self.parameters if one.group is None}

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What a door asks for: parameters in order, the fields of settings in the place of the settings.

        Only parameters are resolved, never what is returned. Raises TypeError for one without an annotation.
        """
        return tuple(self._read())

    def _read(self) -> Iterator[Parameter]:
        names = vars(sys.modules[self.function.__module__])
        for declared in list(self.signature.parameters.values())[1:]:
            if declared.kind is declared.VAR_KEYWORD:
                continue  # in Python what `params` has may be given by keyword
            if declared.annotation is inspect.Parameter.empty or declared.kind is declared.VAR_POSITIONAL:
                raise TypeError(f"{self.path}: the parameter {declared.name!r} has no type that a door could read")
            annotation = declared.annotation
            if isinstance(annotation, str):
                annotation = eval(annotation, names)  # noqa: S307  (our own source, as typing.get_type_hints does)
            if (settings := _settings(annotation)) is not None:
                yield from _fields(declared.name, settings)
                continue
            positional = declared.kind is not declared.KEYWORD_ONLY
            yield read_annotation(declared.name, annotation, declared.default, positional)

    def call(self, noun: Any, given: Mapping[str, Any]) -> Any:
        """Ask it with values by parameter name; those of settings are put into their settings."""
        values: dict[str, Any] = {}
        for parameter in self.parameters:
            if parameter.name not in given:
                continue
            value = given[parameter.name]
            if parameter.group is None:
                values[parameter.name] = value
            else:
                values.setdefault(parameter.group, {})[parameter.name] = value
        return self.function(noun, **values)


def _settings(annotation: Any) -> type | None:
    """The dataclass whose fields are parameters, where the annotation has one."""
    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type) and is_dataclass(kind)]
    return kinds[0] if kinds else None


def _fields(group: str, settings: type) -> Iterator[Parameter]:
    from ..ingest.field_words import field_words

    words, hints = field_words(settings), get_type_hints(settings, include_extras=True)
    for each in fields(settings):
        default = each.default if each.default_factory is MISSING else each.default_factory()
        default = inspect.Parameter.empty if default is MISSING else default
        yield read_annotation(each.name, hints[each.name], default, False, group=group, words=words.get(each.name, ""))


def methods(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The verbs of a class by attribute name, in the order in which they are written."""
    for ancestor in reversed(kind.__mro__):
        for name, value in vars(ancestor).items():
            if hasattr(value, MARK):
                yield name, value


def verbs(kind: type, noun: str) -> dict[str, Verb]:
    """The verbs of a noun's class by the name that the command line has for them."""
    made = [Verb(noun, method) for _, method in methods(kind)]
    return {one.name: one for one in made}


def nouns() -> dict[str, str]:
    """Names and first lines of all nouns: the modules of the folder `nouns`, read without importing any."""
    lines = {path.stem.replace("_", "-"): _first_line(path) for path in sorted(NOUNS.glob("*.py"))}
    return {name: line for name, line in lines.items() if line}


def everyday() -> dict[str, str]:
    """Names and first lines of the verbs of the knowledge base itself, read without importing it."""
    tree = ast.parse((NOUNS.parent / "everyday.py").read_text("utf-8"))
    lines = {}
    for node in ast.walk(tree):
        marks = [mark for mark in getattr(node, "decorator_list", ()) if isinstance(mark, ast.Call)]
        if isinstance(node, ast.FunctionDef) and any(
            isinstance(m.func, ast.Name) and m.func.id == "verb" for m in marks
        ):
            lines[node.name.rstrip("_").replace("_", "-")] = " ".join(
                (ast.get_docstring(node) or "").split("\n\n")[0].split()
            )
    return lines


def noun_class(name: str) -> type[Noun]:
    """The class of a noun, named as the command line or as Python does. Raises KeyError for one that is not there."""
    stem = name.replace("-", "_")
    if not (NOUNS / f"{stem}.py").is_file():
        raise KeyError(name)
    module = import_module(f".nouns.{stem}", __package__)
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Noun)]
    return next(kind for kind in kinds if kind.__module__ == module.__name__)


def _first_line(path: Path) -> str:
    """The first line of the docstring of the module's noun: of the class that is built on Noun."""
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef) and any(
            isinstance(base, ast.Name) and base.id == "Noun" for base in node.bases
        ):
            return (ast.get_docstring(node) or "").split("\n")[0]
    return ""

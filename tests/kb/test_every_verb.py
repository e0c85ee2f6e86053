"""Every verb: the same parameters, words and defaults in Python, on the command line and over HTTP; and help."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import click
import pytest
from neuronkb.ingest.chosen import field_kinds
from neuronkb.kb.cli.command import VerbCommand
from neuronkb.kb.cli.main import cli
from neuronkb.kb.cli.new_names import NEW_NAMES
from neuronkb.kb.doors import all_verbs, offers
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.parameter import REQUIRED
from neuronkb.kb.verb import Verb, noun_class, nouns
from neuronkb.kb.web.routes import described, path

pytest.importorskip("starlette", reason="the web extra is not installed")
VERBS = all_verbs()


def command(name: str) -> click.Command:
    """The command of a name such as `n2g show`."""
    found: click.Command = cli
    for part in name.split():
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), part)
        assert inner is not None
        found = inner
    return found


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.path)
def test_the_command_line_has_all_of_it(verb: Verb) -> None:
    if verb.path == "queries run":  # a command a query, with that query's parameters
        return
    made = command(verb.path)
    assert isinstance(made, VerbCommand)
    params = {param.name: param for param in made.params}
    for parameter in verb.parameters:
        param = params[parameter.name]
        if isinstance(param, click.Option):
            assert param.required == parameter.required
            assert parameter.words[1:] in (param.help or "")
    assert len({name for param in made.params for name in param.opts}) == sum(len(p.opts) for p in made.params)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.path)
def test_python_has_the_same_defaults(verb: Verb) -> None:
    declared = {name: value.default for name, value in verb.signature.parameters.items()}
    for parameter in verb.parameters:
        if parameter.group is None:
            assert parameter.default is declared[parameter.name] or parameter.default == declared[parameter.name]
        else:
            assert declared[parameter.group] is None
            settings = group(verb, parameter.group)
            assert parameter.default == getattr(settings(), parameter.name)
            kind = field_kinds(settings)[parameter.name]
            assert (parameter.range, parameter.choices, parameter.advanced) == (kind.range, kind.choices, kind.advanced)


def group(verb: Verb, name: str) -> Any:
    """The settings class of a parameter such as `settings`."""
    annotation = verb.signature.parameters[name].annotation
    found = eval(annotation, vars(inspect.getmodule(verb.function)))  # noqa: S307
    return next(part for part in get_args(found) if hasattr(part, "__dataclass_fields__"))


@pytest.mark.parametrize("offer", offers(allow_write=True).values(), ids=lambda offer: offer.name)
def test_http_has_what_may_come_from_elsewhere(offer: Any) -> None:
    told = described(path(offer), offer)
    remote = {one.name: one for one in offer.verb.parameters if one.remote}
    assert {row["name"] for row in told["parameters"]} == set(remote)
    for row in told["parameters"]:
        parameter = remote[row["name"]]
        assert row["words"] == parameter.words
        assert row["required"] == parameter.required
        assert row["default"] == (None if parameter.default is REQUIRED else parameter.default)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.path)
def test_every_word_is_there(verb: Verb) -> None:
    assert 20 < len(verb.line) <= 160, verb.line
    assert verb.words
    names = [parameter.name for parameter in verb.parameters]
    assert len(names) == len(set(names))
    for parameter in verb.parameters:
        assert 4 <= len(parameter.words) <= 240, (parameter.name, parameter.words)
        assert not parameter.words.endswith(".")


@pytest.mark.parametrize("old", sorted(NEW_NAMES))
def test_an_old_name_is_answered_with_the_new_one(old: str) -> None:
    assert command(NEW_NAMES[old])
    with pytest.raises(click.UsageError, match=f"is now neuronkb {NEW_NAMES[old]}"):
        command(old)


def test_a_knowledge_base_shows_nouns_and_everyday_verbs_only() -> None:
    kb = KnowledgeBase.__new__(KnowledgeBase)
    everyday = {verb.name for verb in VERBS if not verb.noun}
    assert set(dir(kb)) == {*(name.replace("-", "_") for name in nouns()), *everyday, "close", "open", "where"}
    for noun in nouns():
        attribute = getattr(KnowledgeBase, noun.replace("-", "_"))
        assert attribute.kind is noun_class(noun)
        assert (attribute.__doc__ or "").splitlines()[0] == nouns()[noun]


def test_no_parameter_is_progress() -> None:
    assert not [verb.path for verb in VERBS if {"progress", "loaded"} & set(verb.signature.parameters)]

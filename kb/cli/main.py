"""The command group, and the one place where an error becomes a line on the terminal."""

from __future__ import annotations

import errno
import inspect
import sys
import traceback
from functools import cache
from importlib import import_module
from typing import Any

import click

from ...queries.result.near import near
from ..verb import Verb, everyday, noun_class, nouns, verbs
from .command import VerbCommand
from .guard import guarded, install, unguarded_output
from .new_names import GROUPS, NEW_NAMES

HAND = {"cypher": "cypher", "mcp": "mcp", "serve": "serve", "site": "site"}
"""Commands that are written by hand, and their modules."""
HAND_VERBS = {"ratings": {"rate": "rate"}, "queries": {"run": "queries"}}
"""The same of a noun's verbs."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Group(click.Group):
    """A group whose commands end with one line and exit code 1 when they fail, and whose output is guarded."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with guarded():
            return super().main(*args, **kwargs)

    def _main_shell_completion(self, *args: Any, **kwargs: Any) -> None:
        with unguarded_output():  # what a shell reads is bytes
            super()._main_shell_completion(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if ctx.params.get("debug"):
                click.echo(_traceback(error), err=True, nl=False)
                ctx.exit(1)
            raise click.ClickException(_line(error)) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Everyday verbs, nouns, and what is written by hand."""
        return list(dict.fromkeys((*_everyday(), *sorted({*nouns(), *HAND}))))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Made when it is asked for: a command imports its own noun and no other."""
        if cmd_name in HAND:
            return _by_hand(HAND[cmd_name])
        if cmd_name in _everyday():
            from ..knowledge_base import KnowledgeBase

            return VerbCommand(verbs(KnowledgeBase, "")[cmd_name])
        if cmd_name in nouns():
            return NounGroup(cmd_name, nouns()[cmd_name])
        if cmd_name in GROUPS:
            return OldGroup(cmd_name)
        if (new := NEW_NAMES.get(cmd_name)) is not None:
            raise click.UsageError(f"neuronkb {cmd_name} is now neuronkb {new}", ctx)
        raise click.UsageError(f"No such command {cmd_name!r}{near(cmd_name, self.list_commands(ctx))}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What one asks every day, then what there is."""
        rows = {name: _by_hand(HAND[name]).get_short_help_str(90) for name in HAND if name not in _everyday()}
        if _everyday():
            with formatter.section("Everyday"):
                formatter.write_dl(list(_everyday().items()))
        with formatter.section("By what it is about (neuronkb NOUN --help has the verbs)"):
            formatter.write_dl(sorted({**nouns(), **rows}.items()))


class NounGroup(click.Group):
    """The verbs of one noun. Its module is imported when one of them is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As they are written."""
        return list(dict.fromkeys((*self._verbs(), *HAND_VERBS.get(str(self.name), {}))))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a verb."""
        known, hand = self._verbs(), HAND_VERBS.get(str(self.name), {})
        if cmd_name in hand:
            return _by_hand(hand[cmd_name])
        if cmd_name not in known:
            name = f"{self.name} {cmd_name}"
            if (new := NEW_NAMES.get(name)) is not None:
                raise click.UsageError(f"neuronkb {name} is now neuronkb {new}", ctx)
            raise click.UsageError(f"{self.name} has no verb {cmd_name!r}{near(cmd_name, list(known))}", ctx)
        return VerbCommand(known[cmd_name])

    def _verbs(self) -> dict[str, Verb]:
        return verbs(noun_class(str(self.name)), str(self.name))

    def __init__(self, name: str, line: str) -> None:
        super().__init__(name, help=line)

    def get_help(self, ctx: click.Context) -> str:
        """With all that the noun says of itself."""
        self.help = inspect.getdoc(noun_class(str(self.name)))
        return super().get_help(ctx)


class OldGroup(click.Group):
    """What was a group once: each of its commands is answered with the new one's name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The old commands."""
        return [name.partition(" ")[2] for name in NEW_NAMES if name.startswith(f"{self.name} ")]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Never one: raises UsageError with the new name."""
        news = {NEW_NAMES[name] for name in NEW_NAMES if name.startswith(f"{self.name} ")}
        new = NEW_NAMES.get(f"{self.name} {cmd_name}")
        now = f"neuronkb {new}" if new else " or ".join(sorted(f"neuronkb {name}" for name in news))
        raise click.UsageError(f"neuronkb {self.name} {cmd_name} is now {now}", ctx)


def _by_hand(module: str) -> click.Command:
    command: click.Command = import_module(f".{module}", __package__).command
    return command


@cache
def _everyday() -> dict[str, str]:
    """Verbs of the knowledge base itself with their first lines, read without importing it."""
    return everyday()


def _traceback(error: BaseException) -> str:
    """Where it went wrong, without the keys that a library's own error may tell."""
    from ...schema.secrets import hidden

    return hidden("".join(traceback.format_exception(error)))


def _line(error: BaseException) -> str:
    """An error as one line that says what to do."""
    return " ".join(_said(error).split("\n"))


def _said(error: BaseException) -> str:
    from ...schema.errors import NeuronKBError
    from ...schema.secrets import hidden

    if isinstance(error, NeuronKBError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; what was finished is kept, run the same command again to go on"
    if isinstance(error, MemoryError):
        return "out of memory; use a smaller --heap or fewer --layers at a time"
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"the disk is full ({error.filename or 'while writing'}); free space and run the same command again"
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return f"{type(error).__name__}: {hidden(str(error))} (a defect; --debug shows where)"


# Colour: click would take escape sequences out in silence where it writes no colour; the guard shows them.
@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "color": True}
)
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@click.version_option(package_name="neuronkb", message="%(version)s")
def cli(debug: bool) -> None:
    """What the neurons of language models do, in a graph database.

    Decode a model's neurons, link a fine-tune to its base, and ask in Cypher. The store is a local folder
    (./.neuronkb where it exists, else your data directory) or a Neo4j server: --store or NEURONKB_STORE.
    """


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        # Token texts are Unicode whatever the terminal's locale says.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    install()
    cli(prog_name="neuronkb")

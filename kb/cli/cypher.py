"""neuronkb cypher: the one everyday verb that also reads a file or standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ..knowledge_base import KnowledgeBase
from ..verb import Verb
from .command import VerbCommand
from .listed import text_of


class CypherCommand(VerbCommand):
    """The command of the verb, whose Cypher may stand in a file or on standard input."""

    def __init__(self) -> None:
        super().__init__(Verb("", KnowledgeBase.cypher))
        text = next(param for param in self.params if param.name == "text")
        text.required = False
        self.params.insert(
            1,
            click.Option(
                ["--file"],
                type=click.Path(path_type=Path, dir_okay=False),
                expose_value=True,
                help="Read the Cypher from a file; without one, and without TEXT, from standard input.",
            ),
        )

    def invoke(self, ctx: click.Context) -> Any:
        """With the Cypher wherever it stands. Raises UsageError where it stands twice."""
        file, text = ctx.params.pop("file"), ctx.params["text"]
        if text is not None and file is not None:
            raise click.UsageError("give the Cypher as an argument or by --file, not both")
        if file is not None:
            text = text_of(file)
        ctx.params["text"] = sys.stdin.read() if text in (None, "-") else text
        ctx.set_parameter_source("text", click.core.ParameterSource.COMMANDLINE)
        return super().invoke(ctx)


command = CypherCommand()

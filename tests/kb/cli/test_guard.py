"""The guard of standard output and error."""

from __future__ import annotations

import io
import sys

import click
import pytest
from neuronkb.kb.cli import guard, output
from neuronkb.kb.cli.guard import Guard, bare, guarded
from rich.console import Console
from rich.table import Table

BAD = "\x1b]0;t\x07\x9b1m\u202e"
SEEN = "<U+001B>]0;t<U+0007><U+009B>1m<U+202E>"


@pytest.mark.parametrize("stream", ["out", "err"])
def test_whatever_writes_is_marked(stream: str, capsys: pytest.CaptureFixture[str]) -> None:
    with guarded():
        to = getattr(sys, f"std{stream}")
        print(BAD, file=to)
        click.echo(BAD, err=stream == "err", color=True)
        to.writelines([BAD, "\n"])
        Console(file=to, force_terminal=True, color_system="standard").print(
            "bold", style="bold"
        )  # another's console is not trusted
    shown = getattr(capsys.readouterr(), stream)
    assert shown == f"{SEEN}\n" * 3 + "<U+001B>[1mbold<U+001B>[0m\n"


def test_it_goes_away_with_what_it_was_laid_for() -> None:
    before = sys.stdout, sys.stderr
    with guarded():
        inside = sys.stdout
        with guarded():
            assert sys.stdout is inside
        assert sys.stdout is inside
        assert bare(sys.stdout) is before[0]
        with guard.unguarded_output():
            assert sys.stdout is before[0]
    assert (sys.stdout, sys.stderr) == before


def test_bytes_cannot_go_round_it() -> None:
    stream = Guard(io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert not hasattr(stream, "buffer")
    assert stream.encoding == "utf-8"
    with pytest.raises(TypeError, match="expected str"):
        stream.write(b"x")  # type: ignore[arg-type]


def test_a_terminal_that_is_not_unicode_still_gets_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, "ascii", errors="backslashreplace"))
    with guarded():
        click.echo(f"é{BAD}")
        click.echo(output.json_text("é😀\u202e"))
    sys.stdout.flush()
    assert held.getvalue().decode("ascii").splitlines() == [f"\\xe9{SEEN}", r'"\u00e9\ud83d\ude00\u202e"']


def test_rich_draws_in_colour_and_texts_have_no_power(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    held = io.StringIO()
    monkeypatch.setattr(sys, "stdout", held)
    table = Table(BAD)
    table.add_row(f"[red]x[/red] :eye: {BAD}")
    with guarded():
        screen = output.console()
        screen.print("plain", style="bold red", end="\n")
        screen.print(f"[red]{BAD}[/red] [/nothing]", markup=True)
        screen.print(table)
        screen.rule(BAD)
    shown = held.getvalue()
    assert "\x1b[1;31mplain\x1b[0m" in shown
    assert f"[red]{SEEN}[/red] [/nothing]" in shown
    assert f"[red]x[/red] :eye: {SEEN}" in shown
    assert not {"\x07", "\x9b", "\u202e"} & {*shown}
    assert "\x1b]" not in shown


def test_a_cell_is_as_wide_as_its_marks() -> None:
    wide = output.table(["x"], [[BAD], ["y" * len(SEEN)]])
    held = io.StringIO()
    Console(file=held, width=80).print(wide)
    assert [len(line) for line in held.getvalue().splitlines() if SEEN in line or "y" in line] == [len(SEEN) + 2] * 2

"""Neurons that a person names: of the model in hand, and in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...queries import query
from ...queries.answers.known import known_neuron
from ...schema import IdError, ModelError, NeuronId, NeuronKBError
from ...schema.outside import Unreadable, read_lines
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.subject.subject import Subject

Given = str | Path | Sequence[str | Path | tuple[int, int]]
"""Ids, files with one neuron a line, or pairs of layer and index; or one of these."""
MOST = 64 * 2**20
"""Bytes of such a file."""
LONGEST = 4096
"""Characters of a path, by what systems allow."""
_PAIR = re.compile(r"([0-9]{1,9})[\s_,]+([0-9]{1,9})")


def named_neuron(text: str, name: str, model: str) -> NeuronId:
    """An id in any form NeuronId.parse reads, with or without the model's name; or layer and index, as in `3 17`."""
    if pair := _PAIR.fullmatch(text.strip()):
        return NeuronId(name, int(pair[1]), int(pair[2]))
    for full in (text, f"{name}/{text.strip()}"):
        try:
            found = NeuronId.parse(full, name)
        except IdError:
            continue
        if found.model not in (name, model):
            raise IdError(f"neuron {text!r} is of the model {found.model!r}, not of {name!r}; give one of its neurons")
        return replace(found, model=name)
    raise IdError(f"{text!r} is not a neuron id; expected L3/N17, MODEL/L3/N17 or blocks.3.mlp.hook_post/17")


def own_neuron(text: str, subject: Subject, model: str) -> NeuronId:
    """The same, of `subject`, asked for as `model`. Raises IdError for another model's, ModelError for none of its."""
    found = named_neuron(text, subject.name, model)
    _check(found, subject)
    return found


def own_neurons(given: Given, subject: Subject, model: str) -> list[tuple[int, int]]:
    """Layers and indices of the neurons named. Raises IdError and ModelError, which name a file's line."""
    named = []
    for place, neuron in spread(given):
        if place is not None and isinstance(neuron, str):
            named.append(_at(place, neuron, subject, model))
            continue
        known = own_neuron(neuron, subject, model) if isinstance(neuron, str) else NeuronId(subject.name, *neuron)
        _check(known, subject)
        named.append((known.layer, known.index))
    return named


def spread(given: Given) -> Iterator[tuple[str | None, str | tuple[int, int]]]:
    """Each neuron that is named, those of a file with their places in it."""
    for name in [given] if isinstance(given, str | Path) else given:
        if isinstance(name, Path):
            yield from lines(name)
        elif isinstance(name, str) and len(name) <= LONGEST and Path(name).is_file():
            yield from lines(Path(name))
        else:
            yield None, name


def in_model(store: Store, neuron: NeuronId) -> None:
    """Raise QueryError for a neuron that is not in the store, unless it is in its model and may have been left out."""
    row = {row["model"]: row for row in query("models").run(store).dicts()}.get(neuron.model, {})
    if neuron.layer >= (row.get("layers") or 0) or neuron.index >= (row.get("d_mlp") or 0):
        known_neuron(store, neuron)


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """Place and text of a file's lines; `#` begins a comment. Raises ModelError for a file without any."""
    try:
        texts = read_lines(path, MOST)
    except (OSError, Unreadable) as error:
        raise ModelError(f"{path}: the list of neurons cannot be read ({error}); give one id a line") from None
    found = [(f"{path}:{at}", name) for at, line in enumerate(texts, 1) if (name := line.partition("#")[0].strip())]
    if not found:
        raise ModelError(f"{path}: no neuron in it; give one id a line")
    yield from found


def _at(where: str, name: str, subject: Subject, model: str) -> tuple[int, int]:
    try:
        found = own_neuron(name, subject, model)
    except NeuronKBError as error:
        raise type(error)(f"{where}: {error}") from None
    return found.layer, found.index


def _check(neuron: NeuronId, subject: Subject) -> None:
    built = subject.architecture
    if built.mixture is not None or neuron.expert is not None:
        width = built.mlp(neuron.layer, neuron.expert).d_mlp
        if neuron.index >= width:
            raise ModelError(f"no neuron {str(neuron)!r}: {neuron.mlp} has neurons 0 to {width - 1}")
        return
    if not (0 <= neuron.layer < built.n_layers and 0 <= neuron.index < built.d_mlp):
        raise ModelError(
            f"no neuron {str(neuron)!r}: the model has layers 0 to {built.n_layers - 1} and neurons 0 to "
            f"{built.d_mlp - 1}"
        )

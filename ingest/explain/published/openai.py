"""Reads the files of OpenAI's neuron explainer (Bills et al. 2023) and those others wrote in its shapes.

A file a neuron, `{layer}/{neuron}.json` or `.jsonl`; or one `{"id": [layer, neuron, explanation, score]}` for many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....schema import NeuronId, PublishedError
from ....schema.outside import whole_characters
from ..records import Explanation, Score, Unit
from .documents import json_document, json_lines
from .fields import Row, Unfit, items, mapping, number, numbers, text, tokens, whole
from .files import chunks, found_files
from .items import Dictionary, Given, Item, Part, Statistics, window
from .openai_scores import TOP, correlation, simulation_scores
from .predictors import predictor
from .ranges import possible
from .tally import Tally

BANDS = ("0-0.5", "0.5-0.9", "0.9-0.99", "0.99-0.999", "0.999-1")
"""Of `random_sample_by_quantile`; the public files have four or all five."""
QUANTILES = (0.5, 0.9, 0.99, 0.999)
"""Of `quantile_boundaries`, without both ends."""
_PLACE = re.compile(r"[0-9]{1,5}")


@dataclass
class OpenAIReader:
    """Neurons alone: the files name no model, and no explainer."""

    given: Given
    dictionaries: dict[str, Dictionary] = field(default_factory=dict)

    def parts(self, paths: Collection[Path], tally: Tally) -> list[Part]:
        """Some hundreds of files each."""
        if self.given.model is None:
            raise PublishedError("OpenAI's files name no model; say which is meant with --model, such as gpt2-xl")
        model = self.given.model
        return [
            Part(model, tuple(files), folder)
            for folder, names in found_files(paths, (".json", ".jsonl", ".json.gz", ".jsonl.gz"))
            for files in chunks(names)
        ]

    def items(self, part: Part, tally: Tally) -> Iterator[Item]:
        """A file that cannot be read is counted with its fault: there is one a neuron, and the sets have holes."""
        for file in part.files:
            try:
                values = list(_values(file))
            except PublishedError as error:
                tally.fail("files", "a file that cannot be read", str(error))
                continue
            tally.keep("files")
            for where, value in values:
                yield from self._value(file, where, value, tally)

    def _value(self, file: Path, where: str, value: Any, tally: Tally) -> Iterator[Item]:
        if not isinstance(value, dict):
            tally.skip("rows", "no JSON object", f"{where}: no JSON object")
            return
        for names, read in _SHAPES:
            if names <= value.keys():
                with tally.unfit("rows", where):
                    unit = self._unit(file, value)
                    self.given.fits(unit, where)
                    yield from read(_Place(unit, where, self.given, tally), value)
                return
        if _is_list_of_ids(value):
            yield from self._ids(where, value, tally)
        elif value and all(isinstance(each, dict) and "false_explanations" in each for each in value.values()):
            tally.skip("rows", "a puzzle, which is of no neuron", n=len(value))
        else:
            tally.skip("rows", "an object of no known shape", f"{where}: an object of no known shape")

    def _unit(self, file: Path, value: Row) -> NeuronId:
        """From the object, else from the file's place `{layer}/{neuron}.json`."""
        model = self.given.model or ""
        own = value.get("neuron_id")
        if own is not None:
            place = mapping(own, "neuron_id")
            return NeuronId(model, whole(place, "layer_index"), whole(place, "neuron_index"))
        layer, index = file.parent.name, file.name.partition(".")[0]
        if not (_PLACE.fullmatch(layer) and _PLACE.fullmatch(index)):
            raise Unfit("no neuron_id, and its place is no {layer}/{neuron}.json")
        return NeuronId(model, int(layer), int(index))

    def _ids(self, where: str, value: Row, tally: Tally) -> Iterator[Item]:
        for name, row in value.items():
            with tally.unfit("explanations", f"{where}: {whole_characters(name)!r}"):
                if not isinstance(row, list) or len(row) != 4:
                    raise Unfit("no [layer, neuron, explanation, score]")
                cells = dict(zip(("layer", "neuron", "explanation", "score"), row, strict=True))
                unit = NeuronId(self.given.model or "", whole(cells, "layer"), whole(cells, "neuron"))
                self.given.fits(unit, where)
                scores = (correlation(number(cells, "score")),) if cells["score"] is not None else ()
                place = _Place(unit, where, self.given, tally)
                yield from _explained(place, text(cells, "explanation"), scores)


@dataclass(frozen=True)
class _Place:
    """Whose values are read, from where."""

    unit: Unit
    where: str
    given: Given
    tally: Tally


def _values(file: Path) -> Iterator[tuple[str, Any]]:
    """Each value with its file and line."""
    if ".jsonl" in file.name:
        yield from ((f"{file}:{line}", value) for line, value in json_lines(file))
        return
    whole_file = json_document(file)
    yield from ((str(file), value) for value in (whole_file if isinstance(whole_file, list) else [whole_file]))


def _is_list_of_ids(value: Row) -> bool:
    return bool(value) and all(isinstance(each, list) for each in value.values())


def _explained(place: _Place, said: str | None, scores: Iterable[Score]) -> Iterator[Item]:
    if (own := place.tally.sentence(said, place.where)) is None:
        return
    kept = tuple(possible(scores, place.where, place.tally))
    yield Explanation(place.unit, own, place.given.explainer, method="token_activations", scores=kept)


def _simulation_results(place: _Place, value: Row) -> Iterator[Item]:
    """NeuronSimulationResults: explanations, each with its scored simulation."""
    for number_, each in enumerate(items(value, "scored_explanations")):
        with place.tally.unfit("explanations", f"{place.where}: explanation {number_}"):
            row = mapping(each, "scored explanation")
            scored = row.get("scored_simulation")
            simulation = {} if scored is None else mapping(scored, "scored_simulation")
            yield from _explained(place, text(row, "explanation"), simulation_scores(simulation))
            yield from _sequences(place, simulation)


def _sequences(place: _Place, simulation: Row) -> Iterator[Item]:
    """The windows it was scored on: the first five are the strongest, the others random."""
    for number_, each in enumerate(items(simulation, "scored_sequence_simulations")):
        with place.tally.unfit("windows", f"{place.where}: sequence {number_}"):
            row = mapping(each, "scored sequence")
            own = mapping(row.get("simulation"), "simulation")
            band = "top" if number_ < TOP else "random"
            yield window(place.unit, tokens(own, "tokens"), numbers(row, "true_activations"), band, None)


def _neuron_record(place: _Place, value: Row) -> Iterator[Item]:
    """NeuronRecord: windows of each kind and moments. Kurtosis is left: the files do not say whether 3 is taken off."""
    bounds = numbers(value, "quantile_boundaries")[1:-1]
    moments = {name: number(value, name) for name in ("mean", "skewness")}
    variance = number(value, "variance")
    facts: dict[str, float | list[float] | None] = {
        **moments,
        "std": None if variance is None or variance < 0 else variance**0.5,
        "quantiles": list(bounds) if len(bounds) == len(QUANTILES) and all(b == b for b in bounds) else None,
    }
    if any(fact is not None for fact in facts.values()):
        yield Statistics(place.unit, facts)
    yield from _records(place, items(value, "most_positive_activation_records"), "top")
    for band, found in zip(BANDS, items(value, "random_sample_by_quantile"), strict=False):
        yield from _records(place, found if isinstance(found, list) else [], band)
    yield from _records(place, items(value, "random_sample"), "random")


def _records(place: _Place, found: list[Any], band: str) -> Iterator[Item]:
    for number_, each in enumerate(found):
        with place.tally.unfit("windows", f"{place.where}: {band} window {number_}"):
            row = mapping(each, "window")
            yield window(place.unit, tokens(row, "tokens"), numbers(row, "activations"), band, None)


def _token_table(place: _Place, value: Row) -> Iterator[Item]:
    """TokenLookupTableSummaryOfNeuron: tokens by the neuron's mean activation on them."""
    yield from _predictor(place, "token_table", 1, tokens(value, "tokens"), numbers(value, "average_activations"))


def _weight_summary(place: _Place, value: Row) -> Iterator[Item]:
    """WeightBasedSummaryOfNeuron: the tokens that its output raises and lowers; those of its input are left."""
    for name, pole in (("output_positive", 1), ("output_negative", -1)):
        with place.tally.unfit("explanations", f"{place.where}: {name}"):
            row = mapping(value.get(name), name)
            yield from _predictor(place, "decoded", pole, tokens(row, "tokens"), numbers(row, "strengths"))
    place.tally.skip("rows", "tokens of a neuron's input weights", n=2)


def _predictor(
    place: _Place, kind: Any, pole: int, found: tuple[str, ...], values: tuple[float, ...]
) -> Iterator[Item]:
    if not found:
        place.tally.skip("explanations", "a list of no tokens")
        return
    yield predictor(place.unit, kind, pole, found, values, "openai")


def _related(place: _Place, value: Row) -> Iterator[Item]:
    place.tally.skip("rows", "neurons related by weights")
    yield from ()


_SHAPES: tuple[tuple[set[str], Callable[[_Place, Row], Iterator[Item]]], ...] = (
    ({"most_positive_activation_records"}, _neuron_record),
    ({"scored_explanations"}, _simulation_results),
    ({"tokens", "average_activations"}, _token_table),
    ({"output_positive", "output_negative"}, _weight_summary),
    ({"c_fc", "c_proj"}, _related),
)
"""The names that tell an object, with or without its dataclass_name, and what reads it."""

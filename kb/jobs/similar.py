"""Neurons like one neuron: as matches stored them, else worked out now where that is cheap."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...queries import query
from ...queries.answers.probes import check_model
from ...queries.answers.similar import Neighbour, Neighbours, similar_neurons, with_tokens
from ...queries.catalogue.corpora import corpora
from ...schema import NeuronId, QueryError
from ..inputs.models import find_subject
from ..inputs.neurons import in_model
from ..place import Place
from ..stores.base import Store
from .match import compare

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...ingest.similar.measure import Measure
    from ...ingest.similar.near import Near
    from ...ingest.similar.search import Nearest

GRAPHS = ("deepdecipher", "n2g_overlap", "n2g_subset", "graph_paths")
"""Measures of graphs, of which the first is shown as `graph`."""
COMPUTED = ("weights", "vocabulary", "tokens")
"""Measures of which one neuron's row is cheap: one pass over the other model's weights, or over its decoded tokens."""


def similar(
    store: Store, place: Place, name: str, by: str | None, model: str | Path | None, top: int, device: str
) -> Neighbours:
    """The work of `kb.similar.show`."""
    neuron = NeuronId.parse(name)
    hits = _stored_or_computed(store, place, neuron, by, model, top, device)
    read = corpora(store) if any(hit.run for hit in hits) else {}
    named = {hit.run: read[hit.run] for hit in hits if hit.run in read}
    return Neighbours(str(neuron), with_tokens(store, hits), named)


def _stored_or_computed(
    store: Store, place: Place, neuron: NeuronId, by: str | None, model: str | Path | None, top: int, device: str
) -> list[Neighbour]:
    measure = GRAPHS[0] if by == "graph" else by
    stored = similar_neurons(store, str(neuron), by=measure, model=None if model is None else str(model), top=top)
    if by is None:
        stored = _matched(store, neuron.model, stored)
    if stored and not (by == "graph" and _few(store, neuron.model, stored, top)):
        return stored
    check_model(store, neuron.model)
    in_model(store, neuron)
    if by in (None, *COMPUTED):
        return _computed(store, place, neuron, by or "weights", model or neuron.model, top, device)
    if by in ("explanation", "graph"):
        work = _explained if by == "explanation" else _graphed
        return work(store, neuron, str(model or neuron.model), top)
    raise QueryError(
        f"no neighbours of {str(neuron)!r} by {by} are stored; run: neuronkb similar match {neuron.model} "
        f"{model or 'OTHER'} --by {by} --corpus TEXTS"
    )


def _matched(store: Store, model: str, stored: list[Neighbour]) -> list[Neighbour]:
    """Without those by graphs, unless these are all there is and, the model being imported, no weights are known."""
    others = [each for each in stored if each.measure not in GRAPHS]
    weights = {row["model"]: row["weights"] for row in query("models").run(store).dicts()}
    return others if others or weights.get(model) not in (None, "unverified") else stored


def _few(store: Store, model: str, stored: list[Neighbour], top: int) -> bool:
    """Whether they may be too few: a run over some neurons compares only these; what was imported is as it is."""
    jobs = {row["run"]: row["job"] for row in query("runs").run(store, model=model).dicts()}
    return len(stored) < top and any(jobs.get(each.run) == "n2g" for each in stored)


def _computed(
    store: Store, place: Place, neuron: NeuronId, by: str, model: str | Path, top: int, device: str
) -> list[Neighbour]:
    """One neuron against all of a model, itself left out, beside one control."""
    from ...ingest.similar.search import Search
    from ...ingest.similar.settings import Settings

    chosen = Settings.of({"by": by, "k": top, "device": device})
    one = find_subject(store, neuron.model)
    two = one if str(model) == neuron.model else find_subject(store, model)
    n_layers, width = one.architecture.n_layers, one.architecture.d_mlp
    if neuron.layer >= n_layers or neuron.index >= width:
        raise QueryError(
            f"no neuron {str(neuron)!r}: {neuron.model} has layers 0-{n_layers - 1} and neurons 0-{width - 1}"
        )
    measure = compare(store, place, one, two, chosen).measure
    search = Search(measure, top, 1, both=False)
    found = search.layer(neuron.layer, slice(neuron.index, neuron.index + 1))
    return _neighbours(found, neuron, measure, by)


def _explained(store: Store, neuron: NeuronId, model: str, top: int) -> list[Neighbour]:
    """By the stored embeddings of explanations that one embedder made."""
    import numpy as np

    from ...ingest.similar.explanation import nearest_explained

    vectors = query("explanation_vectors")
    mine = vectors.run(store, model=neuron.model, neuron=str(neuron), timeout=None).rows
    if not mine:
        raise QueryError(
            f"{str(neuron)!r} has no explanation with an embedding; run: neuronkb explanations ingest {neuron.model}"
        )
    embedder = mine[0][1]
    rows = vectors.run(store, model=model, neuron=None, timeout=None).rows
    theirs = [(name, vector) for name, by, vector in rows if by == embedder and name != str(neuron)]
    if not theirs:
        raise QueryError(f"no other neuron of {model!r} has an explanation that {embedder!r} embedded")
    names, owners = _numbered([name for name, _ in theirs])
    own = np.array([vector for _, by, vector in mine if by == embedder], np.float64)
    other = np.array([vector for _, vector in theirs], np.float64)
    return _listed(nearest_explained(own, other, owners, top), names, model, "explanation")


def _graphed(store: Store, neuron: NeuronId, model: str, top: int) -> list[Neighbour]:
    """By the words of the stored N2G graphs."""
    from ...ingest.similar.graphs import nearest_graphs

    mine = _words(store, neuron.model, str(neuron))
    if not mine:
        raise QueryError(f"{str(neuron)!r} has no N2G graph with words; run: neuronkb n2g ingest {neuron.model}")
    theirs = {key: words for key, words in _words(store, model, None).items() if key[0] != str(neuron)}
    if not theirs:
        raise QueryError(f"no other neuron of {model!r} has an N2G graph; run: neuronkb n2g ingest {model}")
    names, owners = _numbered([name for name, *_ in theirs])
    found = nearest_graphs(list(mine.values()), list(theirs.values()), owners, top)
    return _listed(found, names, model, "graph")


def _words(store: Store, model: str, neuron: str | None) -> dict[tuple[str, int, str], tuple[list[str], list[str]]]:
    """(neuron, pole, run) -> words that its graph fires on, and words of context."""
    found: dict[tuple[str, int, str], tuple[list[str], list[str]]] = {}
    for name, pole, run, context, words in query("graph_words").run(store, model=model, neuron=neuron, timeout=None):
        found.setdefault((name, pole, run), ([], []))[context].extend(words)
    return found


def _numbered(names: list[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct names in order, and the number of each."""
    import numpy as np

    distinct = sorted(set(names))
    number = {name: place for place, name in enumerate(distinct)}
    return distinct, np.array([number[name] for name in names], np.int64)


def _listed(found: tuple[list[Near], float], names: list[str], model: str, by: str) -> list[Neighbour]:
    near, control = found
    return [Neighbour(by, names[each.owner], model, each.score, place + 1, control) for place, each in enumerate(near)]


def _neighbours(found: Nearest, neuron: NeuronId, measure: Measure, by: str) -> list[Neighbour]:
    import torch

    control = float(found.null[0, 0])
    listed = []
    for place in range(found.layers.shape[1]):
        layer, index = int(found.layers[0, place]), int(found.indices[0, place])
        if layer < 0:
            break
        pair = torch.tensor([neuron.index]), torch.tensor([index])
        more = measure.more(neuron.layer, pair[0].to(measure.device), layer, pair[1].to(measure.device))
        name = str(NeuronId(measure.two.model, layer, index))
        jaccard = float(more["jaccard"][0]) if "jaccard" in more else None
        listed.append(
            Neighbour(by, name, measure.two.model, float(found.scores[0, place]), place + 1, control, jaccard)
        )
    return listed

"""What a fine-tune did: hand-worked numbers on hand-made evidence, brute force on planted models, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import comb
from pathlib import Path
from typing import Any

import pytest
from neuronkb.kb.cli.emit import Sink, written
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.local import stop
from neuronkb.queries.answers.tuned import TuneReport
from neuronkb.queries.result.picture import HeatMap
from neuronkb.schema import LinkError
from neuronkb.tests import planted

from tests import everything
from tests.drawn import check_doors, terminal
from tests.everything import BASE, EARLY, MONTHS, OTHER, TUNED, TUNED_MONTHS
from tests.filled import Filling

LOST, MOVED = (6, 14), {3: 20, 9: 17}
"""Of layer 1: overwritten ones, and ones that moved over others."""
GONE = {*LOST, *MOVED, *MOVED.values()}


@pytest.fixture
def by_hand(local_filling: Filling, tmp_path: Path) -> KnowledgeBase:
    """The evidence of tests/everything.py, files beside a store of its own."""
    return KnowledgeBase(local_filling.holding(everything.load), str(tmp_path))


@pytest.fixture(scope="module")
def planted_kb(planted_models: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    """A base with a fine-tune of which some neurons were overwritten and a copy in another order, read on one text."""
    folder = tmp_path_factory.mktemp("tuned")
    planted.overwritten(planted_models[0], folder / "chat", 1, LOST, MOVED)
    places = planted.permuted(planted_models[0], folder / "shuffled")
    (folder / "places.json").write_text(json.dumps(places))
    words = [*planted.MONTHS, *planted.WEEKDAYS, *planted.FILLER]
    lines = (json.dumps({"text": " ".join(words[start:] + words[:start])}) for start in range(0, 160, 8))
    (folder / "texts.jsonl").write_text("\n".join(lines))
    with KnowledgeBase.open(folder / "store") as kb:
        kb.lm_head.ingest(planted_models[0])
        for name in ("chat", "shuffled"):
            kb.lm_head.ingest(folder / name)
            kb.links.make("base", name, corpus=[folder / "texts.jsonl"], positions=2000)
        yield kb
    stop(folder / "store")


def folder_of(kb: KnowledgeBase) -> Path:
    return Path(kb.where).parent


def test_by_hand(by_hand: KnowledgeBase) -> None:
    found = by_hand.links.report(BASE, TUNED)
    assert {(row.layer, row.projection): row.cosine for row in found.layers} == {
        (9, p): pytest.approx(0.745) for p in ("gate", "up", "down")
    }
    # Of four sides the two below 0 say nothing of their top token.
    assert {row.projection: row.same_top for row in found.layers} == {"gate": 0, "up": 0, "down": 0.5}
    assert [row.null for row in found.layers] == [None] * 3
    assert [(low.counts.base, low.counts.tuned, low.counts.r) for low in found.lowest] == [
        (MONTHS, TUNED_MONTHS, 0.5),
        (OTHER, f"{TUNED}/L9/N189", 0.99),
    ]
    # June: N188 twice and N189 in the base, N188 once in the fine-tune. Dog is as often in both.
    assert [(word.concept, word.word, word.base, word.tuned, word.base_chance) for word in found.words] == [
        ("months", "july", 1, 0, None),
        ("months", "june", 3, 1, None),
    ]
    assert found.looked == 3
    assert [(one.finding, one.verdict) for one in found.carried] == [("f0", "weakened")]
    (waiting,) = found.waiting
    assert (waiting.finding, waiting.source, waiting.verdict) == ("f1", OTHER, "holds")
    assert "same text 0.99" in waiting.reason
    assert found.counts == {"not carried": 1, "weakened": 1}
    assert {(one.evidence, one.model) for one in found.missing} >= {("n2g", TUNED), ("activations", TUNED)}
    shares = found.sections()[0].picture
    assert isinstance(shares, HeatMap)
    assert (shares.rows, shares.columns) == (
        ("layer 9",),
        ("gate", "gate null", "up", "up null", "down", "down null"),
    )
    assert shares.values == ((0.0, None, 0.0, None, 0.5, None),)
    assert shares.notes[0][0] == "2 of 2 rows changed"
    check_doors(found)
    assert f"neuronkb findings carry {BASE} {TUNED}" in " ".join(terminal(found, 4000).split())


def test_layers_of_one_model_alone_say_nothing_of_words(by_hand: KnowledgeBase) -> None:
    """The base may be decoded in more layers than its fine-tune."""
    before = by_hand.links.report(BASE, TUNED).words
    june = "MATCH (:Term {id: 'june'})<-[:SPELLS]-(t:Token)<-[d:DECODES_TO {run: 'lm-head-1'}]-() "
    added = "CREATE (n)-[:DECODES_TO {run: 'lm-head-1', projection: 'up', pole: 1, rank: 1}]->(t)"
    by_hand.db.write(f"{june} WITH DISTINCT t MATCH (n:Neuron {{id: $id}}) {added}", {"id": EARLY})
    by_hand.db.write("MATCH (r:Run {id: 'lm-head-1'}) SET r.ended = '2999-01-01T00:00:00'")
    assert by_hand.links.report(BASE, TUNED).words == before


def test_without_a_text_its_command_is_named(by_hand: KnowledgeBase) -> None:
    by_hand.db.write("MATCH (:Neuron)-[c:COUNTERPART]->(:Neuron) SET c.activation_r = NULL")
    found = by_hand.links.report(BASE, TUNED)
    assert (found.drift, found.lowest) == ((), ())
    assert found.missing[0].command == f"neuronkb links make {BASE} {TUNED} --corpus TEXTS"
    with pytest.raises(LinkError, match=f"neuronkb links make {TUNED} {BASE}"):
        by_hand.links.report(TUNED, BASE)


def test_counts_are_kept_until_the_link_is_another(by_hand: KnowledgeBase) -> None:
    before = by_hand.links.report(BASE, TUNED)
    assert len(list(by_hand.session.place.summaries.glob("tuned-*.json"))) == 1
    by_hand.db.write("MATCH (:Neuron)-[c:COUNTERPART]->(:Neuron) DELETE c")  # no evidence comes or goes in this way
    after = by_hand.links.report(BASE, TUNED)
    assert (after.layers, after.lowest, after.made) == (before.layers, before.lowest, before.made)
    assert after.waiting[0].verdict == "untested"  # findings are judged by what is there now
    run = {"id": "link-2", "job": "link", "model": TUNED, "parameters": "{}", "started": "2026-03-01"}
    edge = {"start": TUNED, "end": BASE, "run": "link-2", "mean_cosine": 1.0}
    everything.load(by_hand.db, {"Run": [run], "Model.FINE_TUNED_FROM.Model": [edge]})
    newer = by_hand.links.report(BASE, TUNED)
    assert (newer.run, newer.layers, newer.words) == ("link-2", (), ())


def test_where_no_file_can_be_counts_are_kept_in_memory(by_hand: KnowledgeBase) -> None:
    by_hand.session.place.summaries.write_text("no folder")
    before = by_hand.links.report(BASE, TUNED)
    by_hand.db.write("MATCH (:Neuron)-[c:COUNTERPART]->(:Neuron) DELETE c")
    assert by_hand.links.report(BASE, TUNED).layers == before.layers
    assert by_hand.session.place.summaries.is_file()


def test_a_damaged_file_is_made_anew(by_hand: KnowledgeBase) -> None:
    before = by_hand.links.report(BASE, TUNED)
    (file,) = by_hand.session.place.summaries.glob("tuned-*.json")
    file.write_text(file.read_text().replace("0.745", "0.746"))
    assert by_hand.links.report(BASE, TUNED).layers == before.layers


def test_overwritten_neurons_stand_out(planted_kb: KnowledgeBase) -> None:
    found = planted_kb.links.report("base", "chat")
    places = [low.counts.base for low in found.lowest]
    known = {
        neuron: (r, null)
        for neuron, r, null in planted_kb.cypher(
            "MATCH (n:Neuron)-[c:COUNTERPART]->(:Neuron {model: 'chat'}) RETURN n.id, c.activation_r, c.null_r",
            timeout=None,
        ).rows
    }
    expected = sorted(
        (neuron for neuron, (r, null) in known.items() if r is not None and abs(null) < 0.3),
        key=lambda neuron: (known[neuron][0], neuron),
    )
    assert places == expected[:20]
    stable = {f"base/L1/N{i}" for i in GONE if abs(known[f"base/L1/N{i}"][1]) < 0.3}
    assert len(stable) >= 3
    assert set(places[: len(stable)]) == stable
    first, second = found.drift
    assert first.r > 0.999
    assert second.r < first.r


def test_in_a_permuted_copy_only_those_that_kept_their_place_correlate(planted_kb: KnowledgeBase) -> None:
    places = json.loads((folder_of(planted_kb) / "places.json").read_text())
    found = planted_kb.links.report("base", "shuffled")
    stayed = {f"base/L{layer}/N{i}" for layer, each in enumerate(places) for i, place in enumerate(each) if i == place}
    assert not stayed & {low.counts.base for low in found.lowest}
    assert all(low.counts.r < 0.9 for low in found.lowest)
    beside = planted_kb.neurons.beside(found.lowest[0].counts.base, model="shuffled")
    assert beside.same_text is not None
    assert beside.same_text.r == found.lowest[0].counts.r
    assert max(row.cosine for row in beside.rows) < 0.9


def test_shares_and_words_by_brute_force(planted_kb: KnowledgeBase) -> None:
    found = planted_kb.links.report("base", "chat")
    ends: dict[tuple[Any, ...], list[str]] = {}
    for model, place, projection, pole, text in planted_kb.cypher(
        "MATCH (n:Neuron)-[d:DECODES_TO]->(t:Token) WHERE n.model IN ['base', 'chat'] "
        "RETURN n.model, n.layer + '/' + n.index, d.projection, d.pole, t.text ORDER BY d.rank",
        limit=None,
        timeout=None,
    ).rows:
        ends.setdefault((model, place, projection, pole), []).append(text.strip())
    down = next(row for row in found.layers if (row.layer, row.projection) == (1, "down"))
    same = [
        tokens[0] == ends["chat", *end][0]
        for (model, *end), tokens in ends.items()
        if model == "base" and end[0].startswith("1/") and end[1] == "down"
    ]
    assert down.same_top == pytest.approx(sum(same) / len(same))
    counts = {
        word: tuple(
            sum(word in tokens for (of, *_), tokens in ends.items() if of == model) for model in ("base", "chat")
        )
        for word in (*planted.MONTHS, *planted.WEEKDAYS)
    }
    assert {word.word: (word.base, word.tuned) for word in found.words} == {
        word: pair for word, pair in counts.items() if pair[0] != pair[1]
    }
    k = len(next(iter(ends.values())))
    ranked = json.loads(planted_kb.runs.list(job="lm-head", model="base").dicts()[0]["summary"])["ranked_tokens"]
    expected = 2 * 24 * 6 * (1 - comb(ranked - 1, k) / comb(ranked, k))
    assert found.words[0].base_chance == pytest.approx(expected)


def test_it_is_one_small_page(planted_kb: KnowledgeBase) -> None:
    found = planted_kb.links.report("base", "chat")
    page = written(found, Sink("html"))
    assert isinstance(page, str)
    assert len(page.encode()) < 5_000_000
    assert "<svg" in page
    assert TuneReport.__doc__

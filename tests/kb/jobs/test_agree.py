"""Agreement that is stored: equal to what is worked out, never older than its evidence, on both stores."""

from __future__ import annotations

from itertools import product
from math import log
from pathlib import Path

import pytest
from neuronkb.ingest.progress import silent
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load import runs
from neuronkb.kb.stores.base import Store
from neuronkb.queries.answers import agreed
from neuronkb.queries.answers.agree import AgreeReport, agreements
from neuronkb.queries.answers.agreed import AGREES, CONTRADICTS
from neuronkb.queries.answers.disagree import disagreements
from neuronkb.queries.statistics.adjusted import benjamini_hochberg
from neuronkb.schema import QueryError, StoreBusyError

from tests import everything
from tests.everything import BASE, MONTHS
from tests.filled import Filling, stamp
from tests.queries.answers.test_agree import SIZE, two_methods

MANY = "many"
NEWER = "activations-newer"
WORDED = "DECODES_TO|FIRES_ON_TOKEN"


@pytest.fixture
def kb(filling: Filling, tmp_path: Path) -> KnowledgeBase:
    """The evidence of tests/everything.py, and the model `many` of tests/queries/answers/test_agree.py."""
    return KnowledgeBase(filling.holding(both), str(tmp_path / "store"))


def both(store: Store) -> None:
    everything.load(store)
    everything.load(store, two_methods(MANY, shuffled=False))


def stored(kb: KnowledgeBase, model: str) -> dict[str, int]:
    """How many relationships of each kind start at neurons of a model."""
    text = "MATCH (n:Neuron {model: $model})-[a:AGREES_ON|CONTRADICTS_ON]->(:Term) RETURN type(a) AS kind, a.run"
    found = [row["kind"] for row in kb.cypher(text, model=model, limit=None).dicts()]
    return {kind: found.count(kind) for kind in (AGREES, CONTRADICTS)}


def newer(kb: KnowledgeBase) -> None:
    """Another corpus pass of `many`, in which every neuron fires on w300 alone."""
    run = {"id": NEWER, "job": "activations", "model": MANY}
    row = {"pole": 1, "mean": 1.0, "max": 2.0, "n": 3, "run": NEWER}
    fired = [{"start": f"{MANY}/L0/N{i}", "end": "k/T300", **row} for i in range(SIZE)]
    everything.load(kb.db, {"Run": [run], "Neuron.FIRES_ON_TOKEN.Token": fired})


@pytest.mark.long("neo4j")
@pytest.mark.parametrize("model", [BASE, MANY])
def test_what_is_stored_is_what_is_worked_out(kb: KnowledgeBase, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list(product(((), (9,) if model == BASE else (0,)), (None, 3, 5)))
    wanted = [agreements(kb.db, model, layers=layers, top=top) for layers, top in asked]
    kb.words.agree(model)
    assert kb.words.disagree(model, f1=0.6) == disagreements(kb.db, model, f1=0.6)
    kb.db.write(f"MATCH (:Neuron)-[r:{WORDED}]->() DELETE r")  # no evidence comes or goes in this way
    assert agreements(kb.db, model) != wanted[2]
    for first in (agreed.FIRST, 1):
        monkeypatch.setattr(agreed, "FIRST", first)
        assert [kb.words.agree(model, layers=layers, top=top) for layers, top in asked] == wanted


def test_every_number_is_that_of_all_pairs_of_neurons(kb: KnowledgeBase) -> None:
    """One by one, from rows of the store: scores, p over all pairs of different neurons on a side, q over all sides."""
    expected = by_hand(kb)
    found = {(one.neuron, one.pole): one for one in kb.words.agree(MANY, top=None).agreements}
    q = dict(zip(expected, benjamini_hochberg([p for _, p in expected.values()]), strict=True))
    assert found.keys() == {side for side, (score, _) in expected.items() if score}
    for side, one in found.items():
        assert one.score == pytest.approx(expected[side][0], abs=1e-3)
        assert (one.p, one.q) == pytest.approx((expected[side][1], q[side]))
    rows = kb.cypher(f"MATCH (n:Neuron {{model: '{MANY}'}})-[a:AGREES_ON]->(w) RETURN n.id, a.pole, a.p, a.q, w.id")
    assert {(name, pole): (p, q) for name, pole, p, q, _ in rows} == {s: (one.p, one.q) for s, one in found.items()}
    assert {row[4] for row in rows} == {word for one in found.values() for word in one.words}


def by_hand(kb: KnowledgeBase) -> dict[tuple[str, int], tuple[float, float]]:
    """Score and p of each side of which both methods of `many` speak."""
    decoded, fired = (
        words_by_side(
            kb, f"MATCH (n:Neuron {{model: '{MANY}'}})-[r:{kind}]->()-[:SPELLS]->(w) RETURN n.id, r.pole, w.id"
        )
        for kind in ("DECODES_TO", "FIRES_ON_TOKEN")
    )
    named = [{word for side, words in said.items() for word in words} for said in (decoded, fired)]
    counts = {
        word: max(sum(word in words for words in said.values()) for said in (decoded, fired))
        for word in named[0] | named[1]
    }
    weight = {word: round(1e4 * log(SIZE / count)) for word, count in counts.items()}

    def score(one: tuple[str, int], two: tuple[str, int]) -> int:
        return sum(weight[word] for word in decoded[one] & fired[two])

    others = [score(one, two) for one in decoded for two in fired if one[1] == two[1] and one[0] != two[0]]
    found = {}
    for side in sorted(decoded.keys() & fired.keys()):
        own = score(side, side)
        p = (1 + sum(other >= own for other in others)) / (1 + len(others)) if own else 1.0
        found[side] = (own / 1e4, p)
    return found


def words_by_side(kb: KnowledgeBase, cypher: str) -> dict[tuple[str, int], set[str]]:
    found: dict[tuple[str, int], set[str]] = {}
    for name, pole, word in kb.cypher(cypher, limit=None):
        found.setdefault((name, pole), set()).add(word)
    return found


def test_evidence_that_comes_or_goes_makes_it_anew(kb: KnowledgeBase) -> None:
    before = kb.words.agree(MANY)
    assert stored(kb, MANY)[AGREES] > 20
    newer(kb)
    after = kb.words.agree(MANY)
    assert after == agreements(kb.db, MANY)
    assert {one.words for one in after.agreements} == {("w300",)}
    assert stored(kb, MANY) == {AGREES: 1, CONTRADICTS: 0}
    assert [row["job"] for row in kb.runs.list(job="agree", model=MANY).dicts()] == ["agree"]
    runs.remove(kb.db, NEWER)
    # Cypher sees nothing old either.
    assert stored(kb, MANY) == {AGREES: 0, CONTRADICTS: 0}
    assert not kb.runs.list(job="agree", model=MANY).rows
    assert kb.words.agree(MANY) == before


def test_other_models_and_what_names_no_words_leave_it_as_it_is(kb: KnowledgeBase) -> None:
    kb.words.agree(MANY)
    kb.words.agree(BASE)
    runs.remove(kb.db, "clamp-1")
    before = stamp(kb.db)
    assert "clamp" not in kb.words.agree(BASE).agreements[0].methods
    assert kb.words.agree(BASE) == agreements(kb.db, BASE)
    kb.words.agree(MANY)
    assert stamp(kb.db) == before  # what is made again would be written


def test_a_run_that_is_not_finished_is_not_looked_at(kb: KnowledgeBase) -> None:
    whole = kb.words.agree(MANY)
    kb.db.write("MATCH (r:Run {job: 'agree', model: $model}) SET r.ended = NULL", {"model": MANY})
    kb.db.write("MATCH (:Neuron {id: $id})-[a:AGREES_ON]->() DELETE a", {"id": whole.agreements[0].neuron})
    ((run,),) = kb.cypher("MATCH (r:Run {job: 'agree', model: $model}) RETURN r.id", model=MANY)
    runs.remove(kb.db, run)
    assert kb.words.agree(MANY) == whole


def test_cut_off_between_layers_it_goes_on_with_the_rest(kb: KnowledgeBase) -> None:
    expected = agreements(kb.db, BASE)

    def cut(step: str, done: int, total: int) -> None:
        if (done, total) == (2, 3):
            raise KeyboardInterrupt

    kb.session.progress = cut
    with pytest.raises(KeyboardInterrupt):
        kb.words.agree(BASE)
    assert stored(kb, BASE) == {AGREES: 0, CONTRADICTS: 0}
    kb.session.progress = silent
    # Layers 8 and 9 are not read again.
    kb.db.write(f"MATCH (n:Neuron)-[r:{WORDED}]->() WHERE n.layer < 10 DELETE r")
    assert agreements(kb.db, BASE) != expected
    assert kb.words.agree(BASE) == expected
    assert expected.agreements[0].neuron == MONTHS


def test_evidence_that_comes_in_meanwhile_is_said(kb: KnowledgeBase) -> None:
    def meanwhile(step: str, done: int, total: int) -> None:
        if done == 0:
            newer(kb)

    kb.session.progress = meanwhile
    with pytest.raises(StoreBusyError, match="evidence comes in"):
        kb.words.agree(MANY)
    assert stored(kb, MANY) == {AGREES: 0, CONTRADICTS: 0}


def test_other_questions_store_nothing(kb: KnowledgeBase) -> None:
    assert isinstance(kb.words.agree(MANY, share=0.9), AgreeReport)
    kb.words.agree(MANY, layers=[0])
    kb.words.agree(MANY, runs=[f"lm-head-{MANY}"])
    assert not kb.runs.list(job="agree", model=MANY).rows
    with pytest.raises(QueryError, match="has neurons of layers 0 in the store only"):
        kb.words.agree(MANY, layers=[3])
    with pytest.raises(QueryError, match="no model 'manny'"):
        kb.words.agree("manny")


def test_a_session_that_stores_nothing_is_answered_all_the_same(kb: KnowledgeBase) -> None:
    kb.session.stores = False
    found = kb.words.agree(MANY)
    assert found == agreements(kb.db, MANY)
    other = kb.words.disagree(BASE, f1=0.6)
    assert other == disagreements(kb.db, BASE, f1=0.6)
    assert not any(kb.runs.list(job="agree", model=model).rows for model in (MANY, BASE))
    assert not kb.place.bundles.exists()
    kb.session.stores = True
    assert kb.words.agree(MANY) == found
    assert kb.runs.list(job="agree", model=MANY).rows

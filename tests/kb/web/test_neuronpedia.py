"""The route in Neuronpedia's shape: each field is the card's, nothing is made up, and our own reader takes it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("jinja2", reason="the web extra is not installed")
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.limits import Limits
from neuronkb.kb.stores.local import LocalStore
from neuronkb.kb.web.app import application
from neuronkb.kb.web.neuronpedia_rows import activation_row, bars, decoded
from neuronkb.queries import Activity
from neuronkb.tests.everything import BASE, DEAD, MONTHS, OTHER, TUNED_OTHER
from starlette.testclient import TestClient

from tests.ingest.explain.published.reading import Found, read, write
from tests.kb.web.conftest import filled

HERE = "http://127.0.0.1"
LATENT = f"{BASE}/9-res/4"
IN, OUT = ("9-mlp", 188), ("6-res-jb", 7)


@pytest.fixture(scope="module")
def client(plain: KnowledgeBase) -> TestClient:
    return TestClient(application(plain.session, mcp=False), base_url=HERE)


def asked(client: TestClient, at: str) -> dict[str, Any]:
    answer = client.get(f"/api/feature/{at}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("layer", ["9", "9-mlp"])
def test_each_field_of_a_neuron_is_its_cards(client: TestClient, plain: KnowledgeBase, layer: str) -> None:
    found, card = asked(client, f"{BASE}/{layer}/188"), plain.card(MONTHS)
    assert (found["modelId"], found["layer"], found["index"]) == (BASE, layer, "188")
    assert found["model"] == {"id": BASE, "layers": card.layers, "neuronsPerLayer": card.width}
    side = next(activity for activity in card.activity if activity.pole > 0)
    assert (found["maxActApprox"], found["frac_nonzero"]) == (side.max, side.nonzero) == (8.0, 0.5)
    down = next(end for end in card.ends if (end.projection, end.pole) == ("down", 1))
    assert found["pos_str"] == [text for text, *_ in down.tokens] == [" June", " July", " May"]
    assert found["pos_values"] == [8.0, 7.0, 6.0]
    assert (found["neg_str"], found["neg_values"]) == ([], [])
    (window,), (excerpt,) = found["activations"], side.excerpts
    assert (window["tokens"], window["values"]) == (list(excerpt.tokens), list(excerpt.activations))
    assert window["tokens"][window["maxValueTokenIndex"]] == " June"
    assert (window["maxValue"], window["minValue"]) == (excerpt.activation, min(excerpt.activations))
    assert window["dataSource"] == side.corpus
    sentences = [view for view in card.explanations if view.kind == "text"]
    assert len(sentences) < len(card.explanations)
    for said, view in zip(found["explanations"], sentences, strict=True):
        assert (said["id"], said["description"]) == (view.id, view.text)
        assert (said["explanationModelName"], said["typeName"]) == (view.explainer, view.method)
        for score, known in zip(said["scores"], view.scores, strict=True):
            assert score["value"] == known.value
            details = json.loads(score["jsonDetails"])
            assert (details["null"], details["n"], details["run"]) == (known.null, known.n, known.run)
    assert [score["value"] for score in found["explanations"][0]["scores"]] == [0.7]
    assert [(note["text"], note["user"]["name"]) for note in found["comments"]] == [("fires on months", "hand")]
    assert found["createdAt"] == card.runs[0]["started"]
    assert found["warnings"] == list(card.warnings)


def test_what_is_not_known_is_null_or_empty(client: TestClient) -> None:
    """A neuron of the fine-tune without a corpus pass, a dead one that decodes to nothing, and a rating by a person."""
    tuned = asked(client, TUNED_OTHER.replace("/L9/N", "/9-mlp/"))
    assert (tuned["pos_str"], tuned["pos_values"]) == ([" dog"], [8.0])
    dead = asked(client, DEAD.replace("/L9/N", "/9-mlp/"))
    assert dead["maxActApprox"] == 0.001
    for found, empty in ((tuned, {"pos_str", "pos_values"}), (dead, {"maxActApprox", "frac_nonzero"})):
        for name in ("maxActApprox", "frac_nonzero", "pos_str", "pos_values", "activations", "explanations", "vector"):
            assert bool(found[name] not in ([], None)) == (name in empty), name
    (said,) = asked(client, OTHER.replace("/L9/N", "/9/"))["explanations"]
    (score,) = said["scores"]
    named = (score["explanationScoreTypeName"], score["explanationScoreModelName"], score["value"])
    assert named == ("human_rating", "hand", 0.5)


def test_a_latent_has_what_the_store_has_of_it(client: TestClient, plain: KnowledgeBase) -> None:
    found = asked(client, LATENT)
    assert (found["modelId"], found["layer"], found["index"]) == (BASE, "9-res", "4")
    assert [said["description"] for said in found["explanations"]] == ["the months June and July"]
    assert (found["maxActApprox"], found["activations"], found["pos_str"]) == (None, [], [])


@pytest.mark.parametrize(
    ("at", "status", "why"),
    [
        (f"{BASE}/9/2047", 404, "no neuron"),
        (f"{BASE}/99/0", 404, "has layers 0-17"),
        ("gpt2/9/0", 404, "no model 'gpt2' in the store"),
        (f"{BASE}/9-res/5", 404, "no latent"),
        (f"{BASE}/9-res-zz/4", 404, "no latent"),
        (f"{BASE}/L9/188", 400, "expected 13, 13-mlp"),
        (f"{BASE}/9-resid/4", 400, "channel of the residual stream"),
        (f"{BASE}/-1/4", 400, "which no neuron has"),
        (f"{BASE}/9/june", 400, "no whole number"),
        (f"{BASE}/9/-1", 400, "no whole number"),
        (f"{BASE}/9", 404, "no verb"),
    ],
)
def test_wrong_questions(client: TestClient, at: str, status: int, why: str) -> None:
    answer = client.get(f"/api/feature/{at}")
    assert answer.status_code == status
    assert why in answer.json()["error"]


def test_tokens_are_of_the_newest_decoding_and_lowered_ones_below_zero() -> None:
    """A store has pole x logit."""
    rows = [
        {"run": run, "projection": projection, "pole": pole, "token": f"{run}{projection}{pole}", "logit": 2.0}
        for run in ("b", "a")
        for projection in ("down", "up")
        for pole in (1, -1)
    ]
    found = decoded(rows, ["b", "c", "a"])
    assert found == {"pos_str": ["adown1"], "pos_values": [2.0], "neg_str": ["adown-1"], "neg_values": [-2.0]}
    assert decoded(rows[2:4], ["b"]) == {}


@pytest.mark.parametrize(
    ("edges", "heights", "places"),
    [((None, -2.0, -1.0, 0.0, 5.0, None), [2, 0, 3, 4], [-3.0, -1.5, -0.5, 2.5]), ((), [], [])],
)
def test_a_histogram_has_its_bars_in_the_middle_of_bins(
    edges: tuple[float | None, ...], heights: list[int], places: list[float]
) -> None:
    """A bin without an end reaches as far as there are values; without edges there is nothing to draw."""
    moments: dict[str, Any] = {
        "mean": 0.0,
        "std": 1.0,
        "skewness": None,
        "kurtosis": None,
        "min": -4.0,
        "max": 9.0,
        "nonzero": 0.4,
    }
    lists: dict[str, Any] = {
        "quantiles": {},
        "edges": edges,
        "histogram": (2, 0, 3, 4, 0),
        "tokens": (),
        "excerpts": (),
    }
    found = bars(Activity("r", 1, 9, **moments, **lists))
    assert found["freq_hist_data_bar_heights"] == heights
    assert found["freq_hist_data_bar_values"] == places


@pytest.mark.parametrize(
    ("band", "bin"),
    [
        ("top", (-1, None, -1)),
        ("0.9-0.99", (2.0, 3.0, None)),
        ("interval 0.5-1.5e-05", (0.5, 1.5e-05, None)),
        ("interval 1e-05-2.5", (1e-05, 2.5, None)),
        ("interval -1.5-0", (-1.5, 0.0, None)),
        ("random", (None, None, None)),
    ],
)
def test_a_window_says_which_band_it_is_of(band: str, bin: tuple[float | None, ...]) -> None:
    excerpt = {"id": "x", "band": band, "activation": 1.0, "activations": [1.0], "tokens": ["a"]}
    row = activation_row(excerpt, None, {"0.9": 2.0, "0.99": 3.0}, None)
    assert (row["binMin"], row["binMax"], row["binContains"]) == bin


SCORED = [
    {"explanationScoreTypeName": "eleuther_recall", "explanationScoreModelName": "gpt-4o", "value": 0.75},
    {"explanationScoreTypeName": "eleuther_fuzz", "explanationScoreModelName": "gpt-4o", "value": 0.5},
    {"explanationScoreTypeName": "eleuther_embedding", "explanationScoreModelName": "e5", "value": 0.625},
]


def published(layer: str, index: int) -> dict[str, Any]:
    """A feature as the site's API has it."""
    said = {"explanationModelName": "gpt-4o-mini", "typeName": "oai_token-act-pair"}
    top = {"tokens": [" a", " June"], "values": [0.0, 2.5], "dataSource": "pile", "binMin": -1, "binContains": -1}
    other = {"tokens": [" in", " May"], "values": [0.0, 1.0], "dataSource": "pile", "binMin": 0.5, "binMax": 1.5}
    return {
        "modelId": "gpt2-small",
        "layer": layer,
        "index": str(index),
        "hookName": "blocks.6.hook_resid_pre",
        "maxActApprox": 2.5,
        "frac_nonzero": 0.01,
        "pos_str": [" June", "\n", '"'],
        "pos_values": [3.0, 2.0, 1.0],
        "neg_str": [" dog"],
        "neg_values": [-1.0],
        "explanations": [
            {"description": "months of the year", "scores": SCORED, **said},
            {"description": "words in dates", "scores": [], **said},
        ],
        "activations": [top, other],
    }


@pytest.fixture(scope="module")
def imported(local_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, Path]]:
    """A store that has one neuron and one latent of Neuronpedia's, and their file."""
    file = tmp_path_factory.mktemp("export") / "features.jsonl"
    write(file, [published(*IN), published(*OUT)])
    with filled(local_folder, lambda store: None) as kb:
        kb.explanations.import_(file, embed=False)
        yield TestClient(application(kb.session, mcp=False), base_url=HERE), file


def test_what_was_published_comes_back(imported: tuple[TestClient, Path], tmp_path: Path) -> None:
    """Texts, scores, windows, statistics and tokens; of the tokens an import keeps no values."""
    client, file = imported
    rows = [asked(client, f"gpt2-small/{layer}/{index}") for layer, index in (IN, OUT)]
    once, again = read("neuronpedia", file), read("neuronpedia", write(tmp_path / "answered.jsonl", rows))
    assert again.tally.skipped == once.tally.skipped
    assert len(once.explanations) == 8
    assert said(again) == said(once)
    assert [(one.unit, dict(one.facts)) for one in again.statistics] == [
        (one.unit, dict(one.facts)) for one in once.statistics
    ]
    windows = [
        sorted((str(one.unit), one.tokens, one.values, one.band, one.corpus) for one in found.windows)
        for found in (once, again)
    ]
    assert len(windows[0]) == 4
    assert windows[0] == windows[1]
    assert again.reader.dictionaries == once.reader.dictionaries


def said(found: Found) -> set[Any]:
    """Who said what of which unit, with every score."""
    return {
        (
            str(one.unit),
            one.kind,
            one.pole,
            one.text,
            one.explainer,
            one.method,
            frozenset((score.scorer, score.formula, score.value, score.simulator) for score in one.scores),
        )
        for one in found.explanations
    }


def test_no_answer_has_more_windows_than_the_server_lets_through(
    imported: tuple[TestClient, Path], local_folder: Path
) -> None:
    with LocalStore.open(local_folder) as store:
        kb = KnowledgeBase(store, str(local_folder))
        client = TestClient(application(kb.session, limits=Limits(rows=1), mcp=False), base_url=HERE)
        found = asked(client, f"gpt2-small/{IN[0]}/{IN[1]}")
    assert [window["maxValue"] for window in found["activations"]] == [2.5]
    assert found["warnings"] == ["only the 1 strongest windows are given"]

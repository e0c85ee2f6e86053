"""Explanations end to end on a model whose neurons are known: written, simulated, scored, stored, shown, resumed."""

from __future__ import annotations

import base64
import json
import threading
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from neuronkb.ingest.explain.job import ExplanationsJob
from neuronkb.ingest.explain.settings import Settings
from neuronkb.ingest.explain.simulators.choice import simulator
from neuronkb.ingest.explain.work import Asking
from neuronkb.ingest.job import silent
from neuronkb.ingest.llm.cache import AnswerCache
from neuronkb.ingest.llm.cached import CachedClient
from neuronkb.ingest.llm.client import Ability, Completion, Scores, Slots, Usage
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.kb.cli.main import cli
from neuronkb.kb.inputs.evidence import StoredEvidence
from neuronkb.kb.jobs.explanations import explanations_job
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.load.write import write_and_load
from neuronkb.kb.stores.base import Store
from neuronkb.queries.answers.explanations import pooled
from neuronkb.schema import LanguageModelError, QueryError
from neuronkb.tests.ingest.n2g import planted

from tests.ingest.llm.hostile import Asked, completion, hostile

NEURONS = [(0, planted.NEURON), (0, planted.ALWAYS), (0, planted.DEAD)]
FIRES, ALWAYS = (f"planted/L0/N{index}" for index in (planted.NEURON, planted.ALWAYS))
SETTINGS = Settings(choose=2, examples=4, ablate=2, style="base", device="cpu", methods=("token_activations",))


class Model:
    """A language model that explains a list by its first word and holds that a neuron fires on just that word.

    It dies after so many answers, where it is told to.
    """

    id = fingerprint = "first word"
    abilities: Collection[Ability] = frozenset({"slots", "continuations"})

    def __init__(self, dies_after: int | None = None) -> None:
        self.asked: list[Any] = []
        self.left = dies_after
        self.usage = Usage()

    def _told(self, prompt: Any) -> None:
        if self.left == 0:
            raise LanguageModelError("the server is gone")
        self.left = None if self.left is None else self.left - 1
        self.asked.append(prompt)
        self.usage.requests += 1

    def complete(self, prompts: Sequence[Any], *, each: Any = None, **how: Any) -> list[Completion]:
        found = []
        for number, prompt in enumerate(prompts):
            self._told(prompt)
            words = prompt.rpartition("List: ")[2].partition("\n")[0].split(", ")
            found.append(Completion(f" {words[0]}\n", None, 10, 2))
            if each:
                each(number, found[-1])
        return found

    def slot_logs(self, texts: Sequence[Slots], continuations: Sequence[str], *, each: Any = None) -> list[Scores]:
        found = []
        for number, slots in enumerate(texts):
            self._told(slots)
            word = slots.text.rpartition("fires on: ")[2].partition("\n")[0]
            logs = np.full((len(slots.at), len(continuations)), np.log(1e-9))
            for place, at in enumerate(slots.at):
                token = slots.text[:at].rpartition("\n")[2].strip()
                logs[place, continuations.index("10" if token == word else "0")] = 0.0
            found.append(Scores(logs, None, 10))
            if each:
                each(number, found[-1])
        return found

    def continuation_logs(self, prompts: Sequence[Any], continuations: Sequence[str], **how: Any) -> list[Scores]:
        found = []
        for prompt in prompts:
            self._told(prompt)
            topic, _, text = prompt.rpartition("Topic: ")[2].partition("\nText: ")
            yes = topic in text.partition("<<")[2].partition(">>")[0] if "<<" in text else topic in text
            found.append(Scores(np.array([0.0, -9.0] if yes else [-9.0, 0.0]), None, 10))
            if each := how.get("each"):
                each(len(found) - 1, found[-1])
        return found

    def close(self) -> None:
        pass


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.model(tmp_path_factory.mktemp("explaining") / "planted")


@pytest.fixture
def kb(store: Store, folder: Path, tmp_path: Path) -> KnowledgeBase:
    return prepared(store, folder, tmp_path)


def prepared(store: Store, folder: Path, tmp_path: Path) -> KnowledgeBase:
    """The planted model, decoded and run over a corpus."""
    kb = KnowledgeBase(store, str(tmp_path / "store"))
    kb.ingest_lm_head(folder)
    windows = {"length": planted.LENGTH, "similarity": None}
    settings = {"k": 6, "tokens": 3, "least": 5, "dtype": "float32", "device": "cpu"}
    kb.ingest_activations(folder, planted.texts(tmp_path / "texts.jsonl", 240), windows=windows, settings=settings)
    return kb


def job(kb: KnowledgeBase, folder: Path, model: Model, settings: Settings = SETTINGS) -> ExplanationsJob:
    """As `kb.explanations.ingest` makes it, with a model of our own behind the cache."""
    live = LiveModel.open(folder, dtype="float32", device="cpu")
    assert live.subject is not None
    evidence = StoredEvidence(kb.store, kb.place, live.subject)
    client = CachedClient(model, AnswerCache(Path(kb.where) / "answers.sqlite"))
    asking = Asking(client, simulator(client), client, base=True, judge_base=True)
    work = Path(kb.where) / "unfinished"
    runs = evidence.runs
    return ExplanationsJob.open(
        live, evidence.corpus, evidence, asking, work, neurons=NEURONS, derived_from=runs, settings=settings
    )


def load(kb: KnowledgeBase, made: ExplanationsJob) -> None:
    folder = kb.place.bundle(made.run.id)
    write_and_load(made, kb.store, folder, clash="refuse", progress=silent)


def test_known_neurons_are_explained_scored_shown_and_reported(kb: KnowledgeBase, folder: Path) -> None:
    made = job(kb, folder, Model())
    load(kb, made)
    found = {one.kind: one for one in kb.explanations.show(ALWAYS) if one.rank == 1 and one.explainer != "token table"}
    assert found["text"].text == planted.AFTER
    assert found["text"].method == "token_activations"
    value = found["text"].value()
    assert value is not None
    # It fires on that word alone and always as hard: the word says all.
    assert value.value == pytest.approx(1.0, abs=0.02)
    assert value.null == pytest.approx(0.0, abs=0.2)
    assert value.failed == 0
    scores = {(one.scorer, one.formula): one for one in found["text"].scores}
    # It writes nothing, so there is nothing that a simulation could keep.
    ablated = scores["ablation", "js-ablation"]
    assert (ablated.value, ablated.failed) == (None, ablated.n)
    # The other needs a second word before: its own word alone says less, and the table of tokens no more.
    (needs,) = [one for one in kb.explanations.show(FIRES) if one.kind == "text"]
    assert needs.text == planted.FIRES_ON
    random = needs.value(split="random-only")
    assert random is not None
    assert random.value is not None
    assert 0.1 < random.value < 0.95
    scores = {(one.scorer, one.formula): one for one in needs.scores}
    for scorer in ("detection", "fuzzing"):
        for formula in ("balanced-accuracy", "f1", "auroc"):
            score = scores[scorer, formula]
            assert score.value is not None
            assert score.value >= 0.5, (scorer, formula)
            assert score.null is not None
            assert (score.n, score.positives, score.failed) == (score.n, (score.n or 0) // 2, 0)
    assert (scores["fuzzing", "balanced-accuracy"].value or 0) > 0.8
    report = kb.explanations.report("planted")
    (said,) = report.runs.values()
    assert said["usage"]["explainer"]["requests"] > 20
    assert (said["sides"], said["dead"], said["unexplained"], said["explanations"]) == (3, 1, 0, 2)
    by_kind = {
        (row.kind, row.explainer): row for row in pooled(report.only("correlation", "ev-correlation", "random-only"))
    }
    assert by_kind["text", "first word"].sides == 2
    table = by_kind["token_table", "token table"]
    assert table.mean is not None
    assert table.length is not None
    text = by_kind["text", "first word"]
    assert text.length is not None
    assert table.length > text.length
    assert kb.neuron(ALWAYS).explanations == kb.explanations.show(ALWAYS)
    assert kb.explanations.show(found["text"].id[:10])[0].unit == ALWAYS


def test_a_run_cut_off_asks_no_prompt_twice(kb: KnowledgeBase, folder: Path) -> None:
    whole = Model()
    made = job(kb, folder, whole)
    expected = {name: tables for name, tables in made.shards() if name != "model"}
    asked = len(whole.asked)
    assert asked > 20
    Path(kb.where, "answers.sqlite").unlink()
    asked_by_all: list[Any] = []
    for dies_after in (3, 17, None):
        model = Model(dies_after)
        again = job(kb, folder, model)
        if dies_after is not None:
            with pytest.raises(LanguageModelError, match="gone"):
                load(kb, again)
        else:
            load(kb, again)
        asked_by_all += model.asked
    assert len(asked_by_all) == asked
    assert len(set(map(str, asked_by_all))) == asked
    (shard,) = expected
    scores = {row["id"]: row["value"] for row in expected[shard]["Score"].to_pylist()}
    stored = kb.cypher("MATCH (s:Score) RETURN s.id AS id, s.value AS value").rows
    assert {name: pytest.approx(value) for name, value in stored} == scores
    # All is there: a further start asks nothing and changes nothing.
    model = Model(0)
    load(kb, job(kb, folder, model))
    assert not model.asked
    assert list((Path(kb.where) / "unfinished").glob("*.npz")) == []


def test_other_settings_are_another_run_and_other_neurons_are_not(kb: KnowledgeBase, folder: Path) -> None:
    first = job(kb, folder, Model()).run.id
    assert job(kb, folder, Model(), replace(SETTINGS, batch=3)).run.id == first
    assert job(kb, folder, Model(), replace(SETTINGS, top=3)).run.id != first


def test_the_graphs_seed_names_the_run_only_where_it_is_not_0(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = job(kb, folder, Model()).run
    assert "divided" not in plain.parameters
    monkeypatch.setattr(StoredEvidence, "divided", 1)
    other = job(kb, folder, Model()).run
    assert other.parameters == {**plain.parameters, "divided": 1}
    assert other.id != plain.id


def test_without_choosing_windows_the_first_candidate_counts(kb: KnowledgeBase, folder: Path) -> None:
    made = job(kb, folder, Model(), replace(SETTINGS, choose=0, scores=("correlation",)))
    load(kb, made)
    (one,) = [one for one in kb.explanations.show(ALWAYS) if one.kind == "text"]
    assert {score.formula for score in one.scores} == {
        "ev-correlation",
        "r2-uncentred",
        "absolute-deviation-from-0",
    }


def test_what_is_not_there_is_said(kb: KnowledgeBase) -> None:
    with pytest.raises(QueryError, match="no scored explanations of planted"):
        kb.explanations.report("planted")
    with pytest.raises(QueryError, match="no model 'plant'"):
        kb.explanations.report("plant")
    with pytest.raises(QueryError, match=r"planted/L0/N1 has no explanation"):
        kb.explanations.show("planted/L0/N1")
    with pytest.raises(QueryError, match="no explanation 'abc'"):
        kb.explanations.show("abc")


@pytest.fixture
def refusing() -> Iterator[str]:
    """A server that refuses every key."""

    class Refuse(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = b'{"error": {"message": "Incorrect API key provided"}}'
            self.send_response(401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *about: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Refuse)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_command_line(
    local_store: Store,
    local_folder: Path,
    folder: Path,
    tmp_path: Path,
    refusing: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model that cannot answer: counted, and the rest is there; a refused key and a bad list are one line."""
    prepared(local_store, folder, tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "wrong")
    where = ["--store", str(local_folder)]
    neurons = tmp_path / "neurons.txt"
    neurons.write_text(f"# the known ones\nL0/N{planted.NEURON}\n\nplanted/L0/N{planted.ALWAYS}  # and this\n")
    command = ["ingest", "explanations", str(folder), "--neurons", str(neurons), *where]
    small = ["--choose", "1", "--examples", "2", "--ablate", "1", "--device", "cpu"]
    refused = CliRunner().invoke(cli, [*command, "--explainer", "gpt", "--base-url", refusing, *small])
    assert refused.exit_code == 1
    assert "401" in refused.output or "key" in refused.output
    assert len(refused.output.strip().splitlines()) == 1
    neurons.write_text("L0/Nx\n")
    bad = CliRunner().invoke(cli, [*command, "--explainer", str(folder), *small])
    assert bad.exit_code == 1
    assert "'L0/Nx'" in bad.output


KEY, PASSWORD = "hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345", "pass-word-of-mine"


def telling(asked: Asked) -> None:
    """Answers every third prompt, tells the key in the others' errors, and in the answers."""
    path = asked.handler.path
    if len(asked.body) % 3:
        asked.json(400, {"error": {"message": f"no good: {KEY} {asked.key} {path} Bearer {'0f' * 16}"}})
    else:
        asked.json(200, completion(f" words {KEY}", chat=True))


def written(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def stored(kb: KnowledgeBase) -> str:
    return str(kb.cypher("MATCH (n) RETURN properties(n)", limit=None).rows)


@pytest.mark.parametrize("ends", [False, True])
def test_no_key_reaches_screen_store_or_files(
    store: Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, ends: bool
) -> None:
    """A server that tells the key in what it says, at an address with a password and a key in it."""
    kb = prepared(store, folder, tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings: dict[str, Any] = {"choose": 1, "examples": 2, "ablate": 1, "device": "cpu", "scores": ("detection",)}
    ids = [f"L0/N{index}" for _, index in NEURONS]
    with hostile(lambda asked: asked.json(401, {"error": {"message": KEY}}) if ends else telling(asked)) as server:
        url = server.url.replace("://", f"://me:{PASSWORD}@") + "?api_key=open-sesame"
        how: dict[str, Any] = {
            "explainer": "gpt",
            "base_url": url,
            "neurons": ids,
            "settings": settings,
            "way": "written",
        }
        if ends:
            with pytest.raises(LanguageModelError, match="refuses the key") as caught:
                kb.explanations.ingest(folder, **how)
            assert "".join(traceback.format_exception(caught.value)).count(KEY) == 0
        else:
            report = kb.explanations.ingest(folder, **how)
            kb.explanations.report("planted")
            (run,) = kb.cypher("MATCH (r:Run {id: $run}) RETURN r.summary AS summary", run=report.run).rows
            assert any("no good: …" in reason for reason in json.loads(run[0])["usage"]["explainer"]["reasons"])
        assert server.asked
        assert {path for path, _, _ in server.asked} == {"/v1/chat/completions?api_key=open-sesame"}
    told = "".join(capfd.readouterr()) + stored(kb)
    held = written(tmp_path / "store")
    assert b"answers" in held
    for secret in (KEY, PASSWORD, "open-sesame", "0f" * 16, base64.b64encode(f"me:{PASSWORD}".encode()).decode()):
        assert secret not in told
        assert secret.encode() not in held
    # Parquet packs its texts; the pages are unpacked to be looked at.
    for path in (tmp_path / "store").rglob("*.parquet"):
        assert KEY not in str(pq.read_table(path).to_pylist())


def test_secrets_of_the_address_are_no_part_of_a_run(store: Store, folder: Path, tmp_path: Path) -> None:
    kb = prepared(store, folder, tmp_path)
    runs = []
    for url in ("http://127.0.0.1:9/v1", f"http://me:{PASSWORD}@127.0.0.1:9/v1/?api_key=1", "http://127.0.0.1:9/v1#x"):
        with ExitStack() as opened:
            made = explanations_job(
                kb.store, kb.place, folder, "gpt", None, url, "written", None, None, None, None, {}, silent, opened
            )
            runs.append(made.run.id)
    assert len(set(runs)) == 1


@pytest.mark.parametrize("status", [200, 401, None])
def test_what_explaining_opens_is_closed(
    store: Store, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
    kb = prepared(store, folder, tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    opened = Path(kb.where) / "answers.sqlite"
    how: dict[str, Any] = {"explainer": "gpt", "way": "written", "neurons": [f"L0/N{planted.ALWAYS}"]}
    settings: dict[str, Any] = {"choose": 1, "examples": 2, "ablate": 1, "device": "cpu", "scores": ("detection",)}
    process = psutil.Process()

    def left() -> tuple[list[str], list[str], int]:
        files = [file.path for file in process.open_files() if file.path.startswith(str(opened))]
        return files, [one.name for one in threading.enumerate() if one.name.startswith("requests")], connections()

    def connections() -> int:
        return sum(bool(one.raddr) and one.raddr.port == port for one in process.net_connections("inet"))

    def interrupt(step: str, done: int, total: int) -> None:
        if step.startswith("scoring"):
            raise KeyboardInterrupt

    ways: dict[int | None, AbstractContextManager[Any]] = {
        200: nullcontext(),
        401: pytest.raises(LanguageModelError),
        None: pytest.raises(KeyboardInterrupt),
    }
    ends = ways[status]
    with hostile(lambda asked: asked.json(status or 200, completion("words", chat=True))) as server:
        port = int(server.url.rpartition(":")[2].partition("/")[0])
        progress = silent if status else interrupt
        with ends:
            kb.explanations.ingest(folder, base_url=server.url, settings=settings, progress=progress, **how)
        assert opened.exists()
        assert left() == ([], [], 0)

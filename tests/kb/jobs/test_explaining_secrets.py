"""What explaining is told in secret reaches neither screen, store nor files; and what it opens is closed."""

from __future__ import annotations

import base64
import json
import threading
import traceback
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
from neuronkb.ingest.progress import silent
from neuronkb.kb.jobs.explanations import explanations_job
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.schema import LanguageModelError
from neuronkb.tests.ingest.n2g import planted

from tests.explained import NEURONS, prepare
from tests.filled import Filling
from tests.ingest.llm.hostile import Asked, completion, hostile


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.model(tmp_path_factory.mktemp("explaining") / "planted")


@pytest.fixture
def kb(filling: Filling, folder: Path, tmp_path: Path) -> KnowledgeBase:
    return filling.copied(lambda kb: prepare(kb, folder), tmp_path / "store")


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
    kb: KnowledgeBase, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, ends: bool
) -> None:
    """A server that tells the key in what it says, at an address with a password and a key in it."""
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
            (run,) = kb.cypher("MATCH (r:Run {id: $run}) RETURN r.summary AS summary", run=report.load.run).rows
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


def test_secrets_of_the_address_are_no_part_of_a_run(kb: KnowledgeBase, folder: Path) -> None:
    runs = []
    for url in ("http://127.0.0.1:9/v1", f"http://me:{PASSWORD}@127.0.0.1:9/v1/?api_key=1", "http://127.0.0.1:9/v1#x"):
        with ExitStack() as opened:
            models = ("gpt", None)
            made = explanations_job(kb.session, folder, models, url, "written", None, None, (None, None), None, opened)
            runs.append(made.run.id)
    assert len(set(runs)) == 1


@pytest.mark.parametrize("status", [200, 401, None])
def test_what_explaining_opens_is_closed(
    kb: KnowledgeBase, folder: Path, monkeypatch: pytest.MonkeyPatch, status: int | None
) -> None:
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
        kb.session.progress = silent if status else interrupt
        with ends:
            kb.explanations.ingest(folder, base_url=server.url, settings=settings, **how)
        assert opened.exists()
        assert left() == ([], [], 0)

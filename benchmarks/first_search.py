"""The first search of a store and a later one, each a process of its own; words beside sentence-transformers."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from neuronkb import KnowledgeBase
from neuronkb.ingest.embedding import folder as places
from neuronkb.ingest.embedding.bert import Bert
from neuronkb.ingest.embedding.embedder import Encoder
from neuronkb.ingest.embedding.general import SentenceTransformers
from neuronkb.kb.place import LOCAL
from neuronkb.kb.stores.local import stop
from neuronkb.tests.searched import WORDS, SearchedJob

from .report import Row

DEMO = Path(LOCAL)
TEXT = "months of the year"
N_WORDS, ROUNDS = 1_500, 3


def rates() -> Iterator[Row]:
    """Words embedded, then the demo's store asked, or a small one where there is none."""
    yield from _words()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        where = DEMO if DEMO.is_dir() else _small(folder / "store", stack)
        yield from _asked(where, folder)


def _words() -> Iterator[Row]:
    """CPU seconds; the words are pairs of syllables, of three to six tokens as those of a vocabulary are."""
    place = places.locate(None)[0]
    ours, general = Bert.read(place), SentenceTransformers.read(place)
    assert ours is not None
    random = np.random.default_rng(0)
    words = ["".join(random.choice([word[:4] for word in WORDS], 2)) for _ in range(N_WORDS)]
    words = list(dict.fromkeys(words))
    for quick, named in ((False, "float32"), (True, "quicker of float32 and bfloat16")):
        rounds = [[_cpu(each, words, quick) for each in (ours, general)] for _ in range(ROUNDS)]
        mine, theirs = (len(words) / statistics.median(times) for times in zip(*rounds, strict=True))
        what = f"words embedded, {named}"
        yield Row("search", what, mine, "/s of CPU", f"{theirs:.0f} of sentence-transformers", mine / theirs)


def _asked(where: Path, folder: Path) -> Iterator[Row]:
    def ask() -> tuple[float, float]:
        command = [
            sys.executable,
            "-m",
            "neuronkb",
            "search",
            TEXT,
            "--store",
            str(where),
            "--folder",
            str(folder / "m"),
        ]
        environ = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
        start, spent = time.perf_counter(), _children()
        subprocess.run(command, check=True, capture_output=True, env=environ)
        return time.perf_counter() - start, _children() - spent

    for what, wanted in (("the first search: nothing embedded yet", 60), ("a later search, a new process", 1.5)):
        seconds, cpu = ask()
        yield Row("search", what, cpu, f"s of CPU ({seconds:.1f} s)", f"{wanted} s wanted", cpu / wanted)


def _small(where: Path, stack: ExitStack) -> Path:
    from neuronkb.ingest.progress import silent
    from neuronkb.kb.load.write import write_and_load

    with KnowledgeBase.open(where) as kb:
        kb.db.setup()
        job = SearchedJob()
        place = kb.place.bundle(job.name)
        write_and_load(job, kb.db, place, clash="alongside", progress=silent)
    stack.callback(stop, where)
    return where


def _cpu(encoder: Encoder, words: list[str], quick: bool) -> float:
    start = time.process_time()
    encoder.encode(words, quick=quick)
    return time.process_time() - start


def _children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime

"""Files of our own that may have been cut, changed or made by others: bundles, corpora, states, settings."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from random import Random

import numpy as np
import torch
from neuronkb.ingest.activations.state import load_state, save_state
from neuronkb.ingest.bundle import Bundle, BundleWriter, RunInfo
from neuronkb.ingest.corpus.corpus import Corpus
from neuronkb.ingest.explain.gather import Gathered
from neuronkb.ingest.explain.tally import Tallies, Tally
from neuronkb.ingest.llm.cache import AnswerCache
from neuronkb.ingest.llm.client import Completion, Scores
from neuronkb.kb.stores.arcade import server
from neuronkb.kb.stores.arcade.folder import Folder, State
from neuronkb.kb.stores.neo4j_settings import Settings
from neuronkb.schema import NeuronKBError, digest

from tests.ingest.test_bundle import neurons

from .mutate import Mutator, of_json, plain
from .parser import Parser


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def by_kind(names: Mapping[str, bytes]) -> dict[str, Mutator]:
    return {name: of_json if name.endswith(".json") else plain for name in names}


def bundle(work: Path) -> dict[str, bytes]:
    run = RunInfo("lm-head-0123456789ab", "lm-head", "toy", "w" * 64, "t" * 16, {"k": 2}, summary={"a": [1]})
    writer = BundleWriter.open(work / "bundle", run)
    writer.write("L000", {"Neuron": neurons(0)})
    writer.finish()
    return files(work / "bundle")


def read_bundle(folder: Path) -> object:
    """Check it, and read what it has; a bundle that passes its check must be readable."""
    found = Bundle.open(folder)
    faults = found.check()
    for fault in faults:
        assert len(fault.splitlines()) == 1, fault
    if faults:
        raise NeuronKBError(f"{folder}: {faults[0][:1000]}")
    digest(asdict(found.run))
    return [list(found.tables(entry.table)) for shard in found.shards.values() for entry in shard.files]


def resealed(samples: Mapping[str, bytes]) -> Callable[[Path], object]:
    """Read with the checksums of the JSON files made right again, so that the noise reaches the Parquet reader."""

    def read(folder: Path) -> object:
        for name, data in samples.items():
            now = hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for path in folder.rglob("*.json"):
                path.write_bytes(path.read_bytes().replace(hashlib.sha256(data).hexdigest().encode(), now.encode()))
        return read_bundle(folder)

    return read


def states(work: Path) -> list[Parser]:
    save_state(work / "s.safetensors", {"a": torch.ones(3)}, {"position": "3"})
    gathered = Gathered(np.zeros((1, 2), np.int32), np.zeros((1, 2, 3), np.float32), np.zeros(1))
    gathered.save(work / "g.npz")
    Tallies(work / "t.json").keep("L000", Tally(1, 2, 3, 4, 5, {"a": 1}))
    state = State("abc", "far-away", 1, os.getpid(), 3, 4, "2g", "ArcadeDB", "w", "r")
    return [
        Parser("server.json of a store", {"server.json": json.dumps(asdict(state)).encode()}, served, of_json),
        Parser("state of a pass", {"s": (work / "s.safetensors").read_bytes()}, lambda f: load_state(f / "s"), plain),
        Parser(
            "gathered windows", {"g.npz": (work / "g.npz").read_bytes()}, lambda f: Gathered.load(f / "g.npz"), plain
        ),
        Parser("tallies", {"t.json": (work / "t.json").read_bytes()}, tallied, of_json),
        Parser("cache of answers", {"a.sqlite": answers(work / "a.sqlite")}, cached, plain, share=0.3),
    ]


def served(folder: Path) -> object:
    """The state, and whether its server lives."""
    found = Folder(folder)
    return found.read_state(), server.alive(found)


def tallied(folder: Path) -> object:
    found = Tallies.open(folder / "t.json")
    found.keep("L001", Tally(failures={"a": 1}))
    return found.total(["L000", "L001"])


def answers(path: Path) -> bytes:
    with AnswerCache(path) as cache:
        cache.put("k", "complete", "m", Completion("text", None, 3, 4))
        cache.put("s", "score", "m", Scores(np.ones((2, 11)), None, 3, 4))
        cache._db.execute("PRAGMA journal_mode = DELETE")
    return path.read_bytes()


def cached(folder: Path) -> object:
    with AnswerCache(folder / "a.sqlite") as cache:
        found = len(cache), cache.completion("k"), cache.scores("s")
        cache.put("n", "complete", "m", Completion("text", None, 3, 4))
    return found


def settings(folder: Path) -> object:
    path = folder / "neo4j.toml"
    path.chmod(0o600)
    return Settings.find("bolt://localhost:7687", environ={}, config=path)


def corpus(work: Path) -> dict[str, bytes]:
    from neuronkb.ingest.corpus import read_documents
    from neuronkb.ingest.corpus.tokenizer import Tokenizer

    from tests import planted

    (work / "texts.txt").write_text("january may june " * 40)
    tokenizer = Tokenizer.open(planted.base(work / "model"))
    Corpus.build(read_documents(work / "texts.txt"), tokenizer, work / "corpus", {"length": 8, "similarity": None})
    return files(work / "corpus")


def read_corpus(folder: Path) -> object:
    found = Corpus.open(folder)
    return digest({"hash": found.hash, "skipped": found.skipped, "notes": found.notes}), [
        batch.sum() for _, batch in found.batches(4)
    ]


ODD: tuple[bytes, ...] = (b"[" * 2000, b"9" * 5000, b"0x" + b"f" * 6000, b"nan", b"1e999", b"2024-99-99")
ODD += (b'"\\ud800"', b'"\\u0000"')
ODD += (b"{a.b = 1}", b"a" * 4000, b"[1, 'x']", b'"""', b"'\0'", b'"' + b"x" * 9000 + b'"')


def toml(data: bytes, random: Random) -> bytes:
    """A value of TOML's own noise, or plain noise."""
    if random.random() < 0.5:
        return plain(data, random)
    return data.replace(b'"neo"', random.choice(ODD))


def parsers(work: Path) -> list[Parser]:
    made, windows = bundle(work), corpus(work)
    parquet = {name: plain for name in made if name.endswith(".parquet")}
    return [
        Parser("bundle", made, read_bundle, by_kind(made)),
        Parser("bundle, its sums right", made, resealed(made), parquet),
        Parser("corpus of windows", windows, read_corpus, by_kind(windows), share=0.5),
        Parser("neo4j.toml", {"neo4j.toml": b'[neo4j]\nuser = "neo"\npassword = "p"\n'}, settings, toml),
        *states(work),
    ]

"""Statistics by role of a pass over chats and plain texts, against every token looked at by itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from neuronkb.ingest.activations.role_sums import RoleSums
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import CorpusError
from neuronkb.tests import planted

from .test_job import LENGTH, kill, made, opened

TEMPLATE = (
    "{{ bos_token }}{% for turn in messages %} {{ 'monday' if turn.role == 'user' else 'sunday' }} "
    "{{ turn.content | trim }}{% endfor %} friday"
)
FIRST = ("monday", "sunday", "friday")
"""Words of the template; no content holds them."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.base(tmp_path_factory.mktemp("model") / "tiny")


def built(model: Path, folder: Path, name: str, **settings: object) -> Corpus:
    """40 chats of up to six turns, and 10 plain texts."""
    random = np.random.default_rng(5)
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    words = [word for word in words if word not in FIRST]
    rows = []
    for number in range(50):
        said = [" ".join(random.choice(words, random.integers(1, 12))) for _ in range(random.integers(1, 7))]
        turns = [{"role": ("user", "assistant")[at % 2], "content": f" {text} "} for at, text in enumerate(said)]
        rows.append({"id": f"d{number}", "messages": turns if number < 40 else "  ".join(said)})
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    tokenizer = Tokenizer.open(model)
    tokenizer.tokenizer.chat_template = TEMPLATE
    given = {"length": LENGTH, "similarity": None, **settings}
    return Corpus.build(read_documents(folder / "rows.jsonl"), tokenizer, folder / name, given)


@pytest.fixture(scope="module")
def corpus(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return built(model, tmp_path_factory.mktemp("corpus"), "corpus", roles=True)


@pytest.fixture(scope="module")
def shards(model: Path, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, pa.Table]]:
    return made(opened(model, corpus, tmp_path_factory.mktemp("work"), roles=True))


def by_hand(corpus: Corpus) -> list[list[str | None]]:
    """The role of each token of each window after BOS, by the template's own words; None in a plain text."""
    turns = {planted.TOKENS.index("▁monday"): "user", planted.TOKENS.index("▁sunday"): "assistant"}
    ending, now, found = planted.TOKENS.index("▁friday"), None, []
    for tokens, n, offset in zip(corpus.tokens.tolist(), corpus.lengths.tolist(), corpus.offset.tolist(), strict=True):
        now = None if offset == 0 else now
        roles: list[str | None] = []
        for token in tokens[1:n]:
            now = turns.get(token, now)
            roles.append("template" if token in (*turns, ending) else now)
        found.append(roles)
    return found


def test_statistics_by_role_are_those_of_all_values_in_its_turns(
    model: Path, corpus: Corpus, shards: dict[str, dict[str, pa.Table]]
) -> None:
    live = LiveModel.open(model, dtype="float32", device="cpu")
    roles = [role for window in by_hand(corpus) for role in window]
    assert None in roles
    values = []
    for window, n in enumerate(corpus.lengths.tolist()):
        values.append(live.capture(torch.from_numpy(corpus.tokens[[window], :n].astype(np.int64))))
    for layer in range(2):
        every = np.concatenate([found[layer, "hidden"][0, 1:].numpy() for found in values]).astype(np.float64)
        rows = shards[f"L{layer:03d}"]["Stats"].to_pylist()
        assert len(rows) == 2 * planted.WIDTH
        for row in rows:
            assert row["roles"] == ["user", "assistant", "template"]
            assert row["n"] == len(roles)
            neuron = int(row["id"].split("/N")[1].split("/")[0])
            for place, role in enumerate(row["roles"]):
                mine = row["pole"] * every[[each == role for each in roles], neuron]
                assert row["role_n"][place] == len(mine)
                assert row["role_mean"][place] == pytest.approx(mine.mean(), rel=1e-4, abs=1e-7)
                assert row["role_nonzero"][place] == pytest.approx((mine > 0).mean())
                assert row["role_max"][place] == pytest.approx(mine.max(), rel=1e-5)


def test_nothing_else_of_a_pass_changes_and_its_run_is_another(
    model: Path, corpus: Corpus, shards: dict[str, dict[str, pa.Table]], tmp_path: Path
) -> None:
    plain = built(model, tmp_path, "plain")
    without, same = opened(model, plain, tmp_path), opened(model, corpus, tmp_path)
    assert "roles" not in without.run.parameters
    assert "roles" not in without.summary()
    assert without.run.id == same.run.id
    told = opened(model, corpus, tmp_path, roles=True)
    assert told.run.id != same.run.id
    assert told.summary()["roles"] == corpus.roles.counts if corpus.roles else False
    found = made(without)
    for layer in ("L000", "L001"):
        stats, others = (each[layer]["Stats"] for each in (found, shards))
        ours = ["roles", "role_n", "role_mean", "role_nonzero", "role_max"]
        assert all(stats[name].null_count == len(stats) for name in ours)
        own = ["id", "run", *ours]
        assert stats.drop_columns(own) == others.drop_columns(own)


def test_killed_and_resumed_it_gives_the_same(
    model: Path, corpus: Corpus, shards: dict[str, dict[str, pa.Table]], tmp_path: Path
) -> None:
    job = opened(model, corpus, tmp_path, roles=True)
    sizes = [len(part) for part in corpus.parts(corpus.reading_order(range(len(corpus))), job.settings.batch)]
    saved = next(done for done in np.cumsum(sizes).tolist() if done >= 2 * job.settings.every)
    kill(model, corpus, tmp_path, f"reading windows {saved}", roles=True)
    steps: list[tuple[str, int]] = []
    assert dict(job.shards(progress=lambda step, done, total: steps.append((step, done)))) == shards
    assert steps[0][1] > 0


def test_roles_need_a_corpus_that_has_them(model: Path, tmp_path: Path) -> None:
    plain = built(model, tmp_path, "plain")
    with pytest.raises(CorpusError, match="was built without roles; give the texts"):
        opened(model, plain, tmp_path, roles=True)
    (tmp_path / "plain.txt").write_text("january july")
    none = Corpus.build(
        read_documents(tmp_path / "plain.txt"), Tokenizer.open(model), tmp_path / "none", {"roles": True}
    )
    with pytest.raises(CorpusError, match=r"no text of .* is a chat"):
        opened(model, none, tmp_path, roles=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_kernel_and_tensors_agree(dtype: torch.dtype) -> None:
    from neuronkb.ingest.activations.kernels import Bits

    torch.manual_seed(2)
    values = torch.randn(4, 9, 6).to(dtype)
    values[values.abs() < 0.3] = 0.0
    values[0, 0] = -0.0
    values[1, 1] = 1e-39  # a zero in the histogram too
    roles = torch.randint(-1, 2, (4, 9))
    compiled, whole = (RoleSums(3, 6, torch.device("cpu")) for _ in range(2))
    for columns in (slice(0, 4), slice(4, 6)):
        compiled.add(Bits.of(values), columns, roles)
    whole.take(values.float().view(-1, 6), roles.flatten())
    for name, expected in whole.tensors().items():
        torch.testing.assert_close(compiled.tensors()[name], expected, rtol=1e-6, atol=1e-6)
    on = values.float()[roles == 1]
    assert compiled.above[1].tolist() == (on > 1e-38).sum(0).tolist()
    assert compiled.below[1].tolist() == (on < -1e-38).sum(0).tolist()
    assert not compiled.above[2].any()

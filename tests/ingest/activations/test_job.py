"""A corpus pass over a tiny Llama against a brute force that keeps every activation."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
import torch
from neuronkb.ingest.activations.job import ActivationsJob
from neuronkb.ingest.activations.settings import BANDS
from neuronkb.ingest.activations.state import save_state
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import ModelError
from neuronkb.schema.levels import level_values
from neuronkb.tests import planted

K, LENGTH = 5, 16
SETTINGS = {"k": K, "per_band": 3, "tokens": 4, "least": 20, "dtype": "float32", "batch": 8, "every": 32}
Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.base(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def corpus(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """60 documents of random words, of part of a window to nine windows."""
    folder = tmp_path_factory.mktemp("corpus")
    random = np.random.default_rng(7)
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    texts = [" ".join(random.choice(words, random.integers(1, 9 * LENGTH))) for _ in range(60)]
    (folder / "texts.jsonl").write_text(
        "".join(json.dumps({"id": f"d{i}", "text": t}) + "\n" for i, t in enumerate(texts))
    )
    return Corpus.build(
        read_documents(folder / "texts.jsonl"), Tokenizer.open(model), folder / "corpus", {"length": LENGTH}
    )


def opened(model: Path, corpus: Corpus, work: Path, **more: object) -> ActivationsJob:
    live = LiveModel.open(model, dtype="float32", device="cpu")
    return ActivationsJob.open(live, corpus, work, settings={**SETTINGS, **more})


def made(job: ActivationsJob) -> dict[str, dict[str, pa.Table]]:
    return dict(job.shards())


@pytest.fixture(scope="module")
def shards(model: Path, corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, pa.Table]]:
    return made(opened(model, corpus, tmp_path_factory.mktemp("work")))


@pytest.fixture(scope="module")
def everything(model: Path, corpus: Corpus) -> Floats:
    """Every hidden value `[layer, window, position, neuron]`, BOS left out, of windows alone; NaN behind their end."""
    live = LiveModel.open(model, dtype="float32", device="cpu")
    found = np.full((live.n_layers, len(corpus), LENGTH - 1, live.d_mlp), np.nan, np.float32)
    for window, length in enumerate(corpus.lengths.tolist()):
        kept = live.capture(torch.from_numpy(corpus.tokens[[window], :length].astype(np.int64)))
        for layer in range(live.n_layers):
            found[layer, window, : length - 1] = kept[layer, "hidden"][0, 1:].numpy()
    return found


def windows_of(rows: pa.Table, corpus: Corpus, excerpts: pa.Table) -> list[tuple[str, int]]:
    """(document, offset) of the excerpts a neuron's rows lead to."""
    place = {r["id"]: (r["document"], r["offset"]) for r in excerpts.to_pylist()}
    return [place[end] for end in rows["end"].to_pylist()]


def place_of(corpus: Corpus, window: int) -> tuple[str, int]:
    return corpus.documents[int(corpus.document[window])].as_py(), int(corpus.offset[window])


def test_top_windows_are_those_of_a_pass_that_keeps_everything(
    shards: dict[str, dict[str, pa.Table]], everything: Floats, corpus: Corpus
) -> None:
    excerpts = shards["excerpts"]["Excerpt"]
    learn = np.flatnonzero(~corpus.held)
    for layer in range(2):
        rows = shards[f"L{layer:03d}"]["Neuron.FIRES_ON.Excerpt"].to_pandas()
        for neuron in range(planted.WIDTH):
            for pole in (1, -1):
                best = np.nanmax(pole * everything[layer, :, :, neuron], axis=1)
                expected: list[int] = []
                for window in sorted(learn, key=lambda w: (-best[w], -corpus.lengths[w], w)):
                    taken = {corpus.document[w] for w in expected}
                    if best[window] > 0 and corpus.document[window] not in taken and len(expected) < K:
                        expected.append(int(window))
                mine = rows[(rows.start == f"tiny/L{layer}/N{neuron}") & (rows.pole == pole) & (rows.band == "top")]
                found = windows_of(pa.Table.from_pandas(mine), corpus, excerpts)
                assert found == [place_of(corpus, w) for w in expected]
                np.testing.assert_allclose(mine.activation, best[expected], rtol=1e-5)
                for levels, unit, number in zip(mine.levels, mine.unit, expected, strict=True):
                    values = level_values(levels, unit)
                    assert len(values) == corpus.lengths[number]
                    true = pole * everything[layer, number, : len(values) - 1, neuron]
                    assert values[0] == 0
                    assert unit == pytest.approx(best[number] / 1000, rel=1e-6)
                    # bfloat16 has eight bits; a level is right to half a step.
                    np.testing.assert_allclose(values[1:], true, rtol=2**-8, atol=0.501 * unit)


def test_statistics_are_those_of_all_values(shards: dict[str, dict[str, pa.Table]], everything: Floats) -> None:
    for layer in range(2):
        stats = shards[f"L{layer:03d}"]["Stats"].to_pandas()
        values = everything[layer].reshape(-1, planted.WIDTH).astype(np.float64)
        values = values[~np.isnan(values).any(1)]
        for pole in (1, -1):
            mine, signed = stats[stats.pole == pole], pole * values
            spread = signed - signed.mean(0)
            assert set(mine.n) == {len(values)}
            np.testing.assert_allclose(mine["mean"], signed.mean(0), rtol=1e-4, atol=1e-7)
            np.testing.assert_allclose(mine["std"], signed.std(0), rtol=1e-5)
            np.testing.assert_allclose(mine["skewness"], (spread**3).mean(0) / signed.std(0) ** 3, rtol=1e-3, atol=1e-3)
            np.testing.assert_allclose(
                mine["kurtosis"], (spread**4).mean(0) / signed.std(0) ** 4 - 3, rtol=1e-3, atol=1e-2
            )
            np.testing.assert_allclose(mine["min"], signed.min(0), rtol=1e-5, atol=1e-8)
            np.testing.assert_allclose(mine["max"], signed.max(0), rtol=1e-5, atol=1e-8)
            np.testing.assert_allclose(mine.nonzero, (signed > 0).mean(0), atol=2 / len(values))
            counts = np.stack(mine.histogram.to_list())
            assert (counts.sum(1) == len(values)).all()
            exact = np.quantile(signed, [0.5, 0.9, 0.99], axis=0).T
            np.testing.assert_allclose(np.stack(mine.quantiles.to_list())[:, :3], exact, rtol=0.26, atol=2**-9)


def test_random_windows_lie_in_their_bands_and_in_held_out_documents(
    shards: dict[str, dict[str, pa.Table]], everything: Floats, corpus: Corpus
) -> None:
    excerpts, number = shards["excerpts"]["Excerpt"], {place_of(corpus, w): w for w in range(len(corpus))}
    rows = shards["L001"]["Neuron.FIRES_ON.Excerpt"].to_pandas()
    drawn = rows[rows.band != "top"]
    assert {f"{low:g}-{high:g}" for low, high in BANDS[:2]} <= set(drawn.band)
    for (start, pole, band), mine in drawn.groupby(["start", "pole", "band"]):
        neuron = int(start.rpartition("N")[2])
        best = np.nanmax(pole * everything[1, :, :, neuron], axis=1)
        low, high = (float(end) for end in band.split("-"))
        found = [number[place] for place in windows_of(pa.Table.from_pandas(mine), corpus, excerpts)]
        assert len(found) <= 3
        assert corpus.held[found].all()
        assert len({corpus.document[w] for w in found}) == len(found)
        # Limits come from bins a quarter octave wide.
        share = np.array([(best < value).mean() for value in best[found]])
        assert (share >= low - 0.15).all()
        assert (share <= high + 0.15).all()


def learned(corpus: Corpus) -> npt.NDArray[np.int32]:
    """Tokens of the windows that are not held out, without BOS; -1 behind a window's end."""
    inside = np.arange(LENGTH) < corpus.lengths[:, None]
    found: npt.NDArray[np.int32] = np.where(inside, corpus.tokens, -1)[:, 1:][~corpus.held]
    return found


def test_the_token_table_holds_the_strongest_means(
    shards: dict[str, dict[str, pa.Table]], everything: Floats, corpus: Corpus
) -> None:
    tokens = learned(corpus)
    numbers, counts = np.unique(tokens[tokens >= 0], return_counts=True)
    frequent = numbers[counts >= 20]
    rows = shards["L000"]["Neuron.FIRES_ON_TOKEN.Token"].to_pandas()
    for neuron in (0, planted.WEEKDAYS_NEURON[1]):
        for pole in (1, -1):
            values = pole * everything[0][~corpus.held][:, :, neuron]
            means = {token: values[tokens == token].mean() for token in frequent}
            expected = sorted(means, key=lambda token: -means[token])[:4]
            mine = rows[(rows.start == f"tiny/L0/N{neuron}") & (rows.pole == pole)]
            assert [int(end.rpartition("/T")[2]) for end in mine.end] == expected
            np.testing.assert_allclose(mine["mean"], [means[t] for t in expected], rtol=1e-4)
            np.testing.assert_allclose(mine["max"], [values[tokens == t].max() for t in expected], rtol=1e-5)
            assert mine.n.tolist() == [int((tokens == t).sum()) for t in expected]


def test_the_whole_token_table_stays_in_the_bundle(
    shards: dict[str, dict[str, pa.Table]], everything: Floats, corpus: Corpus
) -> None:
    tokens = learned(corpus)
    numbers, counts = np.unique(tokens[tokens >= 0], return_counts=True)
    for layer in range(2):
        rows = shards[f"L{layer:03d}"]["TokenActivations"].to_pandas()
        assert set(rows.layer) == {layer}
        assert [int(token.rpartition("/T")[2]) for token in rows.token] == numbers[counts >= 20].tolist()
        for row in rows.itertuples():
            seen = everything[layer][~corpus.held][tokens == int(row.token.rpartition("/T")[2])]
            assert row.n == len(seen)
            np.testing.assert_allclose(row.mean, seen.mean(0), rtol=1e-4, atol=1e-7)
            np.testing.assert_allclose(row.min, seen.min(0), rtol=1e-5, atol=1e-8)
            np.testing.assert_allclose(row.max, seen.max(0), rtol=1e-5, atol=1e-8)


def test_what_is_seen_does_not_depend_on_the_length_of_windows(
    shards: dict[str, dict[str, pa.Table]], model: Path, corpus: Corpus, tmp_path: Path
) -> None:
    """Each token once, at whatever length the corpus is cut."""
    texts = corpus.folder.parent / "texts.jsonl"
    lines = texts.read_text().splitlines()
    counts = []
    for length in (9, 23, 64):
        cut = Corpus.build(
            read_documents(texts),
            Tokenizer.open(model),
            tmp_path / str(length),
            {"length": length, "similarity": None},
        )
        found = made(opened(model, cut, tmp_path / "work", least=1))
        table = found["L000"]["TokenActivations"]
        counts.append((table["token"].to_pylist(), table["n"].to_pylist()))
        assert set(found["L000"]["Stats"]["n"].to_pylist()) == {cut.summary.tokens}
        assert cut.summary.tokens == sum(len(json.loads(line)["text"].split()) for line in lines)
    assert counts[0] == counts[1] == counts[2]


def test_short_texts_have_statistics(model: Path, tmp_path: Path) -> None:
    """All shorter than a window, and one of a single token."""
    words = [token.removeprefix("▁") for token in planted.TOKENS if token.startswith("▁")]
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(words, n)) for n in (1, *rng.integers(2, 40, 30))]
    (tmp_path / "t.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    corpus = Corpus.build(read_documents(tmp_path / "t.jsonl"), Tokenizer.open(model), tmp_path / "corpus")
    assert corpus.summary.padded == len(corpus)
    job = opened(model, corpus, tmp_path / "work")
    stats = made(job)["L001"]["Stats"]
    assert set(stats["n"].to_pylist()) == {corpus.summary.tokens}
    values = [
        job.live.capture(torch.from_numpy(corpus.tokens[[w], :n].astype(np.int64)))[1, "hidden"][0, 1:].numpy()
        for w, n in enumerate(corpus.lengths.tolist())
    ]
    for row in stats.to_pylist():
        mine = row["pole"] * np.concatenate(values)[:, int(row["id"].split("/N")[1].split("/")[0])]
        assert (row["min"], row["max"]) == pytest.approx((mine.min(), mine.max()), abs=1e-5)
        assert row["mean"] == pytest.approx(mine.mean(), abs=1e-5)


def test_batches_do_not_change_examples(
    shards: dict[str, dict[str, pa.Table]], model: Path, corpus: Corpus, tmp_path: Path
) -> None:
    other = made(opened(model, corpus, tmp_path, batch=13))
    for name in ("L000", "L001"):
        one, two = (found[name]["Neuron.FIRES_ON.Excerpt"] for found in (shards, other))
        assert one.drop_columns(["activation", "levels", "unit"]) == two.drop_columns(["activation", "levels", "unit"])


CODE = """
import json, sys, time
from pathlib import Path
from neuronkb.ingest.activations.job import ActivationsJob
from neuronkb.ingest.corpus import Corpus
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests.ingest.activations.test_job import SETTINGS
model, corpus, work = map(Path, sys.argv[1:4])
live = LiveModel.open(model, dtype="float32", device="cpu")
job = ActivationsJob.open(live, Corpus.open(corpus), work, settings={**SETTINGS, **json.loads(sys.argv[4])})
def tell(step, done, total):
    print(step, done, flush=True)
    time.sleep(0.05)
for name, tables in job.shards(progress=tell):
    pass
"""


def kill(model: Path, corpus: Corpus, work: Path, moment: str, **more: object) -> None:
    """Begin a pass and kill it when it says `moment`."""
    command = [sys.executable, "-c", CODE, str(model), str(corpus.folder), str(work), json.dumps(more)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == moment:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize(
    "moment", ["reading windows 72", pytest.param("drawing windows of the bands 8", marks=pytest.mark.long)]
)
def test_killed_and_resumed_it_gives_the_same(
    shards: dict[str, dict[str, pa.Table]], model: Path, corpus: Corpus, tmp_path: Path, moment: str
) -> None:
    kill(model, corpus, tmp_path, moment)
    job = opened(model, corpus, tmp_path)
    steps: list[tuple[str, int]] = []
    found = dict(job.shards(progress=lambda step, done, total: steps.append((step, done))))
    assert steps[0] != ("reading windows", 0)
    assert found == shards
    assert not list(tmp_path.glob("*.safetensors"))


def test_the_state_of_a_pass_that_kept_less_is_begun_anew(
    shards: dict[str, dict[str, pa.Table]], model: Path, corpus: Corpus, tmp_path: Path
) -> None:
    job = opened(model, corpus, tmp_path)
    kept = {f"{layer.layer}:{name}": t for layer in job.new_layers() for name, t in layer.tensors().items()}
    older = {name: tensor for name, tensor in kept.items() if "signs" not in name}
    assert len(older) < len(kept)
    save_state(tmp_path / f"{job.run.id}.safetensors", older, {"stage": "0", "position": "32"})
    assert made(job) == shards


def test_what_is_done_is_left_out(model: Path, corpus: Corpus, tmp_path: Path) -> None:
    job = opened(model, corpus, tmp_path)
    steps: list[str] = []

    def tell(step: str, done: int, total: int) -> None:
        steps.append(step)

    assert dict(job.shards(done={"vocabulary", "excerpts", "L000", "L001"}, progress=tell)) == {}
    assert steps == []
    assert set(dict(job.shards(done={"vocabulary", "L000"}, progress=tell))) == {"excerpts", "L001"}
    assert "reading windows" in steps
    assert job.summary(["L000"])["layers"] == [0]


def test_other_tokens_and_long_windows_are_refused(model: Path, corpus: Corpus, tmp_path: Path) -> None:
    live = LiveModel.open(model, dtype="float32", device="cpu")
    with pytest.raises(ModelError, match="no layer 9"):
        ActivationsJob.open(live, corpus, tmp_path, layers=[9])
    with pytest.raises(ModelError, match="k is 0, expected 1 to 100"):
        ActivationsJob.open(live, corpus, tmp_path, settings={"k": 0})
    live.model.config.max_position_embeddings = 8
    with pytest.raises(ModelError, match="windows of 16 tokens do not fit the model's context of 8"):
        ActivationsJob.open(live, corpus, tmp_path)


def test_activations_that_are_not_finite_are_named(model: Path, corpus: Corpus, tmp_path: Path) -> None:
    job = opened(model, corpus, tmp_path)
    job.live.model.model.layers[1].mlp.up_proj.weight[4] = float("nan")
    with pytest.raises(ModelError, match=r"layer 1: neuron 4 has activations that are not finite in windows 0 to 7"):
        made(job)

"""A layer's decoding: planted neurons, statistics against brute force, odd rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from neuronkb.ingest.lm_head.decode import Decoding, decode_layer, decode_rows
from neuronkb.ingest.lm_head.settings import Settings
from neuronkb.ingest.lm_head.unembedding import Unembedding
from neuronkb.ingest.subject.layer_weights import LayerWeights
from neuronkb.ingest.subject.norm import Norm
from neuronkb.schema import ModelError

PRECISIONS = ("int8", "bf16", "fp32")


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def skewed(n: int = 5000, width: int = 48) -> torch.Tensor:
    """An unembedding whose projections are neither centred nor symmetric."""
    return (random(n, width).exp() * torch.linspace(0.5, 1.5, width) - 0.7).bfloat16()


def decode(rows: torch.Tensor, matrix: torch.Tensor, **changes: object) -> Decoding:
    return decode_rows(rows.double(), Unembedding.of(matrix), Settings.of(changes))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_statistics_against_brute_force(precision: str, scale: float) -> None:
    rows, matrix = random(70, 48, seed=1).double() * scale, skewed()
    found = decode(rows, matrix, precision=precision)
    logits = (rows @ matrix.double().T).numpy()
    centred = logits - logits.mean(1, keepdims=True)
    std = centred.std(1)
    # Rows of 48 numbers: int8 is for wider ones unless asked for.
    loose = {"int8": 0.02, "bf16": 0.01, "fp32": 1e-4}[precision]
    got = found.moments
    np.testing.assert_allclose(found.norm, np.linalg.norm(rows, axis=1), rtol=1e-12)
    np.testing.assert_allclose(got.mean, logits.mean(1), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(got.std, std, rtol=1e-9)
    for power, value in ((3, got.skewness), (4, got.kurtosis + 3)):
        expected = (centred**power).mean(1) / std**power
        np.testing.assert_allclose(value, expected, rtol=loose, atol=loose)
    for end, sign in ((0, 1), (1, -1)):
        top = (sign * logits).max(1, keepdims=True)
        weights = np.exp(sign * logits - top)
        logsumexp = np.log(weights.sum(1)) + top[:, 0]
        entropy = logsumexp - (weights * sign * logits).sum(1) / weights.sum(1)
        # The bound of a score times the row's length; the top tokens' own terms are exact.
        longest = float(matrix.double().norm(dim=1).max())
        bound = {"int8": 0.03, "bf16": 0.004, "fp32": 1e-5}[precision] * longest * found.norm.numpy()
        assert (np.abs(got.logsumexp[:, end].numpy() - logsumexp) <= bound + 1e-5).all()
        np.testing.assert_allclose(got.entropy[:, end], entropy, atol=0.2 if scale > 1 else loose)


def test_a_dominant_top_token_has_its_exact_probability() -> None:
    """bf16 alone would put a logit of 200 off by up to 1."""
    matrix = random(3000, 64, seed=2).bfloat16()
    rows = matrix[:5].double() * 3.3
    found = decode(rows, matrix, precision="bf16")
    exact = (rows @ matrix.double().T).softmax(1)
    got = (found.logits[:, 0] - found.moments.logsumexp[:, :1]).exp()
    torch.testing.assert_close(got[:, 0], exact[torch.arange(5), torch.arange(5)], rtol=1e-4, atol=0)
    assert (exact[torch.arange(5), torch.arange(5)] > 0.9).all()


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("convention", ["folded", "raw"])
def test_planted_neurons_decode_to_their_tokens(precision: str, convention: str) -> None:
    """Rows made so that, once folded, they are rows of the unembedding."""
    matrix = random(400, 32, seed=3)
    gain = random(32, seed=4).abs() + 0.5
    final = random(32, seed=5).abs() + 0.5
    rms, post, last = Norm("rms", gain.double()), Norm("rms1p", gain.double()), Norm("rms", final.double())
    tokens = torch.tensor([5, 77, 399])
    read = matrix[tokens] / gain if convention == "folded" else matrix[tokens]
    write = -matrix[tokens] / gain / final if convention == "folded" else -matrix[tokens]
    weights = LayerWeights(0, {"gate": 2 * read, "up": read, "down": write}, rms, post, last)
    found = decode_layer(
        weights, Unembedding.of(matrix), Settings.of({"convention": convention, "precision": precision})
    )
    assert found.projections["gate"].tokens[:, 0, 0].tolist() == tokens.tolist()
    assert found.projections["up"].tokens[:, 0, 0].tolist() == tokens.tolist()
    assert found.projections["down"].tokens[:, 1, 0].tolist() == tokens.tolist()
    lengths = matrix[tokens].double().square().sum(1)
    torch.testing.assert_close(found.projections["gate"].logits[:, 0, 0], 2 * lengths, rtol=1e-6, atol=0)
    torch.testing.assert_close(found.projections["down"].logits[:, 1, 0], lengths, rtol=1e-6, atol=0)


def test_layer_norm_centres_the_row() -> None:
    """A row that only adds a constant to all dimensions is invisible through LayerNorm."""
    norm = Norm("layer", torch.ones(8).double())
    constant = torch.ones(1, 8)
    weights = LayerWeights(0, {"up": constant, "down": constant}, norm, None, norm)
    unembedding = Unembedding.of(random(30, 8))
    folded = decode_layer(weights, unembedding, Settings(convention="folded"))
    assert folded.projections["up"].norm.item() == folded.projections["down"].norm.item() == 0
    raw = decode_layer(weights, unembedding, Settings(convention="raw"))
    assert raw.projections["up"].norm.item() == pytest.approx(8**0.5)


def test_blocks_do_not_change_the_result() -> None:
    rows, matrix = random(100, 48, seed=1), skewed()
    told: list[int] = []
    whole = decode(rows, matrix)
    pieces = decode_rows(rows.double(), Unembedding.of(matrix), Settings(buffer=1), told.append)
    assert torch.equal(whole.tokens, pieces.tokens)
    assert torch.equal(whole.logits, pieces.logits)
    torch.testing.assert_close(whole.moments.logsumexp, pieces.moments.logsumexp, rtol=1e-6, atol=1e-6)
    assert told == [16] * 6 + [4]


def test_a_zero_row_among_others() -> None:
    rows = random(5, 48, seed=1)
    rows[2] = 0
    found = decode(rows, skewed(), k=3)
    assert found.tokens[2].tolist() == [[0, 1, 2], [0, 1, 2]]
    assert found.logits[2].abs().sum() == 0
    assert found.norm[2] == found.moments.std[2] == 0
    assert found.moments.kurtosis[2].isnan()
    np.testing.assert_allclose(found.moments.logsumexp[2], np.log(5000))
    np.testing.assert_allclose(found.moments.entropy[2], np.log(5000))
    others = [0, 1, 3, 4]
    alone = decode(rows[others], skewed(), k=3)
    assert torch.equal(found.tokens[others], alone.tokens)


def test_fewer_tokens_than_asked_for() -> None:
    found = decode(random(3, 8), random(4, 8, seed=1), k=10)
    assert found.tokens.shape == (3, 2, 4)


def test_only_ranked_tokens_are_found_under_their_own_ids() -> None:
    matrix, ids = random(60, 16), np.arange(0, 60, 3)
    rows = random(7, 16, seed=1)
    part = Unembedding.of(matrix[ids], ids)
    found = decode_rows(rows.double(), part, Settings(k=4))
    logits = rows.double() @ matrix[ids].double().T
    assert torch.equal(found.tokens[:, 0], torch.from_numpy(ids)[logits.topk(4).indices])


def test_coherence_and_distinct_by_hand() -> None:
    """Mean row 0; the top three of the row are e1, e1 and e2: cosines 1, 0 and 0."""
    axes = torch.eye(3)
    matrix = torch.cat([axes[[0, 0, 1]], -axes[[0, 0, 1]]])
    words = np.array([4, 4, -1, 5, 6, 7])
    found = decode_rows(torch.tensor([[3.0, 2.0, 0.0]]).double(), Unembedding.of(matrix, None, words), Settings(k=3))
    assert found.tokens.tolist() == [[[0, 1, 2], [3, 4, 5]]]
    np.testing.assert_allclose(found.coherence, [[1 / 3, 1 / 3]], atol=1e-6)
    assert found.distinct.tolist() == [[1, 3]]


def test_without_statistics() -> None:
    rows, matrix = random(20, 48, seed=1), skewed()
    bare, full = decode(rows, matrix, statistics=False), decode(rows, matrix)
    assert torch.equal(bare.tokens, full.tokens)
    assert torch.equal(bare.moments.std, full.moments.std)
    assert bare.moments.logsumexp.isnan().all()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(value: float) -> None:
    rows = random(4, 8)
    rows[3, 1] = value
    weights = LayerWeights(7, {"up": rows, "down": random(4, 8)}, None, None, None)
    with pytest.raises(ModelError, match="layer 7: up row 3 is not finite"):
        decode_layer(weights, Unembedding.of(random(9, 8)), Settings())
    broken = random(9, 8)
    broken[1, 1] = value
    with pytest.raises(ModelError, match="unembedding holds values that are not finite"):
        Unembedding.of(broken)


def test_a_row_of_another_width() -> None:
    weights = LayerWeights(0, {"up": random(4, 8), "down": random(4, 8)}, None, None, None)
    with pytest.raises(ModelError, match="rows are 8 wide, the unembedding is 9 wide"):
        decode_layer(weights, Unembedding.of(random(9, 9)), Settings())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"k": 0}, "k is 0"),
        ({"convention": "folder"}, "expected one of folded, raw"),
        ({"precision": "int4"}, "expected one of auto, int8, bf16, fp32"),
        ({"top": 3}, "unknown setting 'top'.*known: k, convention"),
    ],
)
def test_settings_that_are_wrong(given: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Settings.of(given)


@pytest.mark.parametrize("scale", [1e-3, 0.02, 0.05, 0.3, 3.0])
def test_exponential_sums_from_the_power_series_or_term_by_term_agree_with_float64(scale: float) -> None:
    generator = torch.Generator().manual_seed(3)
    unembedding = Unembedding.of(torch.randn(9000, 24, generator=generator) + 0.1)
    rows = torch.randn(40, 24, generator=generator, dtype=torch.float64) * scale
    rows[7] *= 40  # one row among the others that the series does not serve
    found = decode_rows(rows, unembedding, Settings(k=3, precision="fp32")).moments
    logits = rows @ unembedding.rows.double().T
    for place, sign in enumerate((1, -1)):
        log_p = (sign * logits).log_softmax(1)
        torch.testing.assert_close(found.logsumexp[:, place], (sign * logits).logsumexp(1), rtol=1e-5, atol=3e-5)
        torch.testing.assert_close(found.entropy[:, place], -(log_p.exp() * log_p).sum(1), rtol=1e-4, atol=1e-4)

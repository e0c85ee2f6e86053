import pytest
import torch
from neuronkb.ingest.probes.metrics import best, evaluate
from neuronkb.ingest.probes.one_sparse import one_sparse
from neuronkb.ingest.probes.rotation import Kind, rotated


def test_orthogonal_directions_keep_every_distance() -> None:
    X = torch.randn(20, 50)
    assert torch.allclose(torch.cdist(X, X), torch.cdist(rotated(X, 3), rotated(X, 3)), atol=1e-4)


@pytest.mark.parametrize("kind", ["orthogonal", "gaussian"])
def test_directions_have_length_one_and_belong_to_the_seed(kind: Kind) -> None:
    X = torch.eye(30)
    directions = rotated(X, 3, kind)
    assert torch.allclose(directions.norm(dim=0), torch.ones(30), atol=1e-5)
    assert torch.equal(directions, rotated(X, 3, kind))
    assert not torch.equal(directions, rotated(X, 4, kind))
    # Uniform over the sphere has no preferred sign, also on the diagonal.
    signs = torch.stack([rotated(torch.eye(6), seed, kind).diagonal().sign() for seed in range(200)])
    assert signs.mean(0).abs().max() < 0.3


def test_a_planted_neuron_beats_the_best_of_as_many_directions() -> None:
    torch.manual_seed(0)
    labels = (torch.rand(600, 1) < 0.3).to(torch.int8)
    X = torch.randn(600, 40)
    X[:, 7] += 4 * labels[:, 0]
    scores = []
    for values in (X, rotated(X, 0)):
        fits = one_sparse(values[:200], labels[:200])
        choose, report = (evaluate(values[part], labels[part], fits) for part in (slice(200, 400), slice(400, 600)))
        scores.append(best(choose, report))
    assert scores[0].neuron.item() == 7
    assert scores[0].reported.item() > 0.9 > scores[1].reported.item()

"""How much each neuron alone says of each feature: `[n_features, n_neurons]`, larger is more."""

from __future__ import annotations

import torch

from .classes import Classes, each, rows
from .moments import ClassMoments

BINS = 32


def mean_difference(moments: ClassMoments) -> torch.Tensor:
    """|mean with the feature - mean without|, float64."""
    return (moments.mean[:, 1] - moments.mean[:, 0]).abs()


def f_statistic(moments: ClassMoments) -> torch.Tensor:
    """Variance between the two classes over variance within (one-way analysis of variance), float64.

    As scikit-learn's f_classif, but 0 where a neuron never varies (there NaN); infinite where it varies between the
    classes only.
    """
    count = moments.count.double()[:, :, None]
    n = count.sum(1)
    between = count.prod(1) / n * mean_difference(moments) ** 2
    within = (count * moments.variance).sum(1) / (n - 2).clamp(min=1)
    return torch.where(between == 0, 0.0, between / within)


def mutual_information(X: torch.Tensor, labels: torch.Tensor, bins: int = BINS) -> torch.Tensor:
    """Mutual information of feature and neuron in nats, float64, at least 0.

    The plug-in estimate on `bins` quantile bins of the points used (equal values share a bin), with Miller and
    Madow's correction of its bias: (cells - bins - 1) / (2 n), counting those that are occupied. Counts are exact.
    Binning can only lose information, so of smooth densities this lies a little below the nearest-neighbour estimate
    of scikit-learn's mutual_info_classif, whose noise it lacks: in the tests the two are within 0.03 nats at n = 4,000.
    """
    classes = Classes.of(X, labels)
    found = torch.empty(len(classes.count), X.shape[1], dtype=torch.float64, device=X.device)
    for points, features in classes.groups():
        masks = torch.cat([classes.negative[features][:, points], classes.positive[features][:, points]]).T.contiguous()

        def work(part: slice, points: torch.Tensor = points, masks: torch.Tensor = masks) -> torch.Tensor:
            cells = _cells(rows(X, part, points), masks, bins)
            return _information(cells.view(len(cells), bins, 2, -1)).T

        for part, information in each(work, X.shape[1], bins * len(points), X.device):
            found[features, part] = information
    return found


def random_ranking(n_features: int, n_neurons: int, seed: int) -> torch.Tensor:
    """Scores that know nothing: what a ranking must beat. float64, uniform."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n_features, n_neurons, dtype=torch.float64, generator=generator)


def _cells(x: torch.Tensor, masks: torch.Tensor, bins: int) -> torch.Tensor:
    """Points of each mask `[n, n_masks]` in each quantile bin of each row of x: float64 `[n_rows, bins, n_masks]`.

    A bin's points are those that reach its lower edge less those that reach the next one's.
    """
    n = x.shape[1]
    places = torch.arange(1, bins, device=x.device) * n // bins
    edges = x.sort(dim=1).values[:, places]
    reach = torch.empty(len(x), bins - 1, n, device=x.device)
    reach = torch.ge(x[:, None], edges[:, :, None], out=reach) @ masks
    everything = masks.sum(0).expand(len(x), 1, -1)
    steps = torch.cat([everything, reach, torch.zeros_like(everything)], dim=1).double()
    return steps[:, :-1] - steps[:, 1:]


def _information(cells: torch.Tensor) -> torch.Tensor:
    """From counts `[n_rows, bins, 2, n_features]`: `[n_rows, n_features]`."""
    by_bin, by_class = cells.sum(2, keepdim=True), cells.sum(1, keepdim=True)
    n = by_class.sum(2, keepdim=True)
    plain = (torch.xlogy(cells, cells * n) - torch.xlogy(cells, by_bin * by_class)).sum((1, 2)) / n[:, 0, 0]
    occupied, bins = (cells > 0).sum((1, 2)), (by_bin > 0).sum((1, 2))
    return (plain - (occupied - bins - 1) / (2 * n[:, 0, 0])).clamp(min=0.0)

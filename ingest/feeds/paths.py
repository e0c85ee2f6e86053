"""The weight of the path from one neuron to a later one through the residual stream."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..similar.kept import Kept, room
from ..similar.shuffled import seed_of, shuffled
from ..subject.experts import MlpParts, read_mlp
from ..subject.layer_weights import LayerWeights
from ..subject.subject import Subject

Through = str
"""gate or up: which row of the later neuron reads."""


@dataclass
class Paths:
    """Weights of the paths between the layers of one model.

    A neuron with hidden value h adds h times its down column to the stream, after the norm behind the MLP where the
    family has one (`g_post * column`). A later MLP reads the stream through the norm before it, so its gate or up row
    w gains h times

        weight = w . (g_pre * P(g_post * column))

    with P the centring of a LayerNorm (nothing for RMSNorm), and 1 + weight as Gemma's gains. The folding stands on
    the column's side, so that rows are multiplied as they are stored. Left out: what the norms divide by, which
    depends on the token and is one number for all neurons that read there; everything that other blocks make of the
    stream in between; biases, which no neuron brings. Of a mixture of experts each expert stands for itself: whether a
    token reaches both neurons, and the weights that the routers give their experts, are left out too.
    """

    subject: Subject
    device: torch.device
    seed: int = 0

    def __post_init__(self) -> None:
        self._kept = Kept(room(self.device))
        self._layers: dict[int, LayerWeights] = {}
        self._mlps = self.subject.architecture.mlps
        self._first: dict[int, int] = {}
        for number, mlp in enumerate(self._mlps):
            self._first.setdefault(mlp.at.layer, number)

    @property
    def mlps(self) -> tuple[MlpParts, ...]:
        """One a layer; of a mixture every expert of each. `start` and `end` are numbers of these."""
        return self._mlps

    @property
    def width(self) -> int:
        """Neurons of the widest."""
        return max(mlp.d_mlp for mlp in self.mlps)

    def before(self, number: int) -> range:
        """The MLPs of earlier layers than this one's."""
        return range(self._first[self.mlps[number].at.layer])

    def after(self, number: int) -> range:
        """The MLPs of later layers."""
        return range(self._first.get(self.mlps[number].at.layer + 1, len(self.mlps)), len(self.mlps))

    @property
    def through(self) -> tuple[Through, ...]:
        """gate and up; up alone in an ungated model."""
        return tuple(name for name in self.subject.architecture.projections if name != "down")

    def sent(self, start: int, end: int) -> torch.Tensor:
        """What the neurons of MLP `start` send to the rows of MLP `end`: float64 `[its neurons, d_model]`."""
        written, norm = self._written(start), self._weights(end).pre_norm
        return written if norm is None else norm.write_side(written.cpu()).to(self.device)

    def rows(self, end: int, through: Through) -> torch.Tensor:
        """The rows that read: float32 `[its neurons, d_model]`, exact unless they are stored as float64."""
        return self._kept.get(("rows", end, through), lambda: self._row(end, through))

    def shuffled(self, end: int, through: Through) -> torch.Tensor:
        """The control's rows, each as long as the row in its place: column-shuffled (`similar.shuffled`)."""
        return self._kept.get(("shuffled", end, through), lambda: self._mixed(end, through))

    def _mixed(self, end: int, through: Through) -> torch.Tensor:
        rows = self.rows(end, through)
        mixed = shuffled(rows, seed_of(self.seed, 0, end, self.through.index(through)))
        longer = rows.norm(dim=1, keepdim=True) / mixed.norm(dim=1, keepdim=True).clamp(min=1e-30)
        return mixed.mul_(longer)

    def _row(self, end: int, through: Through) -> torch.Tensor:
        return self._weights(end).rows[through].to(self.device, torch.float32)

    def _written(self, start: int) -> torch.Tensor:
        def make() -> torch.Tensor:
            weights = self._weights(start)
            rows = weights.rows["down"].double()
            return (rows if weights.post_norm is None else weights.post_norm.write_side(rows)).to(self.device)

        return self._kept.get(("written", start), make)

    def _weights(self, layer: int) -> LayerWeights:
        if layer not in self._layers:
            # Two MLPs are at work at a time.
            while len(self._layers) > 1:
                self._layers.pop(next(iter(self._layers)))
            self._layers[layer] = read_mlp(self.subject.checkpoint, self.subject.architecture, self._mlps[layer])
        return self._layers[layer]

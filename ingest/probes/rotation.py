"""A control for single neurons: as many random directions of the same layer."""

from __future__ import annotations

from typing import Literal

import torch

Kind = Literal["orthogonal", "gaussian"]


def rotated(X: torch.Tensor, seed: int, kind: Kind = "orthogonal") -> torch.Tensor:
    """X Q of X `[n, n_neurons]`, float32: as many random directions as there are neurons.

    `orthogonal`: Q is uniform among the rotations and reflections (the Q of a Gaussian matrix, columns signed by R),
    so no information is lost and distances stay. `gaussian`: its columns are Gaussian of length 1, drawn
    independently, which costs n_neurons^2 less than the cube; the directions overlap a little.

    Rotate what the probes see: of X divided by its scale every neuron weighs the same, of raw X the loud ones lead.
    The same seed gives the same directions for the points fitted, chosen and reported on; draws are made on the CPU.
    """
    generator = torch.Generator().manual_seed(seed)
    n = X.shape[1]
    directions = torch.randn(n, n, generator=generator).to(X.device)
    if kind == "gaussian":
        directions /= directions.norm(dim=0)
    else:
        directions, upper = torch.linalg.qr(directions)
        directions *= upper.diagonal().sign()
    return X.float() @ directions

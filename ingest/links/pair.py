"""A base and its fine-tune side by side: shapes compared, tokens matched, layers read together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...schema import POLES, LinkError
from ..lm_head.convention import decoded_rows
from ..lm_head.decode import decode_rows
from ..lm_head.identity import ranked_tokens
from ..lm_head.settings import Settings
from ..lm_head.unembedding import Unembedding
from ..subject.experts import MlpParts, read_mlp
from ..subject.layer_weights import LayerWeights, read_layer
from ..subject.vocabulary import shared_ids

if TYPE_CHECKING:
    import torch

    from ..subject.subject import Subject


@dataclass(frozen=True)
class Decoded:
    """One of the two models, and the lm-head run that decoded it."""

    subject: Subject
    run: str


@dataclass(frozen=True)
class Pair:
    """Two models of one shape, decoded alike."""

    base: Decoded
    tuned: Decoded
    settings: Settings
    """How both were decoded."""

    def check(self) -> None:
        """Raise LinkError unless the two have the same shape."""
        one, two = self.base.subject, self.tuned.subject
        for what in ("n_layers", "d_model", "d_mlp", "gated"):
            a, b = getattr(one.architecture, what), getattr(two.architecture, what)
            if a != b:
                raise LinkError(
                    f"{two.name!r} cannot be a fine-tune of {one.name!r}: {what} is {b} there and {a} in the base"
                )
        shapes = [[(mlp.at, mlp.d_mlp) for mlp in side.architecture.mlps] for side in (one, two)]
        if shapes[0] != shapes[1]:
            raise LinkError(f"{two.name!r} cannot be a fine-tune of {one.name!r}: its layers have other experts")

    @property
    def n_layers(self) -> int:
        """Layers of either."""
        return self.base.subject.architecture.n_layers

    @property
    def mlps(self) -> tuple[MlpParts, ...]:
        """The MLPs of either: one a layer, or every expert of each."""
        return self.base.subject.architecture.mlps

    def layer(self, layer: int) -> tuple[LayerWeights, LayerWeights]:
        """One layer of a dense base and of its fine-tune. Raises ModelError for a mixture of experts."""
        one, two = (read_layer(d.subject.checkpoint, d.subject.architecture, layer) for d in (self.base, self.tuned))
        return one, two

    def mlp(self, number: int) -> tuple[LayerWeights, LayerWeights]:
        """The MLP of this number, of `mlps`, in the base and in the fine-tune."""
        sides = (side.subject for side in (self.base, self.tuned))
        one, two = (read_mlp(s.checkpoint, s.architecture, s.architecture.mlps[number]) for s in sides)
        return one, two

    @cached_property
    def shared(self) -> dict[int, int] | None:
        """Fine-tune's token number -> the base's, of tokens that write the same bytes; None when all are the same."""
        one, two = self.base.subject.vocabulary, self.tuned.subject.vocabulary
        if one.hash == two.hash:
            return None
        ids = shared_ids(one, two).tolist()
        if len(ids) < min(len(one.pieces), len(two.pieces)) // 2:
            raise LinkError(
                f"{self.tuned.subject.name!r} and {self.base.subject.name!r} share {len(ids)} of "
                f"{len(one.pieces)} tokens; a fine-tune keeps its base's tokenizer, apart from added tokens"
            )
        return dict(zip(ids, ids, strict=True))

    @cached_property
    def same_readout(self) -> bool:
        """Whether unembedding, ranked tokens and norms are equal, so that the rows alone decide."""
        one, two = self.base.subject, self.tuned.subject
        names = [s.architecture.unembedding for s in (one, two)]
        same = one.checkpoint.digest(names[0]) == two.checkpoint.digest(names[1])
        return same and one.vocabulary.hash == two.vocabulary.hash and self._same_norms()

    def _same_norms(self) -> bool:
        def digests(subject: Subject) -> list[str | None]:
            names = [subject.architecture.final_norm]
            for mlp in subject.architecture.mlps:
                names += [mlp.parts.pre_norm, mlp.parts.post_norm]
            held = subject.checkpoint.tensors  # a norm without a weight has nothing to differ in
            return [subject.checkpoint.digest(name) if name is not None and name in held else name for name in names]

        return digests(self.base.subject) == digests(self.tuned.subject)

    @cached_property
    def unembedding(self) -> Unembedding:
        """The base's, over the tokens it ranked."""
        return ranked_unembedding(self.base.subject, self.settings)

    def first_tokens(self, base: LayerWeights, projection: str, rows: torch.Tensor) -> dict[int, NDArray[np.int64]]:
        """Pole -> strongest token `[n]` of other rows `[n, d_model]`, read as the base's layer reads its own."""
        settings = replace(self.settings, k=1, statistics=False)
        folded = decoded_rows(replace(base, rows={projection: rows}), projection, settings.convention)
        tokens = decode_rows(folded, self.unembedding, settings).tokens[:, :, 0].numpy()
        return {pole: tokens[:, place] for place, pole in enumerate(POLES)}


def ranked_unembedding(subject: Subject, settings: Settings) -> Unembedding:
    """A model's unembedding over the tokens that `settings` rank; its words are not told apart."""
    ranked = ranked_tokens(subject.vocabulary, settings)
    nameless = np.arange(len(subject.vocabulary))
    return Unembedding.read(subject.checkpoint, subject.architecture.unembedding, ranked, nameless, settings.device)

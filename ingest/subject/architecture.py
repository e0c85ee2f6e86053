"""Finds the parts of a causal language model among its tensors, by name and shape."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ...schema import MlpId, ModelError
from .blocks import find_blocks
from .checkpoint import Checkpoint
from .experts import EXPERTS, Mixture, MlpParts, find_mixture
from .layer_parts import LayerParts, find_layer
from .names import EMBEDDINGS, FINAL_NORMS, UNEMBEDDINGS
from .wiring import find_wiring, read_through

if TYPE_CHECKING:
    from torch import nn

    from .skeleton import Skeleton

_IN_LAYER = re.compile(r"(?P<root>(?:.*?\.)?)(?P<index>[0-9]{1,9})\.(?P<rest>.+)")


@dataclass(frozen=True)
class Architecture:
    """Where a model's decoded parts lie. Names are tensor names in the checkpoint."""

    name: str
    """class name in the config, such as LlamaForCausalLM"""
    unembedding: str
    """`[d_vocab, d_model]`; the input embedding where the two are tied"""
    tied: bool
    final_norm: str | None
    """weight of the norm before the unembedding; None where the model has none (OPT with post-norms)"""
    layers: tuple[LayerParts, ...]
    """empty in a mixture of experts"""
    d_model: int
    d_mlp: int
    """neurons of a layer's MLP; of each expert that is chosen, in a mixture"""
    d_vocab: int
    gated: bool
    mixture: Mixture | None = None
    """the MLPs of a model with experts; None in a dense one"""
    between: str | None = None
    """a module between the final norm and the unembedding, by its path; the norms say nothing then"""

    @property
    def n_layers(self) -> int:
        return len(self.layers) if self.mixture is None else self.mixture.mlps[-1].at.layer + 1

    @cached_property
    def mlps(self) -> tuple[MlpParts, ...]:
        """Every MLP of the model, by layer."""
        if self.mixture is not None:
            return self.mixture.mlps
        return tuple(MlpParts(MlpId(layer), parts) for layer, parts in enumerate(self.layers))

    def mlp(self, layer: int, expert: int | None = None) -> MlpParts:
        """One MLP. Raises ModelError where there is none."""
        return self.mlps[self.number(layer, expert)]

    def number(self, layer: int, expert: int | None = None) -> int:
        """The place of an MLP among `mlps`. Raises ModelError where there is none."""
        at = MlpId(layer, expert)
        if at not in self._numbers:
            raise ModelError(
                f"no MLP {str(at)!r}: the model has {self.n_layers} layers, the last is {self.mlps[-1].at}"
            )
        return self._numbers[at]

    @cached_property
    def _numbers(self) -> dict[MlpId, int]:
        return {mlp.at: number for number, mlp in enumerate(self.mlps)}

    @property
    def norms(self) -> list[str]:
        """The names of all norms, each once, the final one first."""
        each = [name for mlp in self.mlps for name in (mlp.parts.pre_norm, mlp.parts.post_norm)]
        return [name for name in dict.fromkeys([self.final_norm, *each]) if name is not None]

    @property
    def projections(self) -> tuple[str, ...]:
        """gate, up, down; without the gate in an ungated model."""
        return ("gate", "up", "down") if self.gated else ("up", "down")


def find_architecture(checkpoint: Checkpoint) -> Architecture:
    """Find MLPs, norms and unembedding.

    Raises ModelError that says which part was not found: the model is not a causal language model with MLPs (a
    state-space model, an encoder), or its names are new to us.
    """
    name = _class_name(checkpoint)
    if (skeleton := _skeleton(checkpoint)) is not None:
        return _by_modules(checkpoint, skeleton, name)
    blocks = _blocks(checkpoint)
    head, tied = _unembedding(checkpoint) if checkpoint.skeleton is None else _head(checkpoint.skeleton)
    d_vocab, d_model = checkpoint.info(head).shape
    root, tensors = _main_stack(checkpoint, blocks)
    mixture = find_mixture(checkpoint, root, tensors, d_model)
    if mixture is not None and checkpoint.skeleton is not None:
        mixture = _normed(mixture, checkpoint.skeleton)
    layers = (
        () if mixture else tuple(find_layer(checkpoint, f"{root}{i}.", tensors[i], d_model) for i in sorted(tensors))
    )
    widths = {mixture.d_expert} if mixture else {layer.d_mlp for layer in layers}
    if len(widths) != 1:
        raise ModelError(f"{checkpoint.folder}: its layers' MLPs differ in width ({sorted(widths)}); expected one")
    each = [mlp.parts for mlp in mixture.mlps] if mixture else layers
    final = _final_norm(checkpoint, root, d_model)
    if final is None and each[0].pre_norm is not None:
        raise ModelError(f"{checkpoint.folder}: no final norm found beside {root!r} ({', '.join(FINAL_NORMS)})")
    gated = all(parts.gated for parts in each)
    return Architecture(name, head, tied, final, layers, d_model, widths.pop(), d_vocab, gated, mixture)


def _normed(mixture: Mixture, skeleton: Skeleton) -> Mixture:
    """With the norms that a layer's router, or a dense layer's MLP, is seen to read through."""
    readers = {router.layer: router.weight for router in mixture.routers}
    readers |= {mlp.at.layer: mlp.parts.up for mlp in mixture.mlps if mlp.at.expert is None}
    names: dict[int, str] = {}
    for layer, stored in readers.items():
        home = skeleton.homes.get(stored)
        try:
            norm = None if home is None else read_through(skeleton, skeleton.model.get_submodule(home))
        except ModelError:  # it does not run without numbers: names are all there is
            return mixture
        if (name := _norm_name(skeleton, norm)) is not None:
            names[layer] = name
    return mixture.reading(names)


def _skeleton(checkpoint: Checkpoint) -> Skeleton | None:
    """The modules; not yet those of experts, which are found by their names."""
    return None if any(map(EXPERTS.search, checkpoint.tensors)) else checkpoint.skeleton


def _by_modules(checkpoint: Checkpoint, skeleton: Skeleton, name: str) -> Architecture:
    """The parts as the running model has them, each with the tensor that is stored of it."""
    head = skeleton.head
    try:
        blocks = find_blocks(skeleton.model)
        wiring = find_wiring(skeleton, blocks, head)
    except ModelError as error:
        raise ModelError(f"{checkpoint.folder / 'config.json'}: {error}") from None
    unembedding, tied = _head(skeleton)
    d_vocab, d_model = checkpoint.info(unembedding).shape
    if d_model != skeleton.d_model:
        raise ModelError(
            f"{checkpoint.folder}: {unembedding} reads {d_model} numbers and the layers write {skeleton.d_model}; "
            "expected as many"
        )
    layers = tuple(
        LayerParts(
            None if block.gate is None else _stored(skeleton, block.gate),
            _stored(skeleton, block.up),
            _stored(skeleton, block.out),
            block.fused,
            type(block.out).__name__ == "Conv1D",
            _norm_name(skeleton, pre),
            _norm_name(skeleton, post),
            block.d_mlp,
        )
        for block, pre, post in zip(blocks, wiring.pre, wiring.post, strict=True)
    )
    widths = {layer.d_mlp for layer in layers}
    if len(widths) != 1:
        raise ModelError(f"{checkpoint.folder}: its layers' MLPs differ in width ({sorted(widths)}); expected one")
    final = _norm_name(skeleton, wiring.final)
    gated = all(layer.gated for layer in layers)
    sizes = d_model, widths.pop(), d_vocab
    return Architecture(name, unembedding, tied, final, layers, *sizes, gated, between=wiring.between)


def _head(skeleton: Skeleton) -> tuple[str, bool]:
    """The unembedding, and whether it is the embedding."""
    found = _stored(skeleton, skeleton.head)
    return found, found == skeleton.tensor(skeleton.model.get_input_embeddings())


def _stored(skeleton: Skeleton, module: nn.Module) -> str:
    """Raises ModelError where no tensor is stored as the module has it."""
    if (found := skeleton.tensor(module)) is None:
        held = skeleton.checkpoint.tensors
        some = ", ".join([*held][:3]) + (", ..." if len(held) > 3 else "")
        raise ModelError(
            f"{skeleton.checkpoint.folder}: no tensor of the right shape for {skeleton.path(module)}.weight of the "
            f"running model; expected a whole checkpoint of {type(skeleton.model).__name__}, this one holds {some}"
        )
    return found


def _norm_name(skeleton: Skeleton, module: nn.Module | None) -> str | None:
    return None if module is None else skeleton.tensor(module) or skeleton.path(module)


def _class_name(checkpoint: Checkpoint) -> str:
    names = checkpoint.config.get("architectures") or [str(checkpoint.config.get("model_type", "?"))]
    if not isinstance(names, list) or not isinstance(names[0], str):
        shown = str(names)[:60]
        raise ModelError(f"{checkpoint.folder / 'config.json'}: architectures is {shown!r}, expected a list of names")
    name = names[0]
    # Multimodal models nest a causal language model; sequence-to-sequence ones, with the same ending, do not.
    nested = "text_config" in checkpoint.config
    headless = name.endswith("Model") and not name.endswith("LMHeadModel")
    if "ForCausalLM" in name or "LMHeadModel" in name or nested or (headless and _decoder(checkpoint)):
        return name
    raise ModelError(
        f"{checkpoint.folder}: {name} is not a causal language model: no LM head to decode through; "
        "expected an architecture such as LlamaForCausalLM"
    )


def _decoder(checkpoint: Checkpoint) -> bool:
    """Whether a checkpoint saved without its head still has the tied embedding of a decoder."""
    return checkpoint.text_config.get("tie_word_embeddings") is True and any(
        key in checkpoint.text_config for key in ("rms_norm_eps", "layer_norm_epsilon")
    )


def _blocks(checkpoint: Checkpoint) -> Mapping[str, Mapping[int, dict[str, str]]]:
    """root -> layer -> name within the layer -> tensor name, for every numbered list of modules."""
    found: dict[str, dict[int, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for name in checkpoint.tensors:
        if match := _IN_LAYER.fullmatch(name):
            found[match["root"]][int(match["index"])][match["rest"]] = name
    return found


def _main_stack(
    checkpoint: Checkpoint, blocks: Mapping[str, Mapping[int, dict[str, str]]]
) -> tuple[str, Mapping[int, dict[str, str]]]:
    """The list of modules that is the language model's: as long as its config says, and not a vision tower's."""
    config = checkpoint.text_config
    wanted = config.get("num_hidden_layers", config.get("n_layer", config.get("num_layers")))
    stacks = [(root, layers) for root, layers in blocks.items() if wanted is None or len(layers) == wanted]
    stacks = [s for s in stacks if not re.search(r"vision|visual|audio|encoder\.layer\.", s[0])]
    if not stacks:
        raise ModelError(f"{checkpoint.folder}: no list of {wanted} transformer layers found among its tensors")
    root, layers = max(stacks, key=lambda stack: len(stack[1]))
    if sorted(layers) != list(range(len(layers))):
        raise ModelError(f"{checkpoint.folder}: layers {sorted(layers)} of {root!r} are not numbered from 0 on")
    return root, layers


def _unembedding(checkpoint: Checkpoint) -> tuple[str, bool]:
    tied = checkpoint.text_config.get("tie_word_embeddings", checkpoint.config.get("tie_word_embeddings"))
    head, embedding = _matrix(checkpoint, UNEMBEDDINGS), _matrix(checkpoint, EMBEDDINGS)
    if head is not None and (tied is not True or embedding is None):
        return head, False
    if embedding is not None and tied is not False:
        return embedding, True
    parts = UNEMBEDDINGS if tied is False else (*UNEMBEDDINGS, *EMBEDDINGS)
    raise ModelError(f"{checkpoint.folder}: no unembedding found (looked for {', '.join(parts)})")


def _matrix(checkpoint: Checkpoint, modules: tuple[str, ...]) -> str | None:
    """The matrix outside the layers whose module has one of these names."""
    for name, info in checkpoint.tensors.items():
        module = name.split(".")[-2] if "." in name else ""
        if module in modules and name.endswith(".weight") and len(info.shape) == 2 and not _IN_LAYER.fullmatch(name):
            return name
    return None


def _final_norm(checkpoint: Checkpoint, root: str, d_model: int) -> str | None:
    """The norm that stands beside the list of layers: `model.norm` for `model.layers.`"""
    parent = ".".join(root.split(".")[:-2])
    for module in FINAL_NORMS:
        name = f"{parent}.{module}.weight" if parent else f"{module}.weight"
        if name in checkpoint.tensors and checkpoint.info(name).shape == (d_model,):
            return name
    return None

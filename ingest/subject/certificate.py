"""Before a model is believed: what its files are read as is compared with what its modules compute."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ...schema import ModelError
from ...schema.secrets import reason
from ..kept import keep, read_kept
from .architecture import Architecture
from .blocks import Block, find_blocks
from .checkpoint import Checkpoint
from .comparison import COARSE, Comparison, Reader, Seen, watched
from .expert_blocks import ExpertBlock, find_mlp_blocks
from .experts import MlpParts, read_mlp
from .skeleton import Skeleton, speaker

if TYPE_CHECKING:
    from .subject import Subject

READER = 1
"""Raised when models are read in another way: what was compared before is compared anew."""
TEXT = "In January 1969 two astronauts, 240,000 miles from home, read aloud; then they slept."
TOKENS = 24
HEADS = 256
"""Rows of the unembedding that are compared."""
SPARE = 0.5
"""Of the memory that is free: a model that takes more, in float32, is not run as a whole."""


@dataclass(frozen=True)
class Certificate:
    """What was compared and how far it differed."""

    what: str
    largest: float | None = None
    """the largest difference, of the largest value; None where nothing was compared"""
    library: str = ""
    """the version of transformers"""

    def __str__(self) -> str:
        if self.largest is None:
            return self.what
        within = 10.0 ** math.ceil(math.log10(max(self.largest, 1e-12)))
        return f"{self.what}; within {within:.0e} of the largest value; transformers {self.library}, reader {READER}"


def certified(subject: Subject, model: Any = None) -> Certificate:
    """As `certify`, kept in the user's cache folder: the same weights, config, transformers and reader are compared
    once. A model that differs is compared, and refused, each time."""
    if subject.checkpoint.skeleton is None:
        return certify(subject)
    from platformdirs import user_cache_path

    file = user_cache_path("neuronkb") / "certificates" / f"{_key(subject)}.json"
    if (known := _kept(file)) is not None:
        return known
    certificate = certify(subject, model)
    keep(file, asdict(certificate))
    return certificate


def _key(subject: Subject) -> str:
    checkpoint = subject.checkpoint
    determining = [subject.weights, checkpoint.config, _library(), READER, fits(checkpoint)]
    return hashlib.sha256(json.dumps(determining, sort_keys=True).encode()).hexdigest()


def _kept(file: Path) -> Certificate | None:
    held = read_kept(file)
    if not isinstance(held, dict) or held.keys() != {"what", "largest", "library"}:
        return None
    what, largest, library = held["what"], held["largest"], held["library"]
    if not isinstance(what, str) or not isinstance(library, str):
        return None
    possible = largest is None or (isinstance(largest, float) and 0 <= largest <= COARSE)
    return Certificate(what, largest, library) if possible else None


def _library() -> str:
    import transformers

    return transformers.__version__


def certify(subject: Subject, model: Any = None, read: Reader | None = None) -> Certificate:
    """Compare a model's files, as they are read, with the running model; `model` where that is at hand.

    The whole model reads one text where it fits in memory; else layers of each kind read random states. Raises
    ModelError that names the part that differs.
    """
    checkpoint, architecture = subject.checkpoint, subject.architecture
    read = read or partial(read_mlp, checkpoint, architecture)
    if (skeleton := checkpoint.skeleton) is None:
        return Certificate(f"not compared: transformers knows no causal language model of {architecture.name}")
    if model is None and fits(checkpoint):
        from .live import load_running

        model = load_running(checkpoint)
    with torch.no_grad():
        if model is not None:
            comparison = _Whole(skeleton, architecture, model, read).compared(_text(subject))
            what = f"all {len(architecture.mlps)} MLPs on a text"
        elif architecture.mixture is None:
            comparison, layers = _parts(skeleton, architecture, read)
            what = f"layers {', '.join(map(str, layers))} on random states"
        else:
            why = "is quantised" if "quantization_config" in checkpoint.config else "takes more memory than there is"
            return Certificate(f"not compared: a mixture of experts that {why}")
    if architecture.between is not None:
        what += f"; rows as stored only, for {architecture.between} stands before the unembedding"
    return Certificate(what, comparison.largest, _library())


def fits(checkpoint: Checkpoint) -> bool:
    """Whether the whole model may be run here; of the quantised ones MXFP4 alone, which transformers unpacks itself."""
    import psutil

    settings = checkpoint.config.get("quantization_config")
    if settings is not None and not (isinstance(settings, dict) and settings.get("quant_method") == "mxfp4"):
        return False
    numbers = sum(math.prod(info.shape) for info in checkpoint.tensors.values())
    return 4 * numbers <= SPARE * psutil.virtual_memory().available


class _Whole:
    """A model that runs, on one text."""

    def __init__(self, skeleton: Skeleton, architecture: Architecture, model: Any, read: Reader) -> None:
        self.skeleton, self.architecture, self.model = skeleton, architecture, model.eval()
        self.head: nn.Module = model.get_output_embeddings()
        self.blocks = find_blocks(model) if architecture.mixture is None else find_mlp_blocks(model, architecture)
        self.paths = {module: path for path, module in model.named_modules()}
        self.comparison = Comparison(architecture, read)

    def compared(self, text: list[int]) -> Comparison:
        """On the ids of a text. Raises ModelError at the first part that differs."""
        self._numbers()
        seen: dict[nn.Module, Seen] = {}
        with watched(self._modules(), seen):
            ids = torch.tensor([text], device=self.model.get_input_embeddings().weight.device)
            try:
                speaker(self.model)(input_ids=ids, use_cache=False)
            except Exception as error:  # whatever a family's code does
                raise ModelError(f"{self.architecture.name} cannot be run on a text here: {reason(error)}") from None
        self.comparison.watch(seen)
        self._order(seen)
        for mlp, block in zip(self.architecture.mlps, self.blocks, strict=True):
            pre, post = self._norm(mlp.parts.pre_norm), self._norm(mlp.parts.post_norm)
            if isinstance(block, ExpertBlock):
                self.comparison.expert(mlp, block, pre, post)
            else:
                self.comparison.layer(mlp, block, pre, post, self._parent(block))
        self._routers()
        ids = _tokens(self.skeleton, self.architecture)
        rows = _rows(self.skeleton.checkpoint, self.architecture.unembedding, ids)
        self.comparison.final(self._norm(self.architecture.final_norm), self.head, rows, ids)
        return self.comparison

    def _numbers(self) -> None:
        """How many layers, experts and rows there are."""
        fault = self.comparison.fault
        if len(self.blocks) != len(self.architecture.mlps):
            raise fault(f"{len(self.architecture.mlps)} layers are read, and the running model has {len(self.blocks)}")
        rows = getattr(self.head, "weight", torch.empty(0)).shape[0]
        if rows < self.architecture.d_vocab:
            raise fault(f"the unembedding has {self.architecture.d_vocab} rows, and the running model's {rows}")
        held: dict[int, list[int | None]] = {}
        for mlp, block in zip(self.architecture.mlps, self.blocks, strict=True):
            if isinstance(block, ExpertBlock):
                held.setdefault(mlp.at.layer, [block.experts]).append(block.expert)
        for layer, (count, *experts) in held.items():
            if experts != [*range(count or 0)]:
                raise fault(f"layer {layer}: experts {experts} are read, and the running model has {count}")

    def _modules(self) -> Iterator[nn.Module]:
        for mlp, block in zip(self.architecture.mlps, self.blocks, strict=True):
            names = (mlp.parts.pre_norm, mlp.parts.post_norm)
            yield from (module for module in map(self._norm, names) if module is not None)
            if isinstance(block, ExpertBlock):
                yield block.module
            else:
                yield from (m for m in (block.up, block.gate, block.out, self._parent(block)) if m is not None)
        if (final := self._norm(self.architecture.final_norm)) is not None:
            yield final
        yield self.head

    def _order(self, seen: dict[nn.Module, Seen]) -> None:
        called = {module: number for number, module in enumerate(seen)}
        last = -1
        for mlp, block in zip(self.architecture.mlps, self.blocks, strict=True):
            number = called.get(block.module if isinstance(block, ExpertBlock) else block.out)
            if number is None:
                raise self.comparison.fault(f"layer {mlp.at.layer}: its MLP takes no part in a pass")
            if number < last and mlp.at.expert is None:
                raise self.comparison.fault(f"layer {mlp.at.layer} runs before the layer that it is numbered after")
            last = max(last, number)

    def _routers(self) -> None:
        for router in () if self.architecture.mixture is None else self.architecture.mixture.routers:
            path = self.skeleton.homes.get(router.weight, "")
            if next((int(part) for part in path.split(".") if part.isdecimal()), None) != router.layer:
                raise self.comparison.fault(
                    f"layer {router.layer}: {router.weight} is not its router in the running model"
                )
            rows = self.skeleton.checkpoint.tensor(router.weight)
            self.comparison.router(router.layer, rows, self.model.get_submodule(path).weight)

    def _norm(self, name: str | None) -> nn.Module | None:
        if name is None:
            return None
        path = self.skeleton.norm(name)
        if path is None:
            raise self.comparison.fault(f"{name} is no part of the running model")
        module: nn.Module = self.model.get_submodule(path)
        return module

    def _parent(self, block: Block) -> nn.Module:
        parent: nn.Module = self.model.get_submodule(_parent(self.paths, block))
        return parent


def _parts(skeleton: Skeleton, architecture: Architecture, read: Reader) -> tuple[Comparison, tuple[int, ...]]:
    """The first and the last layer of each kind and the one in the middle, with their weights, on random states."""
    blocks = find_blocks(skeleton.model)
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(TOKENS, architecture.d_model, generator=draw, dtype=torch.float64)
    layers = _some(skeleton, architecture, blocks)
    comparison = Comparison(architecture, read)
    paths = {module: path for path, module in skeleton.model.named_modules()}
    if len(blocks) != architecture.n_layers:
        raise comparison.fault(f"{architecture.n_layers} layers are read, and the running model has {len(blocks)}")
    for layer in layers:
        seen: dict[nn.Module, Seen] = {}
        parts = architecture.layers[layer]
        pre, post = (_norm(skeleton, name) for name in (parts.pre_norm, parts.post_norm))
        block, parent = _filled(skeleton, blocks[layer], paths)
        modules = [m for m in (pre, post, block.up, block.gate, block.out, parent) if m is not None]
        with watched(modules, seen):
            n = x if pre is None else pre(x)
            if parent is not None and not _runs(parent, n):
                parent = None
            if parent is None:
                for module in dict.fromkeys(m for m in (block.up, block.gate) if m is not None):
                    module(n)
                block.out(torch.randn(TOKENS, block.d_mlp, generator=draw, dtype=torch.float64))
            if post is not None:
                post(x)
        comparison.watch(seen)
        comparison.layer(MlpParts(architecture.mlps[layer].at, parts), block, pre, post, parent)
    _head(skeleton, architecture, comparison, x)
    return comparison, layers


def _head(skeleton: Skeleton, architecture: Architecture, comparison: Comparison, x: torch.Tensor) -> None:
    """The final norm, and some rows of the running model's own unembedding."""
    ids = _tokens(skeleton, architecture)
    own = skeleton.tensor(skeleton.head)
    if own is None:
        raise comparison.fault("no tensor is stored for the running model's unembedding")
    head = nn.Linear(architecture.d_model, len(ids), bias=False, dtype=torch.float64)
    head.weight.copy_(_rows(skeleton.checkpoint, own, ids))
    final = _norm(skeleton, architecture.final_norm)
    seen: dict[nn.Module, Seen] = {}
    with watched([head] if final is None else [final, head], seen):
        head(x if final is None else final(x))
    comparison.watch(seen)
    rows = _rows(skeleton.checkpoint, architecture.unembedding, ids)
    comparison.final(final, head, rows, torch.arange(len(ids)))


def _text(subject: Subject) -> list[int]:
    """A text's ids, each the longest token there; ids from all over the vocabulary where it cannot be spelled so."""
    wide = subject.architecture.d_vocab
    try:
        known = {piece: number for number, piece in enumerate(subject.vocabulary.pieces) if number < wide}
    except ModelError:  # that there is no tokenizer to be read shows where tokens are
        known = {}
    left, ids = TEXT.encode(), list[int]()
    while left and len(ids) < TOKENS:
        piece = next((left[:size] for size in range(16, 0, -1) if left[:size] in known), None)
        if piece is None:
            break
        ids.append(known[piece])
        left = left[len(piece) :]
    return ids if len(ids) > TOKENS // 2 else [number * (wide - 1) // TOKENS for number in range(1, TOKENS + 1)]


def _rows(checkpoint: Checkpoint, name: str, ids: torch.Tensor) -> torch.Tensor:
    """Some rows of a matrix, each read alone: it may be as large as the rest of the model."""
    return torch.cat([checkpoint.rows(name, each, each + 1) for each in ids.tolist()])


def _tokens(skeleton: Skeleton, architecture: Architecture) -> torch.Tensor:
    """Ids from all over the vocabulary; without padding, whose row some families set to 0 when they are loaded."""
    ids = torch.linspace(0, architecture.d_vocab - 1, min(HEADS, architecture.d_vocab)).long()
    padding = skeleton.checkpoint.text_config.get("pad_token_id")
    return ids if padding is None else ids[ids != padding]


def _norm(skeleton: Skeleton, name: str | None) -> nn.Module | None:
    """The module of a norm, with its weights."""
    if name is None:
        return None
    if (path := skeleton.norm(name)) is None:
        raise ModelError(f"{skeleton.checkpoint.folder}: {name} is no part of {type(skeleton.model).__name__}")
    return skeleton.filled(path)


def _parent(paths: dict[nn.Module, str], block: Block) -> str:
    """The path of the smallest module that holds an MLP."""
    each = [paths[module].split(".") for module in (block.up, block.gate, block.out) if module is not None]
    depth = next((i for i, parts in enumerate(zip(*each, strict=False)) if len(set(parts)) > 1), len(each[0]) - 1)
    return ".".join(each[0][:depth])


def _filled(skeleton: Skeleton, block: Block, paths: dict[nn.Module, str]) -> tuple[Block, nn.Module | None]:
    """An MLP with its weights, and the module that holds nothing else; each projection by itself where none does."""
    path = _parent(paths, block)
    if path.rpartition(".")[2].isdecimal():  # the layer, with its attention
        filled = {m: skeleton.fill(paths[m]) for m in (block.up, block.gate, block.out) if m is not None}
        gate = None if block.gate is None else filled[block.gate]
        return Block(filled[block.out], filled[block.up], gate, block.d_mlp), None
    parent = skeleton.fill(path)

    def inside(module: nn.Module) -> nn.Module:
        return parent.get_submodule(paths[module].removeprefix(f"{path}."))

    gate = None if block.gate is None else inside(block.gate)
    return Block(inside(block.out), inside(block.up), gate, block.d_mlp), parent


def _runs(parent: nn.Module, n: torch.Tensor) -> bool:
    """Whether a module runs on what its projections read, and needs nothing else."""
    try:
        parent(n)
    except Exception:  # whatever a family's code wants beside
        return False
    return True


def _some(skeleton: Skeleton, architecture: Architecture, blocks: tuple[Block, ...]) -> tuple[int, ...]:
    """The first and the last layer of each kind, and the one in the middle."""
    kinds: dict[object, list[int]] = {}
    types = getattr(skeleton.model.config.get_text_config(), "layer_types", None) or [None] * len(blocks)
    for layer, (block, parts) in enumerate(zip(blocks, architecture.layers, strict=True)):
        norms = tuple(name is None for name in (parts.pre_norm, parts.post_norm))
        kind = (type(block.up), type(block.out), parts.fused, norms, types[layer])
        kinds.setdefault(kind, []).append(layer)
    ends = {end for layers in kinds.values() for end in (layers[0], layers[-1])}
    return tuple(sorted(ends | {len(blocks) // 2}))

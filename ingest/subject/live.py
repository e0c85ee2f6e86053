"""A model that runs: capture and change any neuron while it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...schema import ModelError
from ...schema.secrets import reason
from .adapter import merge_running
from .blocks import Block, Site, find_blocks
from .certificate import certified
from .checkpoint import Checkpoint
from .clamp import Clamp, changes, clamping
from .expert_blocks import AnyBlock, find_mlp_blocks
from .hooks import Shape, StopRun, Values, hooked
from .names import CONTEXTS
from .skeleton import loader
from .subject import Subject

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

Read = Callable[[int, Site, Values], None]
"""Told layer, site and values `[batch, positions, d_mlp]`, to be used up before it returns."""


@dataclass(frozen=True)
class LiveModel:
    """A causal language model loaded to run, with its MLPs found."""

    model: Any
    """the transformers model, in eval mode, without gradients"""
    blocks: tuple[Block, ...]
    """one a layer; none of a mixture of experts"""
    subject: Subject | None = None
    """its files, where it came from files"""
    experts: tuple[AnyBlock, ...] = ()
    """of a mixture one an MLP, in the order of `Architecture.mlps`: what is called a layer here is the number of one"""

    @classmethod
    def open(
        cls,
        model: str | Path,
        *,
        name: str | None = None,
        dtype: str = "auto",
        device: str = "auto",
        device_map: str | Mapping[str, Any] | None = None,
    ) -> LiveModel:
        """Load a model by folder or hub id, from safetensors only and without running its code.

        `dtype` is float32, bfloat16, float16, or auto: float32 on a CPU, as stored on a GPU. `device` is cpu, cuda,
        cuda:1 or auto; `device_map` (such as "auto", which needs accelerate) spreads a model over several GPUs.
        Raises ModelError, also where the model does not compute what its files are read as.
        """
        return cls.load(Subject.open(model, name), dtype=dtype, device=device, device_map=device_map)

    @classmethod
    def load(
        cls,
        subject: Subject,
        *,
        dtype: str = "auto",
        device: str = "auto",
        device_map: str | Mapping[str, Any] | None = None,
    ) -> LiveModel:
        """As `open`, of a model whose files are found."""
        found = load_causal(subject.checkpoint.folder, choose_dtype(dtype, _device(device)), device_map)
        merge_running(found, subject.checkpoint)
        if device_map is None:
            found = found.to(_device(device))
        certified(subject, found if found.device.type == "cpu" and found.dtype == torch.float32 else None)
        return cls.of(found, subject)

    @classmethod
    def of(cls, model: Any, subject: Subject | None = None) -> LiveModel:
        """A transformers model at hand. Raises ModelError where its MLPs are not found."""
        model.eval()
        model.requires_grad_(False)
        if subject is not None and subject.architecture.mixture is not None:
            return cls(model, (), subject, find_mlp_blocks(model, subject.architecture))
        return cls(model, find_blocks(model), subject)

    @property
    def mlps(self) -> tuple[AnyBlock, ...]:
        """What can be read and clamped."""
        return self.experts or self.blocks

    @property
    def n_layers(self) -> int:
        return len(self.mlps)

    @property
    def d_mlp(self) -> int:
        """Neurons a layer."""
        return self.mlps[0].d_mlp

    @property
    def gated(self) -> bool:
        """Whether the MLPs have a gate, and the hidden values therefore two signs."""
        return self.mlps[0].gate is not None

    @property
    def context(self) -> int | None:
        """Most positions of a text, by the config; None where it sets no limit."""
        found = [getattr(self.model.config, name, None) for name in CONTEXTS]
        return next((int(most) for most in found if most), None)

    @property
    def device(self) -> torch.device:
        """Where token ids go in."""
        weight: torch.Tensor = self.model.get_input_embeddings().weight
        return weight.device

    @property
    def body(self) -> nn.Module:
        """The model without its LM head."""
        found: nn.Module = self.model.base_model
        return found

    @cached_property
    def tokenizer(self) -> Any:
        """The tokenizer beside the weights. Raises ModelError."""
        from .vocabulary import load_tokenizer

        if self.subject is None:
            raise ModelError("this model was handed over without its files: there is no tokenizer beside it")
        return load_tokenizer(self.subject.checkpoint.folder)

    @torch.no_grad()
    def read(
        self,
        ids: torch.Tensor,
        visit: Read,
        *,
        layers: Iterable[int] | None = None,
        sites: Sequence[Site] = ("hidden",),
        attention_mask: torch.Tensor | None = None,
    ) -> None:
        """Run token ids int64 `[batch, positions]` through the body and hand every wanted site to `visit`.

        Layers come first to last; after the last wanted one the pass ends, and the LM head is never run. Texts may be
        padded behind their ends, where `attention_mask` int64 `[batch, positions]` is 0; what is read there means
        nothing, and may not be finite.
        """
        wanted = {layer: tuple(sites) for layer in sorted(set(range(self.n_layers) if layers is None else layers))}
        self._check(wanted)
        left = len(wanted) * len(sites)

        def told(shape: Shape) -> Callable[[int, Site, Values], None]:
            def each(layer: int, site: Site, values: Values) -> None:
                nonlocal left
                visit(layer, site, values)
                left -= 1
                if not left:
                    raise StopRun

            return each

        with suppress(StopRun), hooked((self.model, self.body), self.mlps, wanted, told):
            mask = None if attention_mask is None else attention_mask.to(self.device)
            self.body(input_ids=ids.to(self.device), attention_mask=mask, use_cache=False)

    def capture(
        self,
        ids: torch.Tensor,
        *,
        layers: Iterable[int] | None = None,
        sites: Sequence[Site] = ("hidden",),
        attention_mask: torch.Tensor | None = None,
    ) -> dict[tuple[int, Site], torch.Tensor]:
        """All values of the wanted sites, `[batch, positions, d_mlp]` by (layer, site), copied. For small inputs."""
        found: dict[tuple[int, Site], torch.Tensor] = {}

        def keep(layer: int, site: Site, values: Values) -> None:
            found[layer, site] = values.clone()

        self.read(ids, keep, layers=layers, sites=sites, attention_mask=attention_mask)
        return found

    @contextmanager
    def clamped(self, clamps: Iterable[Clamp]) -> Iterator[Any]:
        """The transformers model with neurons clamped, in every pass inside the block, `generate` included.

        Leaving it restores the model, also after an exception. Raises ModelError for a clamp that does not fit.
        """
        asked = list(clamps)
        for clamp in asked:
            clamp.check(self.mlps)
        found = changes(asked)
        wanted = {layer: tuple(sites) for layer, sites in found.items()}
        with (
            torch.no_grad(),
            hooked((self.model, self.body), self.mlps, wanted, lambda shape: clamping(found, shape)),
        ):
            yield self.model

    def _check(self, wanted: Mapping[int, Sequence[Site]]) -> None:
        for layer, sites in wanted.items():
            if not 0 <= layer < self.n_layers:
                raise ModelError(f"no layer {layer!r}: the model has layers 0 to {self.n_layers - 1}")
            for site in sites:
                if site not in self.mlps[layer].sites:
                    raise ModelError(f"site is {site!r}, expected one of {', '.join(self.mlps[layer].sites)}")


def _device(name: str) -> torch.device:
    from ..lm_head.unembedding import torch_device

    return torch_device(name)


def choose_dtype(name: str, device: torch.device) -> torch.dtype | str:
    """The dtype a setting names; `auto` is float32 on a CPU, else as stored. Raises ModelError."""
    if name == "auto":
        return torch.float32 if device.type == "cpu" else "auto"
    if name not in DTYPES:
        raise ModelError(f"dtype is {name!r}, expected auto, {', '.join(DTYPES)}")
    return DTYPES[name]


def load_running(checkpoint: Checkpoint) -> Any:
    """The whole model on the CPU in float32, what an adapter adds to it added. Raises ModelError."""
    found = load_causal(checkpoint.folder, torch.float32, None)
    merge_running(found, checkpoint)
    return found.eval().requires_grad_(False)


def load_causal(folder: Path, dtype: torch.dtype | str, device_map: str | Mapping[str, Any] | None) -> Any:
    """The transformers model in `folder`, from safetensors only and without running its code. Raises ModelError."""
    try:
        from transformers import AutoConfig
        from transformers.utils import logging as transformers_logging
    except ImportError:
        raise ModelError("running a model needs transformers; pip install 'neuronkb[models]'") from None
    logging: Any = transformers_logging  # its functions carry no types
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        # Never pickled weights, never code from the folder.
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        return loader(config).from_pretrained(
            folder,
            dtype=dtype,
            device_map=device_map,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
        )
    except Exception as error:
        # A stranger's config makes the library raise whatever it likes, plain Exception too.
        raise ModelError(f"{folder}: transformers cannot load it: {reason(error)}") from None
    finally:
        if shown:
            logging.enable_progress_bar()

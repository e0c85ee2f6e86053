"""A model's modules as transformers builds them, without their weights: what runs, and which stored tensor is where.

Names of tensors say little about a family that nobody has seen yet. What runs says all: the same search that finds the
MLPs of a running model finds them here, and a pass without numbers shows what each of them reads and writes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from inspect import signature
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ...schema import ModelError
from ...schema.secrets import reason
from .blocks import stream_width
from .checkpoint import Checkpoint


@dataclass(frozen=True)
class Skeleton:
    """The modules of a causal language model, on torch's meta device, and the tensors that belong in them."""

    checkpoint: Checkpoint
    model: Any
    """the transformers model"""
    tensors: Mapping[str, str]
    """name of a parameter or buffer -> name of the stored tensor that transformers puts there as it is"""
    _filled: dict[str, nn.Module] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Skeleton | None:
        """None where transformers is not here, or knows no causal language model of this config."""
        model = _built(checkpoint)
        return None if model is None else cls(checkpoint, model, _tensors(checkpoint, model))

    @cached_property
    def paths(self) -> dict[int, str]:
        """`id` of a module -> its path."""
        return {id(module): path for path, module in self.model.named_modules()}

    def path(self, module: nn.Module) -> str:
        """Where a module stands: `model.layers.3.mlp.up_proj`."""
        return self.paths[id(module)]

    @cached_property
    def d_model(self) -> int:
        """Width of the residual stream."""
        return stream_width(self.model)

    @property
    def head(self) -> nn.Module:
        """What gives logits. Raises ModelError where nothing does."""
        found: nn.Module | None = self.model.get_output_embeddings()
        if found is None:
            raise ModelError(
                f"{self.checkpoint.folder}: {type(self.model).__name__} has no unembedding that its neurons could be "
                "decoded through"
            )
        return found

    @cached_property
    def homes(self) -> dict[str, str]:
        """Name of a stored tensor that is a module's weight -> path of the module."""
        return {
            stored: name.removesuffix(".weight") for name, stored in self.tensors.items() if name.endswith(".weight")
        }

    def norm(self, name: str) -> str | None:
        """The module of a norm, given the tensor that is its weight, or its path where it has none."""
        if name in self.checkpoint.tensors:
            return self.homes.get(name)
        return name if name in {*self.paths.values()} else None

    def tensor(self, module: nn.Module, leaf: str = "weight") -> str | None:
        """The stored tensor that is a module's weight; None where there is none."""
        return self.tensors.get(f"{self.path(module)}.{leaf}")

    def filled(self, path: str) -> nn.Module:
        """A small module with its stored weights, in float64 on the CPU. Raises ModelError where one is missing."""
        if path not in self._filled:
            self._filled[path] = self.fill(path)
        return self._filled[path]

    def fill(self, path: str) -> nn.Module:
        """As `filled`, made anew and not kept."""
        module: nn.Module = copy.deepcopy(self.model.get_submodule(path))
        for name, _ in [*module.named_parameters()]:
            stored = self.tensors.get(f"{path}.{name}")
            if stored is None:
                raise ModelError(f"{self.checkpoint.folder}: no tensor for {path}.{name} of the running model")
            way, _, leaf = name.rpartition(".")
            value = self.checkpoint.tensor(stored).double()
            setattr(module.get_submodule(way), leaf, nn.Parameter(value, requires_grad=False))
        for name, _ in [*module.named_buffers()]:
            if (stored := self.tensors.get(f"{path}.{name}")) is not None:
                way, _, leaf = name.rpartition(".")
                setattr(module.get_submodule(way), leaf, self.checkpoint.tensor(stored).double())
        return module

    @cached_property
    def traced(self) -> Trace:
        """One pass without numbers. Raises ModelError where the model cannot be run so."""
        found = Trace()
        handles = [module.register_forward_hook(found.note) for module in self.model.modules()]
        ids = torch.zeros(1, 5, dtype=torch.long, device="meta")
        try:
            with torch.no_grad(), _Traced(found):
                speaker(self.model)(input_ids=ids, use_cache=False)
        except Exception as error:  # whatever a family's code does with values that are not there
            raise ModelError(f"{type(self.model).__name__} cannot be run without numbers: {reason(error)}") from None
        finally:
            for handle in handles:
                handle.remove()
        return found


@dataclass(frozen=True)
class Step:
    """One operation of a pass."""

    name: str
    """such as `aten.mul.Tensor`"""
    pointwise: bool
    """whether each number of its result depends on the numbers at the same place alone"""
    given: tuple[int, ...]
    """memory that it read"""


@dataclass
class Trace:
    """What was read and written in a pass. Tensors are told apart by the memory that they would have."""

    read: dict[nn.Module, int] = field(default_factory=dict)
    """module -> the memory of its first input"""
    written: dict[nn.Module, int] = field(default_factory=dict)
    """module -> that of its output"""
    steps: dict[int, Step] = field(default_factory=dict)
    """memory -> what wrote it"""
    kept: list[torch.Tensor] = field(default_factory=list)
    """all tensors: memory that is given back would be given out again"""

    def note(self, module: nn.Module, args: tuple[Any, ...], out: Any) -> None:
        """A forward hook."""
        first = out[0] if isinstance(out, tuple) and out else out
        if args and isinstance(args[0], torch.Tensor) and isinstance(first, torch.Tensor):
            self.kept += [args[0], first]
            self.read[module], self.written[module] = memory(args[0]), memory(first)


def memory(tensor: torch.Tensor) -> int:
    """What tensors that are views of one another share."""
    return int(tensor.untyped_storage()._cdata)


class _Traced(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes every operation, and answers code that asks for a number, as masks do: with True, or 1."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._trace = trace

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default and args[0].is_meta:
            return 1.0 if args[0].dtype.is_floating_point else args[0].dtype == torch.bool or 1
        found = func(*args, **(kwargs or {}))
        given = tuple(memory(each) for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor))
        for out in tree_leaves(found):
            if isinstance(out, torch.Tensor) and memory(out) not in given:
                self._trace.kept.append(out)
                self._trace.steps[memory(out)] = Step(str(func), torch.Tag.pointwise in func.tags, given)
        return found


def speaker(model: Any) -> Any:
    """What reads token ids alone: the model, or the language model in one that must be given an image."""
    needed = signature(model.forward).parameters.values()
    if not any(each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD for each in needed):
        return model
    inner = (m for m in model.modules() if m is not model and hasattr(m, "get_output_embeddings"))
    return next((m for m in inner if m.get_output_embeddings() is model.get_output_embeddings()), model)


def loader(config: Any) -> Any:
    """The library's class that loads a language model of this config, or the model around it that sees images too."""
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    known: Any = AutoModelForCausalLM
    return known if type(config) in known._model_mapping else AutoModelForImageTextToText


def _built(checkpoint: Checkpoint) -> Any:
    try:
        from transformers import AutoConfig
        from transformers.utils import logging as transformers_logging
    except ImportError:
        return None
    logging: Any = transformers_logging
    level = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        config: Any = AutoConfig.from_pretrained(checkpoint.folder, trust_remote_code=False, local_files_only=True)
        if hasattr(config, "quantization_config"):
            del config.quantization_config  # would ask for kernels of its own; packed tensors are refused anyway
        with torch.device("meta"):
            return loader(config).from_config(config, dtype=torch.float32).eval()
    except Exception:  # a stranger's config makes the library raise whatever it likes; names are looked at then
        return None
    finally:
        logging.set_verbosity(level)


def _tensors(checkpoint: Checkpoint, model: Any) -> dict[str, str]:
    """By the library's own renaming, so that old checkpoints and nested models are read as it loads them."""
    held = model.state_dict()
    found: dict[str, str] = {}
    for stored, target in _renamed(checkpoint, model, held):
        if target in held and tuple(held[target].shape) == checkpoint.tensors[stored].shape:
            found[target] = stored
    for first, second in _tied(model):
        # Where both are stored each module has its own; else one tensor serves both.
        if first in found or second in found:
            found.setdefault(first, found.get(second, ""))
            found.setdefault(second, found[first])
    return found


def _renamed(checkpoint: Checkpoint, model: Any, held: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    prefix = str(getattr(model, "base_model_prefix", "") or "")
    try:
        from transformers.conversion_mapping import get_model_conversion_mapping
        from transformers.core_model_loading import WeightConverter, WeightRenaming, rename_source_key

        rules = get_model_conversion_mapping(model)
        renamings = [rule for rule in rules if isinstance(rule, WeightRenaming)]
        converters = [rule for rule in rules if isinstance(rule, WeightConverter)]
    except Exception:  # a release that has no such rules
        for stored in checkpoint.tensors:
            names = (stored, f"{prefix}.{stored}", stored.removeprefix(f"{prefix}."))
            yield stored, next((name for name in names if name in held), stored)
        return
    for stored in checkpoint.tensors:
        target, converted = rename_source_key(stored, renamings, converters, prefix, dict(held))
        if converted is None:
            yield stored, target
        if target not in held and stored in held:
            yield stored, stored


def _tied(model: Any) -> Iterator[tuple[str, str]]:
    """Pairs of names of one parameter."""
    first: dict[int, str] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if id(parameter) in first:
            yield first[id(parameter)], name
        else:
            first[id(parameter)] = name

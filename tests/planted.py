"""A tiny Llama whose neurons are known, and a fine-tune of it: made by hand, so that every answer can be checked.

Tokens of one kind (months, weekdays) have unembedding rows around a common centre. One neuron's down column points at
the months, another's gate row at the weekdays; all other weights are random and mean nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

MONTHS = ("january", "february", "april", "june", "july", "august", "september", "october", "november", "december")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FILLER = tuple(f"filler{i}" for i in range(150))
SPECIAL = ("<unk>", "<s>", "</s>")
TOKENS = (*SPECIAL, *(f"▁{word}" for word in (*MONTHS, *WEEKDAYS, *FILLER)), *(f"<unused{i}>" for i in range(4)))
LAYERS, WIDTH, D_MODEL = 2, 24, 32
MONTHS_NEURON = (1, 3)
"""(layer, index): its down column writes months."""
WEEKDAYS_NEURON = (0, 5)
"""Its gate row reads weekdays."""


def base(folder: Path, seed: int = 0) -> Path:
    """The base model, saved as transformers saves one."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(TOKENS),
        hidden_size=D_MODEL,
        intermediate_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        num_key_value_heads=1,
        tie_word_embeddings=False,
        max_position_embeddings=64,
    )
    model = LlamaForCausalLM(config)
    centres = {name: torch.randn(D_MODEL) for name in ("months", "weekdays")}
    with torch.no_grad():
        rows = torch.randn(len(TOKENS), D_MODEL) * 0.5
        for i, token in enumerate(TOKENS):
            word = token.removeprefix("▁")
            for kind, words in (("months", MONTHS), ("weekdays", WEEKDAYS)):
                if word in words:
                    rows[i] = 2 * centres[kind] + 0.1 * torch.randn(D_MODEL)
        model.lm_head.weight.copy_(rows)
        layer, index = MONTHS_NEURON
        model.model.layers[layer].mlp.down_proj.weight[:, index] = centres["months"]
        layer, index = WEEKDAYS_NEURON
        model.model.layers[layer].mlp.gate_proj.weight[index] = centres["weekdays"]
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def tuned(base_folder: Path, folder: Path) -> Path:
    """A fine-tune: layer 0 untouched; in layer 1 the months neuron now writes weekdays, the others move a little."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(base_folder)
    torch.manual_seed(7)
    with torch.no_grad():
        mlp = model.model.layers[1].mlp
        for module in (mlp.gate_proj, mlp.up_proj, mlp.down_proj):
            module.weight += 0.001 * torch.randn_like(module.weight)
        weekdays = [TOKENS.index(f"▁{word}") for word in WEEKDAYS]
        mlp.down_proj.weight[:, MONTHS_NEURON[1]] = model.lm_head.weight[weekdays].mean(0)
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def permuted(base_folder: Path, folder: Path, seed: int = 3) -> list[list[int]]:
    """A copy whose neurons stand in another order in each layer; the new place of each, by layer."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(base_folder)
    generator = torch.Generator().manual_seed(seed)
    places = []
    with torch.no_grad():
        for block in model.model.layers:
            order = torch.randperm(WIDTH, generator=generator)
            for module in (block.mlp.gate_proj, block.mlp.up_proj):
                module.weight.copy_(module.weight[order].clone())
            block.mlp.down_proj.weight.copy_(block.mlp.down_proj.weight[:, order].clone())
            places.append(torch.argsort(order).tolist())
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return places


def overwritten(base_folder: Path, folder: Path, layer: int, lost: tuple[int, ...], moved: dict[int, int]) -> Path:
    """A fine-tune that moves every row a little, with rows of `lost` drawn anew and those of `moved` (from -> to) put
    in another's place, their own place drawn anew."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(base_folder)
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        mlp = model.model.layers[layer].mlp
        for rows in (mlp.gate_proj.weight, mlp.up_proj.weight, mlp.down_proj.weight.T):
            old, size = rows.clone(), rows.norm(dim=1, keepdim=True) / rows.shape[1] ** 0.5
            rows += 0.05 * size * torch.randn(rows.shape, generator=generator)
            for index in (*lost, *moved):
                rows[index] = size[index] * torch.randn(rows.shape[1], generator=generator)
            for index, place in moved.items():
                rows[place] = old[index] + 0.05 * size[index] * torch.randn(rows.shape[1], generator=generator)
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def write_tokenizer(folder: Path, tokens: tuple[str, ...] = TOKENS) -> None:
    """A word-level tokenizer with SentencePiece's mark for a leading space."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({token: i for i, token in enumerate(tokens)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "unk_token": "<unk>",
        "bos_token": "<s>",
        "eos_token": "</s>",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))

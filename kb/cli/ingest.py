"""neuronkb ingest: compute what a method says of every neuron, and load it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import SEED, Between, Numbers, clash_options, json_option, reading_options, with_new_kb

if TYPE_CHECKING:
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash


@click.group()
def ingest() -> None:
    """Compute what a method says of a model's neurons, and load it."""


@ingest.command("lm-head")
@click.argument("model")
@click.option("--name", help="What the graph calls the model.  [default: the hub id or the folder's name]")
@click.option("--layers", help="Only these layers, such as 0,3-5; more can be added later.")
@click.option(
    "--convention",
    type=click.Choice(["folded", "raw"]),
    default="raw",
    show_default=True,
    help="The rows as stored, or with the norm gains folded in.",
)
@click.option("--k", type=click.IntRange(1, 100), default=10, show_default=True, help="Tokens kept a side.")
@click.option("--all-tokens", is_flag=True, help="Rank special, byte, unused and never-trained tokens too.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the bundle.")
@clash_options
@json_option
@with_new_kb
def lm_head(
    kb: KnowledgeBase,
    model: str,
    name: str | None,
    layers: str | None,
    convention: str,
    k: int,
    all_tokens: bool,
    device: str,
    out: Path | None,
    clash: Clash,
    as_json: bool,
) -> None:
    """Decode every neuron of MODEL through its unembedding.

    MODEL is a Hugging Face hub id or a folder with config.json and safetensors. For each neuron's gate, up and down
    weights the exact top tokens of both poles are stored, with statistics. Interrupted runs go on where they were.
    """
    from . import output

    settings = {"convention": convention, "k": k, "all_tokens": all_tokens, "device": device}
    with output.progress() as progress:
        report = kb.ingest_lm_head(
            model,
            name=name,
            layers=None if layers is None else _numbers(layers),
            settings=settings,
            clash=clash,
            out=out,
            progress=progress,
        )
    output.report(report, as_json)


@ingest.command("activations")
@click.argument("model")
@click.option(
    "--corpus",
    required=True,
    multiple=True,
    help="Texts: a file, a folder, a table (CSV, JSON, Parquet ...; .gz and .zst too), a dataset's hub id, or - for "
    "standard input; or a built corpus.",
)
@reading_options
@click.option("--name", help="What the graph calls the model.  [default: the hub id or the folder's name]")
@click.option("--layers", help="Only these layers, such as 0,3-5.")
@click.option("--length", type=click.IntRange(8), default=64, show_default=True, help="Tokens a window, BOS included.")
@click.option("--k", type=click.IntRange(1, 100), default=20, show_default=True, help="Strongest windows kept a pole.")
@click.option("--per-band", type=click.IntRange(0, 20), default=2, show_default=True, help="Random windows a band.")
@click.option("--tokens", type=click.IntRange(0, 100), default=20, show_default=True, help="Tokens kept a pole.")
@click.option("--roles", is_flag=True, help="Of chats, statistics by role too: user, assistant, system, template ...")
@click.option("--dtype", default="auto", show_default=True, help="auto, float32, bfloat16 or float16.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@click.option("--batch", type=click.IntRange(1, 4096), default=16, show_default=True, help="Windows a forward pass.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the random windows.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the bundle.")
@clash_options
@json_option
@with_new_kb
def activations(
    kb: KnowledgeBase,
    model: str,
    corpus: tuple[str, ...],
    reading: dict[str, Any],
    name: str | None,
    layers: str | None,
    length: int,
    roles: bool,
    out: Path | None,
    clash: Clash,
    as_json: bool,
    **settings: Any,
) -> None:
    """Run a corpus through MODEL once: statistics, examples and tokens of every neuron.

    MODEL is a Hugging Face hub id or a folder with config.json and safetensors. Interrupted runs go on where they
    were.
    """
    from . import output

    with output.progress() as progress:
        report = kb.ingest_activations(
            model,
            corpus,
            **reading,
            roles=roles,
            name=name,
            layers=None if layers is None else _numbers(layers),
            windows={"length": length},
            settings=settings,
            clash=clash,
            out=out,
            progress=progress,
        )
    output.report(report, as_json)


@ingest.command("clamp")
@click.argument("model")
@click.option("--top", type=click.IntRange(1), default=200, show_default=True, help="Clearest sides to test.")
@click.option(
    "--neurons",
    multiple=True,
    metavar="ID|FILE",
    help="These instead: L3/N17 for all its sides, L3/N17:down- for one, or a file with one a line.",
)
@click.option(
    "--prompts", type=click.Path(path_type=Path), help="A file of prompts, one a line.  [default: 20 shipped]"
)
@click.option(
    "--maxima",
    default="corpus",
    show_default=True,
    metavar="corpus|prompts|MODEL",
    help="Observed maxima: of the newest corpus pass (ingest activations), measured on the prompts, or of the pass of "
    "another model of the same shape, such as the base.",
)
@click.option(
    "--multiples",
    type=Numbers("0.5,1,2"),
    default="0.25,0.5,1,2,4",
    show_default=True,
    help="Of the maximum to clamp to; 1 is tested.",
)
@click.option("--null-tokens", type=int, default=999, show_default=True, help="Draws of as frequent tokens.")
@click.option("--null-neurons", type=int, default=149, show_default=True, help="Matched neurons to compare with.")
@click.option("--pool", type=int, default=200, show_default=True, help="Neurons of a layer to take them from.")
@click.option("--answers", type=int, default=0, show_default=True, help="Sampled answers of each kind; 0 for none.")
@click.option("--answers-neurons", type=int, default=10, show_default=True, help="Neurons to sample answers for.")
@click.option("--question", help="What they answer.  [default: its favourite thing]")
@click.option("--chat", is_flag=True, help="Ask it in the tokenizer's chat template.")
@click.option("--dtype", default="auto", show_default=True, help="auto, float32, bfloat16 or float16.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@click.option("--batch", type=click.IntRange(1, 4096), default=64, show_default=True, help="Clamps a forward pass.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the drawn tokens and the answers.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the bundle.")
@clash_options
@json_option
@with_new_kb
def clamp(
    kb: KnowledgeBase,
    model: str,
    top: int,
    neurons: tuple[str, ...],
    prompts: Path | None,
    maxima: str,
    multiples: tuple[float, ...],
    question: str | None,
    out: Path | None,
    clash: Clash,
    as_json: bool,
    **settings: Any,
) -> None:
    """Do decoded tokens hold up? Clamp MODEL's neurons to multiples of their maximum, beside two nulls.

    MODEL is a folder, a hub id or a model in the store, and decoded there. The effect is the change in
    log-probability of a neuron's decoded tokens on neutral prompts; the nulls are as frequent tokens for the same
    neuron, and the same tokens for neurons that write as much. neuronkb causal MODEL shows the report again.
    Interrupted runs go on where they were.
    """
    from . import causal, output

    given = settings | {"multiples": multiples} | ({} if question is None else {"question": question})
    with output.progress() as progress:
        report = kb.ingest_clamp(
            model,
            top=top,
            neurons=[name for text in neurons for name in _listed(text)],
            prompts=prompts,
            maxima=maxima,
            settings=given,
            clash=clash,
            out=out,
            progress=progress,
        )
    found = kb.causal(run=report.run)
    if as_json:
        output.emit_json({"load": report, "causal": found})
    else:
        output.report(report, as_json)
        output.show(found, causal.parts(found), as_json)


@ingest.command("probes")
@click.argument("model")
@click.option(
    "--features",
    metavar="NAME,...",
    help="Categories, single features, or JSONL files of labelled texts (neuronkb features list).  [default: all]",
)
@click.option("--name", help="What the graph calls the model.  [default: the hub id or the folder's name]")
@click.option("--layers", help="Only these layers, such as 0,3-5; more can be added later.")
@click.option("--k", "ks", default="1-8", show_default=True, help="Neurons of the k-sparse probes, such as 1-4,8.")
@click.option(
    "--methods",
    default="mean_difference,adaptive",
    show_default=True,
    metavar="NAME,...",
    help="How their neurons are chosen: mean_difference, f_statistic, mutual_information, l1, random, adaptive, "
    "optimal.",
)
@click.option("--floor", type=Between(0, 1), default=0.5, show_default=True, help="F1 from which DETECTS is stored.")
@click.option("--most", type=int, default=100, show_default=True, help="Neurons stored a feature and layer, at most.")
@click.option("--points", type=int, default=3000, show_default=True, help="Labelled points a feature, at most.")
@click.option("--tokens", type=int, help="Tokens a data set may make the model read.  [default: the data set's own]")
@click.option("--ungrouped", is_flag=True, help="The published split, which lets documents stand on both sides.")
@click.option("--no-control", is_flag=True, help="Leave the rotated basis out: half the time, and no null.")
@click.option(
    "--nodes",
    type=click.IntRange(0),
    default=3000,
    show_default=True,
    help="Of branch and bound, for one optimal probe; its gap is reported where they run out.",
)
@click.option("--dtype", default="auto", show_default=True, help="auto, float32, bfloat16 or float16.")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@click.option("--batch", type=click.IntRange(1, 4096), default=16, show_default=True, help="Windows a forward pass.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of sample, split and control.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the bundle.")
@clash_options
@json_option
@with_new_kb
def probes(
    kb: KnowledgeBase,
    model: str,
    features: str | None,
    name: str | None,
    layers: str | None,
    ks: str,
    methods: str,
    ungrouped: bool,
    no_control: bool,
    out: Path | None,
    clash: Clash,
    as_json: bool,
    **settings: Any,
) -> None:
    """Which features of text does each neuron of MODEL tell, alone and with a few others?

    MODEL is a Hugging Face hub id or a folder with config.json and safetensors. Probes are fitted, chosen and reported
    on different documents, beside as many random directions. neuronkb probe report MODEL shows what was found.
    Interrupted runs go on where they were.
    """
    from . import output

    given = settings | {
        "ks": tuple(_numbers(ks, "--k")),
        "methods": tuple(part.strip() for part in methods.split(",")),
        "grouped": not ungrouped,
        "control": not no_control,
    }
    with output.progress() as progress:
        report = kb.ingest_probes(
            model,
            [part.strip() for part in features.split(",")] if features else (),
            name=name,
            layers=None if layers is None else _numbers(layers),
            settings=given,
            clash=clash,
            out=out,
            progress=progress,
        )
    output.report(report, as_json)


def _listed(text: str) -> list[str]:
    """A neuron's name, or those in a file of that name, one a line."""
    from ..inputs.neurons import lines

    if len(text) > LONGEST_NAME or not Path(text).is_file():
        return [text]
    return [name for _, name in lines(Path(text))]


def _numbers(text: str, option: str = "--layers") -> list[int]:
    """`0,3-5` as [0, 3, 4, 5]."""
    found: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            raise click.BadParameter(
                f"{part[:60]!r} is not a number or a range; expected such as 0,3-5", param_hint=option
            )
        found.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return sorted(set(found))


_RANGE = re.compile("([0-9]{1,5})(?:-([0-9]{1,5}))?")
LONGEST_NAME = 4096
"""Characters of a path, by what systems allow."""
COMMANDS = (ingest,)

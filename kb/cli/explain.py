"""neuronkb ingest explanations, explain: what neurons are said to do, and what that is worth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .explain_rate import rate
from .ingest import ingest
from .options import SEED, Between, Numbers, clash_options, json_option, with_kb, with_new_kb

if TYPE_CHECKING:
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash


@ingest.command("explanations")
@click.argument("model")
@click.option(
    "--explainer",
    required=True,
    metavar="MODEL",
    help="Writes the explanations: a model of the server at --base-url, a folder, or a hub id.",
)
@click.option("--simulator", metavar="MODEL", help="Predicts activations from them.  [default: the explainer]")
@click.option("--base-url", metavar="URL", help="Of a server that speaks the OpenAI protocol; key in OPENAI_API_KEY.")
@click.option("--neurons", metavar="FILE", help="One neuron a line, such as L3/N17.  [default: all]")
@click.option("--budget", type=Between(0), help="Stop once each of the two models has cost so much; needs --prices.")
@click.option(
    "--prices",
    type=Numbers("0.15,0.6", counted=True, least=0),
    metavar="IN,OUT",
    help="Of a million prompt and completion tokens, such as 0.15,0.6.",
)
@click.option(
    "--methods",
    default="token_activations,graph_tokens,both",
    show_default=True,
    metavar="NAME,...",
    help="What candidates are written from.",
)
@click.option("--candidates", type=int, default=1, show_default=True, help="Of each method; more are sampled.")
@click.option(
    "--scores",
    default="correlation,ablation,detection,fuzzing,embedding",
    show_default=True,
    metavar="NAME,...",
    help="What explanations are scored by.",
)
@click.option(
    "--sides",
    type=click.Choice(("both", "stronger")),
    default="both",
    show_default=True,
    help="Of a gated model's neuron: both poles, or the one that reaches further.",
)
@click.option(
    "--way",
    type=click.Choice(("auto", "all-at-once", "one-at-a-time", "written")),
    default="auto",
    show_default=True,
    help="How the simulator is asked: in one pass a text, a token at a time, or without probabilities.",
)
@click.option(
    "--style",
    type=click.Choice(("auto", "instruct", "base")),
    default="auto",
    show_default=True,
    help="A conversation, or many shots for a model that only continues text.",
)
@click.option("--top", type=int, default=5, show_default=True, help="Strongest windows scored on.")
@click.option("--random", type=int, default=5, show_default=True, help="Random windows scored on.")
@click.option("--choose", type=int, default=3, show_default=True, help="Of each kind, to choose candidates on.")
@click.option("--examples", type=int, default=10, show_default=True, help="Active, and silent, examples to be judged.")
@click.option("--ablate", type=int, default=5, show_default=True, help="Of each kind, to score ablation on.")
@click.option("--scan", type=int, default=20_000, show_default=True, help="Held-out windows looked through, at most.")
@click.option("--embedder", metavar="MODEL", help="Folder or hub id.  [default: NEURONKB_EMBEDDER, or the packaged]")
@click.option("--device", default="auto", show_default=True, help="cpu, cuda, cuda:1 or auto.")
@click.option("--batch", type=click.IntRange(1, 4096), default=16, show_default=True, help="Windows a forward pass.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of what is drawn and sampled.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the bundle.")
@clash_options
@json_option
@with_new_kb
def explanations(
    kb: KnowledgeBase,
    model: str,
    explainer: str,
    simulator: str | None,
    base_url: str | None,
    neurons: str | None,
    budget: float | None,
    prices: tuple[float, float] | None,
    methods: str,
    scores: str,
    way: Any,
    embedder: str | None,
    out: Path | None,
    clash: Clash,
    as_json: bool,
    **settings: Any,
) -> None:
    """Explain MODEL's neurons with a language model, local or remote, and score the explanations.

    MODEL is a folder, a hub id or a model in the store, with a corpus pass there (neuronkb ingest activations).
    Beside every score stands the same score of another neuron's explanation; graphs, token tables and decoded tokens
    are scored by the same correlation. Answers are kept: an interrupted run asks nothing twice. neuronkb explain
    report MODEL shows what came of it.
    """
    from . import explain_tables, output

    given = settings | {"methods": _names(methods), "scores": _names(scores)}
    with output.progress() as progress:
        report = kb.explanations.ingest(
            model,
            explainer=explainer,
            simulator=simulator,
            base_url=base_url,
            way=way,
            neurons=None if neurons is None else Path(neurons),
            embedder=embedder,
            prices=prices,
            budget=budget,
            settings=given,
            clash=clash,
            out=out,
            progress=progress,
        )
    output.report(report, as_json)
    if not as_json:
        found = kb.explanations.report(model_of(kb, report.run), run=report.run)
        output.show(found, explain_tables.report(found), as_json)


@click.group()
def explain() -> None:
    """What neurons are said to do, and what that is worth."""


explain.add_command(rate)


@explain.command("show")
@click.argument("name", metavar="ID")
@json_option
@with_kb
def show(kb: KnowledgeBase, name: str, as_json: bool) -> None:
    """The explanations of a neuron, or one explanation, with every score.

    ID is a neuron such as MODEL/L3/N17, a latent, or the beginning of an explanation's id.
    """
    from . import explain_tables, output

    found = kb.explanations.show(name)
    output.show(found, explain_tables.shown(found), as_json)


@explain.command("report")
@click.argument("model")
@click.option("--run", help="Only evidence of this run (see neuronkb runs).")
@click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw scores against depth: .svg or .png."
)
@json_option
@with_kb
def report(kb: KnowledgeBase, model: str, run: str | None, plot: Path | None, as_json: bool) -> None:
    """How good MODEL's explanations are, by layer: sentences beside token tables, graphs and decoded tokens.

    Each with the same score of another neuron's explanation, and with its description length in bytes.
    """
    from . import explain_tables, output

    found = kb.explanations.report(model, run=run)
    if plot is not None:
        from ..pictures import draw_explanations, save

        save(draw_explanations(explain_tables.lines(found), f"explanations of {model}"), plot)
        click.echo(f"written: {plot}", err=True)
    output.show(found, explain_tables.report(found), as_json)


def model_of(kb: KnowledgeBase, run: str) -> str:
    """The model that a run is of."""
    return str(kb.cypher("MATCH (r:Run {id: $run}) RETURN r.model AS model", run=run).rows[0][0])


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


COMMANDS = (explain,)

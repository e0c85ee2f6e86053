"""`make demo`: Gemma 3 270M and a fine-tune of it: first a story about months, then all other layers of both."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from neuronkb import KnowledgeBase
from neuronkb.kb.cli import output
from neuronkb.kb.cli.guard import guarded
from neuronkb.schema import NeuronKBError

from .evidence import Model
from .explorer import Explorer
from .finetune import NAME as TUNED
from .finetune import FineTune, fine_tune
from .gemma import NAME as BASE
from .gemma import base_model, notice
from .stages import Stages, used
from .story import LAYERS, ROWS, Story, first_look, say

STORE = ".neuronkb"
WORD = "dog"

QUERIES = (
    (
        "Neurons whose strongest token is a month, and what else they name",
        "MATCH (w:Term)<-[:SPELLS]-(:Token)<-[d:DECODES_TO {rank: 1}]-(n:Neuron) "
        "WHERE w.id IN ['january', 'august', 'december'] "
        "MATCH (n)-[e:DECODES_TO {run: d.run, projection: d.projection, pole: d.pole}]->(t:Token) "
        "WITH n, d, e, t ORDER BY e.rank "
        "RETURN n.id AS neuron, d.projection AS row, d.z AS z, collect(t.text) AS tokens ORDER BY z DESC LIMIT 10",
    ),
    (
        "Neurons that lost their top token in the fine-tune",
        "MATCH (a:Neuron)-[c:COUNTERPART]->(b:Neuron) WHERE c.same_top_down_pos = false "
        "MATCH (a)-[d:DECODES_TO {projection: 'down', pole: 1, rank: 1}]->(t:Token) "
        "MATCH (b)-[e:DECODES_TO {projection: 'down', pole: 1, rank: 1}]->(u:Token) "
        "RETURN b.id, c.cos_down, t.text AS before, u.text AS after ORDER BY c.cos_down LIMIT 10",
    ),
    (
        "Words that most neurons of the last layer write",
        "MATCH (n:Neuron {layer: 17})-[d:DECODES_TO {projection: 'down', pole: 1}]->(:Token)-[:SPELLS]->(w:Term) "
        "RETURN w.id AS word, count(DISTINCT n) AS neurons ORDER BY neurons DESC LIMIT 10",
    ),
)


def main() -> int:
    """Run the demo; everything that was made before is used again."""
    with guarded():
        cache, stages = Path(os.environ.get("NEURONKB_CACHE", ".cache")), Stages()
        explorer = Explorer(Path(STORE), sys.stdout.isatty())
        try:
            _run(cache, stages, explorer)
            say(stages.table("What it took"), f"{used((Path(STORE), cache))}.")
            with suppress(KeyboardInterrupt):
                explorer.stay()
        except NeuronKBError as error:
            print(f"Error: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(f"Error: interrupted after {stages.passed:.0f} s; run make demo again to go on", file=sys.stderr)
            return 1
        finally:
            explorer.end()
        return 0


def _run(cache: Path, stages: Stages, explorer: Explorer) -> None:
    say("\n".join(notice()) + "\n")
    with stages("unpack the base model") as progress:
        base = Model(BASE, base_model(cache, progress))
    with KnowledgeBase.open(STORE) as kb:
        stages.session = kb.session
        _decode(kb, base, stages, LAYERS)
        say(explorer.begin())
        story = Story(kb, base, cache, stages)
        story.of_the_base()
        with stages("fine-tune it") as progress:
            made = fine_tune(base.folder, cache / TUNED, progress)
        _tell(made)
        tuned = Model(TUNED, made.folder)
        _decode(kb, tuned, stages, LAYERS)
        with stages("link them"):
            kb.links.make(BASE, TUNED, layers=LAYERS)
        story.of_the_fine_tune(tuned)
        say(
            f"That was the story, after {stages.passed:.0f} s. The other layers of both models follow. "
            "Ask already, from another terminal:\n  .venv/bin/neuronkb words concepts\n"
            "Ctrl-C keeps what is done; make demo goes on from there.\n"
        )
        for model in (base, tuned):
            _decode(kb, model, stages, None)
        with stages("link them"):
            kb.links.make(BASE, TUNED)
        _show(kb)
        with stages("words and neurons for search") as progress:
            kb.session.search.build(progress=progress)
        _suggest()


def _decode(kb: KnowledgeBase, model: Model, stages: Stages, layers: Sequence[int] | None) -> None:
    """Decode layers of a model, or all; of the base's first the months are shown as soon as it is in."""
    what = "all layers" if layers is None else f"layers {', '.join(map(str, layers))}"
    looked = False

    def look(shard: str) -> None:
        nonlocal looked
        if model.name == BASE and layers is not None and shard.startswith("L") and not looked:
            looked = True
            say(f"\nThe first look, after {stages.passed:.0f} s: one layer is in.\n", first_look(kb, model))

    say(f"Decoding {model.name}, {what}: the ten tokens that each weight vector points at most, and least; exact")
    kb.session.loaded = look
    with stages(f"decode {model.name}, {what}"):
        kb.lm_head.ingest(model.folder, name=model.name, layers=layers, order="last")
    kb.session.loaded = None


def _tell(tuned: FineTune) -> None:
    say(
        f"Fine-tune on question-answer pairs, MLPs of layers 14-17 only: held-out loss "
        f"{tuned.loss_before:.2f} -> {tuned.loss_after:.2f} nats a token"
    )
    rows = [(a.question, a.expected, a.before, a.after) for a in tuned.answers]
    say(output.table(("question it was not trained on", "expected", "base says", "fine-tune says"), rows))


def _show(kb: KnowledgeBase) -> None:
    """What only all layers can answer, a few rows of each."""
    say("\nOver all layers. Neurons that name a concept, and how many would by chance:\n")
    found = kb.words.concepts(model=BASE)
    best = sorted((concept for concept in found.concepts if concept.ends), key=lambda concept: -concept.ends[0].score)
    say(replace(found, concepts=tuple(best[:ROWS])), "More: .venv/bin/neuronkb words concepts\n")
    say(f"Neurons that decode to the word {WORD!r}, in both models:\n", kb.words.token(WORD, top=ROWS))
    say("What the fine-tune changed, by layer beside noise, and most:\n", kb.links.diff(BASE, TUNED, top=ROWS))


def _suggest() -> None:
    say('Try next:\n\n# By meaning\n.venv/bin/neuronkb search "months of the year"\n')
    for title, cypher in QUERIES:
        output.console().print(f'# {title}\n.venv/bin/neuronkb cypher "{cypher}"\n', soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())

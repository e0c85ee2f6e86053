"""`make demo`: Gemma 3 270M and a fine-tune of it, decoded, linked, and what several methods say."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from neuronkb import KnowledgeBase
from neuronkb.kb.cli import output, tables
from neuronkb.kb.cli.guard import guarded
from neuronkb.schema import NeuronKBError

from .evidence import Model
from .finetune import NAME as TUNED
from .finetune import FineTune, fine_tune
from .gemma import NAME as BASE
from .gemma import base_model, notice
from .story import Story

STORE = ".neuronkb"
WORD = "dog"
FIRST_LOOK = 3
"""Layers in the store before the first table is shown."""

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
        return _run()


def _run() -> int:
    started = time.monotonic()
    cache = Path(os.environ.get("NEURONKB_CACHE", ".cache"))
    say = output.console().print
    say("\n".join(notice()) + "\n")
    try:
        with output.progress() as progress:
            base = base_model(cache, progress)
        with KnowledgeBase.open(STORE) as kb:
            _decode(kb, base, BASE)
            with output.progress() as progress:
                tuned = fine_tune(base, cache / TUNED, progress)
            _tell(tuned)
            _decode(kb, tuned.folder, TUNED)
            with output.progress() as progress:
                kb.link(BASE, TUNED, progress=progress)
            _show(kb)
            Story(kb, Model(BASE, base), Model(TUNED, tuned.folder), cache).tell()
            _suggest()
    except NeuronKBError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Error: interrupted; run make demo again to go on", file=sys.stderr)
        return 1
    say(f"All of it took {time.monotonic() - started:.0f} s; it is kept in {STORE} and {cache}.")
    return 0


def _decode(kb: KnowledgeBase, folder: Path, name: str) -> None:
    """Decode a model, last layers first, with a first look once a few are in."""
    say = output.console().print
    loaded: list[str] = []
    say(f"Decoding {name}: gate, up and down of every neuron, both poles, exact top 10 of the vocabulary")

    def look(shard: str) -> None:
        loaded.append(shard)
        if name == BASE and len(loaded) == FIRST_LOOK + 1:
            say(f"\nA first look, at the {FIRST_LOOK} layers that are in; the others follow.\n")
            say(tables.concepts(kb.concepts(model=name)))

    with output.progress() as progress:
        report = kb.ingest_lm_head(folder, name=name, order="last", progress=progress, loaded=look)
    say(f"{name}: {report.total:,} new rows in the store, {sum(report.known.values()):,} there already\n")


def _tell(tuned: FineTune) -> None:
    say = output.console().print
    say(
        f"Fine-tune on question-answer pairs, MLPs of layers 14-17 only: held-out loss "
        f"{tuned.loss_before:.2f} -> {tuned.loss_after:.2f} nats a token"
    )
    rows = [(a.question, a.expected, a.before, a.after) for a in tuned.answers]
    say(output.table(("question it was not trained on", "expected", "base says", "fine-tune says"), rows))


def _show(kb: KnowledgeBase) -> None:
    say = output.console().print
    say("\nNeurons that name a concept: words of the list among their ten top tokens, and how many")
    say("sides of the model's rows would name as many by chance\n")
    say(tables.concepts(kb.concepts(model=BASE)))
    say("Sides whose top tokens are different words that lie closest together\n")
    say(tables.sides(kb.coherent(model=BASE, top=12), "coherence"))
    say(f"Neurons that decode to the word {WORD!r}, in the base and in the fine-tune\n")
    say(tables.hits(kb.find(WORD, top=10)))
    found = kb.diff(BASE, TUNED, top=8)
    say("Does the fine-tune keep each side's top token? Beside it: random noise of the same size per row\n")
    say(tables.layer_shares(found))
    say(tables.changes(found))


def _suggest() -> None:
    say = output.console().print
    say("Try next:\n")
    for title, cypher in QUERIES:
        say(f'# {title}\n.venv/bin/neuronkb query "{cypher}"\n', soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())

"""The relationship types: what joins what, and what the join holds."""

from __future__ import annotations

from .property import Property, Relationship
from .scores import SCORES

RUN = Property("run", "string", "id of the Run that made it", required=True)
POLE = Property("pole", "int", "+1 or -1", required=True)
PROJECTIONS = ("gate", "up", "down")
POLES = {1: "pos", -1: "neg"}


def _counterpart() -> tuple[Property, ...]:
    """Per projection the cosine; per projection and pole the overlap of decoded tokens and its null."""
    found = [Property(f"cos_{p}", "float", f"cosine of the two {p} rows as stored") for p in PROJECTIONS]
    found += [
        Property(f"delta_{p}", "float", f"norm of the change of the {p} row over the base row's norm")
        for p in PROJECTIONS
    ]
    for p in PROJECTIONS:
        for pole in POLES.values():
            side = f"{p}_{pole}"
            found += [
                Property(f"same_top_{side}", "bool", f"same top token, each with its own unembedding ({p}, {pole})"),
                Property(
                    f"same_top_rows_{side}",
                    "bool",
                    f"same top token through the base's unembedding ({p}, {pole})",
                ),
                Property(
                    f"same_top_null_{side}",
                    "bool",
                    f"whether noise of the same size keeps the top token ({p}, {pole})",
                ),
                Property(f"jaccard_{side}", "float", f"Jaccard index of the top-k tokens ({p}, {pole})"),
            ]
    found += [
        Property("activation_r", "float", "Pearson correlation of hidden values on the same text"),
        *(
            Property(f"activation_r_{pole}", "float", f"the same of what is on one pole ({pole})")
            for pole in POLES.values()
        ),
        Property("null_r", "float", "`activation_r` with another neuron of the fine-tune's layer in its place"),
        Property("activation_se", "float", "standard error of `activation_r`, from two halves of the text"),
    ]
    return tuple(found)


_EXPLAINED = (
    POLE,
    Property("rank", "int", "1 is the one chosen of its candidates"),
    Property("scorer", "string", "of the headline score on this very pole and unit: docs/explanations.md says which"),
    Property("formula", "string", "of the headline score; only equal formulas compare"),
    Property("value", "float", "the headline score; null where it is not defined"),
    Property("null", "float", "the same score of an explanation of another neuron of the layer"),
    Property("n", "int", "tokens, windows or examples that went into it"),
    RUN,
)
"""EXPLAINED_BY of a neuron and of a latent."""

_SHARED_WORD = (
    Property("pole", "int", "+1 or -1: the side of the hidden value, by the first method", required=True),
    Property("rank", "int", "1 is the side's rarest word"),
    Property("methods", "strings", "the independent methods that name words of the side"),
    Property("score", "float", "of the side: how much they share, nats"),
    Property("null", "float", "of the side: what its best pair of methods shares with another neuron's words, nats"),
    Property("p", "float", "of the side: the share of pairs of different neurons with such a score"),
    Property("q", "float", "p adjusted over all sides of the model of which two independent methods speak"),
    RUN,
)
"""AGREES_ON and CONTRADICTS_ON."""

_RELATIONSHIPS = (
    Relationship("IN_MODEL", "Neuron", "Model", "The model a neuron belongs to."),
    Relationship("IN_SOURCE", "Latent", "Source", "The dictionary a latent belongs to."),
    Relationship("OF", "Source", "Model", "The model a dictionary reads."),
    Relationship(
        "FINE_TUNED_FROM",
        "Model",
        "Model",
        "The base a model was fine-tuned from, as measured by a link run.",
        (RUN, Property("mean_cosine", "float", "mean row cosine over all neurons and projections")),
        key=("run",),
    ),
    Relationship("HAS_STATS", "Neuron", "Stats", "Its numbers.", (RUN,), key=("run",)),
    Relationship("HAS_STATS", "Latent", "Stats", "Its numbers.", (RUN,), key=("run",)),
    Relationship(
        "DECODES_TO",
        "Neuron",
        "Token",
        "One of the top tokens of a projection's row through the unembedding.",
        (
            Property("projection", "string", "gate, up or down", required=True),
            POLE,
            Property("convention", "string", "folded or raw", required=True),
            Property("rank", "int", "1 is the strongest; ties by token number", required=True),
            Property("logit", "float", "pole x dot product with the token's unembedding row", required=True),
            Property("z", "float", "(logit - mean) / std over the ranked vocabulary", required=True),
            Property("probability", "float", "softmax over the ranked vocabulary of pole x logits", required=True),
            RUN,
        ),
        key=("projection", "pole", "run"),
    ),
    Relationship(
        "ROUTES_ON",
        "Expert",
        "Token",
        "One of the top tokens of the router's row for the expert, through the unembedding: what it is sent.",
        (
            POLE,
            Property("convention", "string", "folded or raw", required=True),
            Property("rank", "int", "1 is the strongest; ties by token number", required=True),
            Property("logit", "float", "pole x dot product with the token's unembedding row", required=True),
            Property("z", "float", "(logit - mean) / std over the ranked vocabulary", required=True),
            Property("probability", "float", "softmax over the ranked vocabulary of pole x logits", required=True),
            RUN,
        ),
        key=("pole", "run"),
    ),
    Relationship("SPELLS", "Token", "Term", "The word a token writes."),
    Relationship("HAS_GRAPH", "Neuron", "Graph", "Its N2G graph.", (POLE, RUN), key=("run", "pole")),
    Relationship("STARTS_AT", "Graph", "GraphNode", "The graph's activating tokens.", (RUN,), key=("run",)),
    Relationship("PRECEDED_BY", "GraphNode", "GraphNode", "One token of context further back.", (RUN,), key=("run",)),
    Relationship("MATCHES", "GraphNode", "Term", "A word the graph node accepts.", (RUN,), key=("run",)),
    Relationship(
        "ACTIVATES_ON",
        "Neuron",
        "Term",
        "A word the neuron activates on, by its graph.",
        (
            POLE,
            Property("importance", "float", "share of the activation lost when masked"),
            Property("activation", "float", "share of the neuron's maximum; the strongest of its spellings"),
            Property("tokens", "strings", "the exact spellings in the graph"),
            RUN,
        ),
        key=("pole", "run"),
    ),
    Relationship(
        "HAS_CONTEXT",
        "Neuron",
        "Term",
        "A word of context the activation depends on.",
        (
            POLE,
            Property("importance", "float", "share of the activation lost when masked"),
            Property("tokens", "strings", "the exact spellings in the graph"),
            RUN,
        ),
        key=("pole", "run"),
    ),
    *(
        Relationship(
            "FIRES_ON",
            unit,
            "Excerpt",
            f"A window among the {unit.casefold()}'s examples.",
            (
                POLE,
                Property("activation", "float", "strongest activation in the window"),
                Property(
                    "levels",
                    "string",
                    "activation at each token, in whole steps of `unit` with blanks between them: in Cypher "
                    "[x IN split(f.levels, ' ') | toInteger(x) * f.unit]",
                ),
                Property("unit", "float", "a step: a thousandth of `activation` where that is above 0"),
                Property(
                    "signs",
                    "string",
                    "a letter a token: P or p where the gate is above 0, else N or n; a capital where up is above 0; "
                    "_ at BOS; null without a gate, and where nobody noted them",
                ),
                Property("band", "string", "top, random, or the band of quantiles or activations it was drawn from"),
                RUN,
            ),
            key=("pole", "run"),
        )
        for unit in ("Neuron", "Latent")
    ),
    Relationship(
        "FIRES_ON_TOKEN",
        "Neuron",
        "Token",
        "How it activates on one token over the corpus.",
        (
            POLE,
            Property("mean", "float", "mean activation"),
            Property("max", "float", "largest activation"),
            Property("n", "int", "times the token was seen"),
            RUN,
        ),
        key=("pole", "run"),
    ),
    Relationship(
        "DETECTS",
        "Neuron",
        "Feature",
        "How well the neuron alone tells a feature. Scores are of the split kept for reporting.",
        (
            Property("method", "string", "how it was ranked and fitted", required=True),
            Property("rank", "int", "1 is the best of its layer for the feature"),
            *SCORES,
            Property("coef", "float", "coefficient of the one-neuron probe: negative when it fires on the others"),
            Property("bias", "float", "intercept of the one-neuron probe"),
            RUN,
        ),
        key=("method", "run"),
    ),
    Relationship("NAMED", "Feature", "Term", "A word of the feature's name."),
    Relationship(
        "USES",
        "Probe",
        "Neuron",
        "A neuron in a probe's support.",
        (
            Property("coef", "float", "its coefficient"),
            Property("rank", "int", "1 has the largest coefficient by size"),
            RUN,
        ),
        key=("run",),
    ),
    Relationship("FOR", "Probe", "Feature", "What the probe looks for.", (RUN,), key=("run",)),
    Relationship(
        "EXPLAINED_BY",
        "Neuron",
        "Explanation",
        "A statement of what it does.",
        _EXPLAINED,
        key=("pole", "run"),
    ),
    Relationship(
        "EXPLAINED_BY",
        "Latent",
        "Explanation",
        "A statement of what it does.",
        _EXPLAINED,
        key=("pole", "run"),
    ),
    Relationship("MENTIONS", "Explanation", "Term", "A key word of the explanation."),
    Relationship("SCORED", "Explanation", "Score", "How well it predicts.", (RUN,), key=("run",)),
    Relationship("OF", "Score", "Neuron", "The neuron it was scored on.", (RUN,), key=("run",)),
    Relationship("OF", "Score", "Latent", "The latent it was scored on.", (RUN,), key=("run",)),
    Relationship(
        "AGREES_ON",
        "Neuron",
        "Term",
        "A word that independent methods name for the same side of the neuron: docs/agree.md.",
        _SHARED_WORD,
        key=("pole", "run"),
    ),
    Relationship(
        "CONTRADICTS_ON",
        "Neuron",
        "Term",
        "A word that independent methods put on opposite sides of the neuron.",
        _SHARED_WORD,
        key=("pole", "run"),
    ),
    Relationship(
        "COUNTERPART",
        "Neuron",
        "Neuron",
        "The same neuron of a fine-tune: from the base's to the fine-tune's.",
        (*_counterpart(), RUN),
        key=("run",),
    ),
    Relationship(
        "SIMILAR",
        "Neuron",
        "Neuron",
        "A neuron like it by one measure.",
        (
            Property(
                "measure",
                "string",
                "weights, vocabulary, tokens, activation; of graphs n2g_overlap, n2g_subset, deepdecipher, graph_paths",
                required=True,
            ),
            Property("score", "float", "the similarity"),
            Property("rank", "int", "1 is the nearest"),
            Property("null", "float", "the best score of the control"),
            Property("jaccard", "float", "Jaccard index of the top-k tokens, for the measure tokens"),
            RUN,
        ),
        key=("measure", "run"),
    ),
    Relationship(
        "FEEDS",
        "Neuron",
        "Neuron",
        "A later layer's neuron it drives most.",
        (
            Property("weight", "float", "folded down row . gate or up row; negative where it works against it"),
            Property("through", "string", "gate or up of the later neuron", required=True),
            Property("rank", "int", "by size among all that the start feeds; null beyond the kept ones"),
            Property("rank_in", "int", "by size among all that feed the end; null beyond the kept ones"),
            Property("null", "float", "largest size that the start reaches with shuffled rows of the later layers"),
            Property("null_in", "float", "largest size that reaches the end's shuffled row from the earlier layers"),
            RUN,
        ),
        key=("through", "run"),
    ),
    Relationship("ON", "Intervention", "Neuron", "The neuron that was clamped.", (RUN,), key=("run",)),
    Relationship("ABOUT", "Finding", "Neuron", "A neuron the finding names; all are of one model."),
    Relationship(
        "CARRIED_TO",
        "Finding",
        "Neuron",
        "Where a finding ended up in a fine-tune, for one of its neurons. Earlier runs stay beside the current one.",
        (
            Property("source", "string", "id of the neuron it was made on", required=True),
            Property("verdict", "string", "holds, weakened, moved, lost or untested", required=True),
            Property("reason", "string", "the numbers behind the verdict, in a line"),
            *(Property(f"cos_{p}", "float", f"cosine of the two {p} rows as stored") for p in PROJECTIONS),
            Property("jaccard", "float", "mean Jaccard index of the top-k tokens over the neuron's sides"),
            Property("graph_f1", "float", "F1 of the base neuron's N2G graph on this neuron's stored windows"),
            Property("probe_f1", "float", "this neuron's F1 on the feature that the base neuron tells best"),
            Property("explanation_score", "float", "the base neuron's explanation scored on this neuron"),
            Property("clamp_effect", "float", "effect of clamping this neuron, of the clamp that did most in the base"),
            Property("measures", "string", "JSON: every measure with its value, interval, null and outcome"),
            RUN,
        ),
        key=("source", "run"),
    ),
    Relationship("DERIVED_FROM", "Run", "Run", "A run whose evidence this one was computed from.", own=True),
)

RELATIONSHIPS: dict[str, Relationship] = {rel.name: rel for rel in _RELATIONSHIPS}

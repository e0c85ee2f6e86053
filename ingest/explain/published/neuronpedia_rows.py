"""One row of Neuronpedia's tables as what it says of its unit."""

from __future__ import annotations

from collections.abc import Iterator

from ..records import Explanation, Score, Scorer, Unit
from .failures import failure
from .fields import Row, Unfit, items, mapping, number, numbers, text, tokens
from .items import Given, Item, Statistics, window
from .predictors import predictor
from .tally import Tally

SCORE_TYPES: dict[str, tuple[Scorer, str]] = {
    "eleuther_recall": ("detection", "balanced-accuracy"),
    "eleuther_fuzz": ("fuzzing", "balanced-accuracy"),
    "eleuther_embedding": ("embedding", "auroc"),
}
"""explanationScoreTypeName -> scorer and formula; an export has none of them, a feature from the site does. Its own
recall_alt has no formula that is known."""
REMARK = "published embeddings left out: the files do not say which model made them"


def explanation(unit: Unit, row: Row, where: str, given: Given, tally: Tally) -> Iterator[Item]:
    """A description. Its own embedding is left: texts are embedded again by a model that is known. Raises Unfit."""
    if row.get("embedding") is not None:
        tally.remarks[REMARK] += 1
    said = text(row, "description")
    reason = failure(said or "")
    if said is None or reason is not None:
        tally.fail("explanations", reason or "", f"{where}: {reason}")
        return
    scores = tuple(_scores(row, where, tally))
    explainer = text(row, "explanationModelName") or given.explainer
    yield Explanation(unit, said, explainer, method=text(row, "typeName"), scores=scores)


def _scores(row: Row, where: str, tally: Tally) -> Iterator[Score]:
    for each in items(row, "scores"):
        with tally.unfit("scores", where):
            score = mapping(each, "score")
            name = text(score, "explanationScoreTypeName")
            if name not in SCORE_TYPES:
                raise Unfit("a score of a kind that is not read")
            scorer, formula = SCORE_TYPES[name]
            judge = text(score, "explanationScoreModelName")
            yield Score(scorer, formula, number(score, "value"), split="published", simulator=judge)


def activation(unit: Unit, row: Row, where: str, given: Given, tally: Tally) -> Iterator[Item]:
    """A window of examples. Raises Unfit."""
    low, high, contains = (number(row, name) for name in ("binMin", "binMax", "binContains"))
    yield window(
        unit, tokens(row, "tokens"), numbers(row, "values"), band(low, high, contains), text(row, "dataSource")
    )


def feature(unit: Unit, row: Row, where: str, given: Given, tally: Tally) -> Iterator[Item]:
    """Its largest activation and share of tokens, and the tokens its output raises and lowers. Raises Unfit."""
    facts = {"max": number(row, "maxActApprox"), "nonzero": number(row, "frac_nonzero")}
    if any(fact is not None for fact in facts.values()):
        yield Statistics(unit, facts)
    else:
        tally.skip("rows", "a feature without statistics")
    yield from logits(unit, row)


def logits(unit: Unit, row: Row) -> Iterator[Item]:
    """The tokens that the unit's output raises and lowers, each list an explanation of kind decoded. Raises Unfit."""
    for name, pole in (("pos", 1), ("neg", -1)):
        found = tokens(row, f"{name}_str")
        if any(token.strip() for token in found):
            yield predictor(unit, "decoded", pole, found, numbers(row, f"{name}_values"), "logit lens")


def band(low: float | None, high: float | None, contains: float | None) -> str:
    """`top`, or the interval of activations that a window was drawn from."""
    if low is None or high is None or low == -1 or contains == -1:
        return "top"
    return f"interval {low:g}-{high:g}"

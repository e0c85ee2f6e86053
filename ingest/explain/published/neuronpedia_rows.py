"""One row of Neuronpedia's tables as what it says of its unit."""

from __future__ import annotations

from collections.abc import Iterator

from ..records import Explanation, Score, Scorer, Unit
from .fields import Row, Unfit, items, mapping, number, numbers, text, tokens, whole
from .items import Given, Item, Statistics, window
from .predictors import predictor
from .ranges import possible
from .tally import Tally

SCORE_TYPES: dict[str, tuple[Scorer, str]] = {
    "eleuther_recall": ("detection", "balanced-accuracy"),
    "eleuther_fuzz": ("fuzzing", "balanced-accuracy"),
    "eleuther_embedding": ("embedding", "auroc"),
}
"""explanationScoreTypeName -> scorer and formula; an export has none of them, a feature from the site does. Its own
recall_alt has no formula that is known."""
REMARK = "published embeddings left out: the files do not say which model made them"
DRAWN = "windows without the pattern of attention that comes with them (zIndices)"


def explanation(unit: Unit, row: Row, where: str, given: Given, tally: Tally) -> Iterator[Item]:
    """A description. Its own embedding is left: texts are embedded again by a model that is known. Raises Unfit."""
    if row.get("embedding") is not None:
        tally.remarks[REMARK] += 1
    if (said := tally.sentence(text(row, "description"), where)) is None:
        return
    scores = tuple(possible(_scores(row, where, tally), where, tally))
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
    found = tokens(row, "tokens")
    if row.get("values") and row.get("zValues"):
        tally.remarks[DRAWN] += 1
    values = _values(row, len(found))
    yield window(unit, found, values, band(low, high, contains), text(row, "dataSource"))


def _values(row: Row, n: int) -> tuple[float, ...]:
    """One value a token: all of them, or those that are not 0 with the places they stand at. Raises Unfit."""
    if row.get("values") or not row.get("zValues"):
        return numbers(row, "values")
    places, found = items(row, "zIndices"), numbers(row, "zValues")
    if any(isinstance(place, list) for place in places):
        raise Unfit("a window with a pattern of attention (zIndices in pairs) and without activations")
    at = [whole({"zIndices": place}, "zIndices") for place in places]
    if len(at) != len(found) or len({*at}) < len(at) or max(at, default=0) >= n:
        raise Unfit("a sparse window whose zIndices do not fit its tokens or its zValues")
    values = [0.0] * n
    for place, value in zip(at, found, strict=True):
        values[place] = value
    return tuple(values)


def feature(unit: Unit, row: Row, where: str, given: Given, tally: Tally) -> Iterator[Item]:
    """Its largest activation and share of tokens, and the tokens its output raises and lowers. Raises Unfit."""
    facts = {"max": number(row, "maxActApprox"), "nonzero": share(row, "frac_nonzero", where, tally)}
    if any(fact is not None for fact in facts.values()):
        yield Statistics(unit, facts)
    else:
        tally.skip("rows", "a feature without statistics")
    yield from logits(unit, row)


def share(row: Row, name: str, where: str, tally: Tally) -> float | None:
    """A number from 0 to 1, or None where there is none; another is counted as skipped. Raises Unfit for no number."""
    found = number(row, name)
    if found is None or 0 <= found <= 1:
        return found
    tally.skip("rows", f"{name} is no share from 0 to 1", f"{where}: {name} is {found:g}, expected 0 to 1")
    return None


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

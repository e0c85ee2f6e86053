"""Detection and fuzzing: does a model that knows the explanation tell windows, or marked tokens, on which the neuron is
active from those on which it is not (Paulo et al. 2024, Delphi; prompts ours)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..llm.client import Client, Message, Prompt
from .formulas import Bools, Floats, auroc, balanced_accuracy, f1
from .material import Material, Passage
from .records import Score, Scorer
from .settings import Settings

ASKS: dict[Scorer, str] = {
    "detection": "For each text say whether a part of it is what the neuron reacts to.",
    "fuzzing": (
        "In each text some tokens stand between << and >>. For each text say whether the marked tokens are what the "
        "neuron reacts to."
    ),
}


@dataclass(frozen=True)
class Example:
    """A text to be judged."""

    text: str
    active: bool


@dataclass(frozen=True)
class Verdicts:
    """What was said of examples."""

    active: Bools
    rated: Floats
    """1 for active, 0 for silent, or the probability of active; NaN where there was no answer"""


@dataclass
class Judge:
    """Asks a model about examples: for a probability each where the model only continues text, else for digits."""

    client: Client
    settings: Settings
    base: bool
    """whether the model only continues text"""
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def id(self) -> str:
        """What scores call it."""
        return f"{self.client.id} by {'probabilities' if self._logs else 'answers'}"

    @property
    def _logs(self) -> bool:
        return self.base and "continuations" in self.client.abilities

    def judge(self, scorer: Scorer, asked: Sequence[tuple[str, Sequence[Example]]]) -> list[Verdicts]:
        """Verdicts on the examples of each explanation."""
        rate = self._probabilities if self._logs else self._answers
        rated = iter(rate(scorer, [(text, example) for text, examples in asked for example in examples]))
        made = []
        for _, examples in asked:
            values = np.array([next(rated) for _ in examples], np.float64)
            made.append(Verdicts(np.array([one.active for one in examples], bool), values))
        return made

    def _probabilities(self, scorer: Scorer, asked: Sequence[tuple[str, Example]]) -> list[float]:
        """One question an example: P(yes) / (P(yes) + P(no))."""
        prompts = [_single(scorer, text, example.text) for text, example in asked]
        found = []
        for scores in self.client.continuation_logs(prompts, [" yes", " no"]):
            if scores.logs is None or not np.isfinite(scores.logs).any():
                self.failures[scores.failure or "no probability of yes or no"] += 1
                found.append(float("nan"))
            else:
                yes, no = np.exp(scores.logs - scores.logs.max())
                found.append(float(yes / (yes + no)))
        return found

    def _answers(self, scorer: Scorer, asked: Sequence[tuple[str, Example]]) -> list[float]:
        """Several examples of one explanation in a question, answered by as many digits."""
        groups = _groups(asked, self.settings.together)
        prompts = [_several(scorer, group[0][0], [example.text for _, example in group]) for group in groups]
        answers = self.client.complete(prompts, max_tokens=8 + 4 * self.settings.together)
        found: list[float] = []
        for group, answer in zip(groups, answers, strict=True):
            said = read_digits(answer.text, len(group))
            if said is None:
                self.failures[answer.failure or "not as many answers as texts"] += len(group)
            found += said or [float("nan")] * len(group)
        return found


def examples(scorer: Scorer, material: Material, settings: Settings) -> list[Example]:
    """Active and silent windows in a shuffled order; for fuzzing with marks: an active window's on its active tokens, a
    silent one's on as many random ones as active windows have on average."""
    active, quiet = (material.windows["report", part] for part in ("active", "silent"))
    n = min(len(active), len(quiet))
    limit = settings.active * material.maximum
    target = material.target
    random = np.random.default_rng([settings.seed, target.layer, target.index, int(target.pole > 0)])
    marked = [np.flatnonzero(p.values >= limit).tolist() for p in active]
    many = max(1, round(float(np.mean([len(places) for places in marked])))) if marked else 1
    found = []
    for passage, places in zip(active[:n], marked, strict=False):
        found.append(Example(_shown(scorer, passage, places), True))
    for passage in quiet[:n]:
        places = random.permutation(len(passage.tokens))[:many].tolist()
        found.append(Example(_shown(scorer, passage, places), False))
    return [found[i] for i in random.permutation(len(found))]


def judged_scores(
    scorer: Scorer, own: Verdicts, other: Verdicts | None, judge: str, seed: int, pole: int
) -> tuple[Score, ...]:
    """Balanced accuracy, F1 and AUROC, each beside the same of another neuron's explanation; answers that are none are
    left out and counted."""
    values, n = verdict_values(own)
    nulls = verdict_values(other)[0] if other is not None else {}
    failed = len(own.rated) - n
    positives = int(own.active[np.isfinite(own.rated)].sum())
    return tuple(
        Score(
            scorer,
            name,
            value,
            nulls.get(name),
            len(own.rated),
            failed,
            "active-and-silent",
            judge,
            seed,
            None,
            positives,
            pole,
        )
        for name, value in values.items()
    )


def verdict_values(found: Verdicts) -> tuple[dict[str, float | None], int]:
    """By formula; and how many answers they stand on."""
    known = np.isfinite(found.rated)
    active, rated = found.active[known], found.rated[known]
    said = rated > 0.5
    return {
        "balanced-accuracy": balanced_accuracy(active, said),
        "f1": f1(active, said),
        "auroc": auroc(active, rated),
    }, int(known.sum())


def read_digits(text: str | None, n: int) -> list[float] | None:
    """n answers of 0 or 1, alone or as a list; None where there are more, fewer or others."""
    if text is None:
        return None
    listed = re.findall(r"\[([^\]]*)\]", text)
    said = re.findall(r"\d+", listed[-1] if listed else text)
    return [float(one) for one in said] if len(said) == n and set(said) <= {"0", "1"} else None


def _shown(scorer: Scorer, passage: Passage, places: Sequence[int]) -> str:
    """The window's text on one line; for fuzzing with runs of the chosen tokens marked."""
    if scorer == "detection":
        return " ".join(passage.text.split())
    marked, parts = set(places), []
    for at, token in enumerate(passage.tokens):
        begins, ends = at in marked and at - 1 not in marked, at in marked and at + 1 not in marked
        parts.append(f"{'<<' if begins else ''}{token}{'>>' if ends else ''}")
    return " ".join("".join(parts).split())


def _groups(asked: Sequence[tuple[str, Example]], size: int) -> list[list[tuple[str, Example]]]:
    """Runs of one explanation, `size` at most."""
    made: list[list[tuple[str, Example]]] = []
    for one in asked:
        if made and made[-1][0][0] == one[0] and len(made[-1]) < size:
            made[-1].append(one)
        else:
            made.append([one])
    return made


def _several(scorer: Scorer, explanation: str, texts: Sequence[str]) -> Prompt:
    listed = "\n".join(f"{number}: {text}" for number, text in enumerate(texts, 1))
    return (
        Message(
            "system",
            f"A neuron of a language model reacts to: {explanation}. {ASKS[scorer]} Answer with a list of as many "
            "digits as there are texts, 1 for yes and 0 for no, such as [1, 0, 0], and with nothing else.",
        ),
        Message("user", listed),
    )


_SHOTS: dict[Scorer, tuple[tuple[str, str, str], ...]] = {
    "detection": (
        ("names of months", "We met again in July, after the storm.", "yes"),
        ("names of months", "The box was too heavy to lift alone.", "no"),
        ("opening brackets", "The dose (in milligrams) was doubled.", "yes"),
        ("French function words", "Our bus left ten minutes late.", "no"),
        ("medicine", "The soup needs a little more salt.", "no"),
        ("medicine", "Her surgeon saw no sign of infection.", "yes"),
    ),
    "fuzzing": (
        ("names of months", "We met again in <<July>>, after the storm.", "yes"),
        ("names of months", "We met again in July, after <<the>> storm.", "no"),
        ("opening brackets", "The dose <<(>>in milligrams) was doubled.", "yes"),
        ("opening brackets", "The dose (in <<milligrams>>) was doubled.", "no"),
        ("medicine", "The soup <<needs>> a little more salt.", "no"),
        ("medicine", "Her <<surgeon>> saw no sign of infection.", "yes"),
    ),
}


def _single(scorer: Scorer, explanation: str, text: str) -> Prompt:
    ask = "Does the text have it?" if scorer == "detection" else "Are the marked words that?"
    shots = "".join(f"Topic: {topic}\nText: {shown}\n{ask} {answer}\n\n" for topic, shown, answer in _SHOTS[scorer])
    return f"{shots}Topic: {explanation}\nText: {text}\n{ask}"

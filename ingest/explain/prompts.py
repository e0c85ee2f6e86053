"""What explainers are asked: a conversation for a model that answers, many shots for one that only goes on writing."""

from __future__ import annotations

from collections.abc import Sequence

from ..llm.client import Message, Prompt
from .known import Known, Weighted
from .pairs import pairs, peak_words
from .settings import Method

WORDS = 15
"""Words listed of each kind."""

_TASK = (
    "A neuron of a language model reacts to one kind of thing in text. You are shown what is known of a neuron, and "
    "say in one sentence, as exactly as the evidence allows, what it reacts to. Name the kind of thing, do not list "
    "the words you were shown. Activations are whole numbers from 0, no reaction, to 10, its strongest; each line is a "
    "token, a tab, and the activation there. Begin with: This neuron reacts to"
)

_EXAMPLES: dict[str, tuple[str, str]] = {
    "weather": (
        "<start>\nThe\t0\n forecast\t2\n says\t0\n heavy\t3\n rain\t10\n and\t0\n wind\t8\n by\t0\n noon\t0\n<end>\n"
        "<start>\nWe\t0\n drove\t0\n home\t0\n through\t0\n thick\t1\n fog\t9\n.\t0\n<end>\n\n"
        "The same without the zeros:\n<start>\n forecast\t2\n heavy\t3\n rain\t10\n wind\t8\n<end>\n"
        "<start>\n thick\t1\n fog\t9\n<end>",
        "This neuron reacts to words for bad weather, such as precipitation, wind and fog.",
    ),
    "opening brackets": (
        "<start>\nprint\t0\n(\t10\nx\t1\n)\t0\n;\t0\n y\t0\n =\t0\n f\t0\n(\t9\n2\t2\n)\t0\n<end>\n"
        "<start>\n the\t0\n author\t0\n (\t8\nborn\t1\n in\t0\n Leeds\t0\n)\t0\n<end>",
        "This neuron reacts to an opening round bracket, in program code and in prose alike.",
    ),
    "negation": (
        "<start>\nIt\t0\n was\t0\n never\t9\n meant\t0\n to\t0\n last\t0\n,\t0\n nor\t7\n could\t0\n it\t0\n<end>\n"
        "<start>\nThey\t0\n do\t0\n not\t10\n agree\t1\n with\t0\n us\t0\n at\t0\n all\t1\n<end>",
        "This neuron reacts to words that negate, such as denials of an action or a state.",
    ),
}
"""Neurons made up for the purpose: what is shown, and a good answer."""

_LISTED = (
    (
        "It fires on: Tuesday · Sunday · monday · Friday\nIn contexts with: on · every · last\n"
        "Its weights point to: Wednesday · weekday · Saturday",
        "This neuron reacts to the names of days of the week, mostly where something is dated.",
    ),
    (
        "It fires on: kg · miles · litres · tonnes\nIn contexts with: hundred · 40 · per\n"
        "Its weights point to: metres · pounds · gallons",
        "This neuron reacts to units of measurement after a number.",
    ),
    (
        "It fires on: def · return · lambda\nIts weights point to: function · async · yield",
        "This neuron reacts to keywords of the Python language that have to do with functions.",
    ),
)

_SHOTS = (
    ("apple, banana, cherry, mango, pear, grapes", "fruits"),
    ("Paris, London, Tokyo, Berlin, Madrid", "capital cities"),
    ("run, jumped, swimming, climbs, walked", "verbs of motion"),
    ("2014, 1998, 2021, 1776, 2003", "years"),
    ("doctor, nurse, hospital, patient, surgery", "medicine and health care"),
    ("because, therefore, since, hence, thus", "words that give a reason"),
    ("(, {, [, <", "opening brackets"),
    ("ing, tion, ness, ment, able", "endings of English words"),
    ("guitar, violin, drums, piano, trumpet", "musical instruments"),
    ("import, return, def, class, lambda", "keywords of the Python language"),
    ("angry, happy, afraid, sad, proud", "emotions"),
    ("million, thousand, dozen, hundred, billion", "large numbers"),
    ("the, a, an", "articles"),
    ("judge, court, lawsuit, verdict, attorney", "law and courts"),
    ("red, blue, purple, green, yellow", "colours"),
    ("le, la, des, une, dans", "French function words"),
    ("not, never, nobody, cannot, nor", "negation"),
    ("football, tennis, goal, league, coach", "sports"),
    ("Monday, Friday, Sunday, Tuesday", "days of the week"),
    ("km, kg, miles, inches, litres", "units of measurement"),
)
"""Lists and their kinds, ours. A small model needs many and varied ones: with few it copies the last."""


def question(known: Known, method: Method, base: bool) -> Prompt | None:
    """The prompt of a method; None where a side has nothing that it asks about."""
    lists = _lists(known)
    if method == "graph_tokens" and not any(lists.values()):
        return None
    if method == "both" and not any(lists.values()):
        return None
    return _continued(known, method, lists) if base else _conversation(known, method, lists)


def _lists(known: Known) -> dict[str, tuple[str, ...]]:
    graph = known.graph.graph if known.graph else None
    fires = [] if graph is None else sorted(graph.activating.values(), key=lambda node: -node.activation)
    needs = [] if graph is None else sorted(graph.context.values(), key=lambda node: -node.importance)
    return {
        "It fires on": _clean([node.token for node in fires]),
        "In contexts with": _clean([node.token for node in needs]),
        "Its weights point to": _clean([token for token, _ in _decoded(known)]),
    }


def _decoded(known: Known) -> Weighted:
    """What the neuron reads where that is decoded: the gate's and the up row's tokens by turns; else what it writes."""
    rows = [known.decoded[name] for name in ("gate", "up") if known.decoded.get(name)]
    if not rows:
        return tuple(known.decoded.get("down", ()))
    return tuple(row[i] for i in range(max(map(len, rows))) for row in rows if i < len(row))


def _clean(tokens: Sequence[str]) -> tuple[str, ...]:
    """Tokens as words, each once in any case, those without a visible character left out."""
    found = {token.strip().casefold(): token.strip() for token in reversed(tokens) if token.strip()}
    return tuple(reversed(found.values()))[:WORDS]


def _conversation(known: Known, method: Method, lists: dict[str, tuple[str, ...]]) -> Prompt:
    shots = list(_EXAMPLES.values()) if method == "token_activations" else list(_LISTED)
    if method == "both":
        shots = [*list(_EXAMPLES.values())[:2], *_LISTED[:1]]
    turns = [Message("system", _TASK)]
    for shown, answer in shots:
        turns += [Message("user", shown), Message("assistant", answer)]
    parts = []
    if method != "graph_tokens":
        parts.append(pairs(known.shown, known.maximum))
    if method != "token_activations":
        parts.append("\n".join(f"{name}: {' · '.join(found)}" for name, found in lists.items() if found))
    return (*turns, Message("user", "\n\n".join(parts)))


def _continued(known: Known, method: Method, lists: dict[str, tuple[str, ...]]) -> Prompt | None:
    peaks = peak_words(known.shown, WORDS)
    listed = lists["It fires on"] or lists["Its weights point to"]
    words = {"token_activations": peaks, "graph_tokens": listed, "both": [*peaks[: WORDS // 2 + 1], *listed]}[method]
    kept = _clean(list(words))
    if not kept:
        return None
    shots = "".join(f"List: {shown}\nCategory: {kind}\n\n" for shown, kind in _SHOTS)
    return f"{shots}List: {', '.join(kept)}\nCategory:"

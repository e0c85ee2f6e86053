"""The words of a sentence that say what it is about."""

from __future__ import annotations

import re

from ...schema import fold

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

_COMMON = """
a about above activate activated activates activating activation after all also an and any are as at be because been
before being below between both but by can concept concepts could did do does doing during e each etc for found from
further g had has have having here how i ie if in including indicate indicates indicating into is it its itself
kind like main many may mention mentioned mentions more most neuron neurons no nor not of off often on once one only
or other our out over own particularly pattern patterns phrase phrases refer reference references referring refers
related relating same several should so some specific specifically such text texts than that the their them then
there these thing things they this those through to token tokens too typically under until up usually various very
was we were what when where whether which while who whom why will with within word words would you your
"""
STOP = frozenset(_COMMON.split())
"""Words that any explanation may have, whatever it is about."""


def key_words(text: str) -> tuple[str, ...]:
    """Folded words of a statement in their order, each once, without those that any explanation has."""
    found = (fold(word).removesuffix("'s").removesuffix("’s") for word in _WORD.findall(text))
    return tuple(dict.fromkeys(word for word in found if word not in STOP and (len(word) > 1 or not word.isascii())))

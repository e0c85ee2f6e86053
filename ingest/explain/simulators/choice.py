"""Which simulator a model can be."""

from __future__ import annotations

from typing import Literal, get_args

from ....schema import LanguageModelError
from ...llm.client import Client
from .all_at_once import AllAtOnce
from .one_at_a_time import OneAtATime, Style
from .simulator import Simulator
from .written import Written

Way = Literal["auto", "all-at-once", "one-at-a-time", "written"]
WAYS: tuple[Way, ...] = get_args(Way)


def simulator(client: Client, way: Way = "auto", *, chat: bool = False) -> Simulator:
    """A simulator by name; `auto` is the fastest that the model can be. `chat` asks in turns rather than in one text.

    Raises LanguageModelError for a way that the model cannot go.
    """
    style: Style = "chat" if chat else "text"
    if way == "all-at-once" or (way == "auto" and "slots" in client.abilities):
        return AllAtOnce(client)
    if way == "one-at-a-time" or (way == "auto" and "continuations" in client.abilities):
        return OneAtATime(client, style)
    if way in WAYS:
        return Written(client, style)
    raise LanguageModelError(f"unknown way to simulate {way!r}; expected one of {', '.join(WAYS)}")

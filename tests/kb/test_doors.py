"""What network doors say of a verb before anybody asks it."""

from __future__ import annotations

from neuronkb.kb.doors import ADDING, offers

TAKES_AWAY = {
    *("findings_remove", "runs_remove", "neurons_set_line", "neurons_lines"),
    *("links_make", "lm_head_ingest", "store_check", "store_stop"),
}
"""Some of those that take away, or put one thing in the place of another."""


def test_what_takes_away_says_so() -> None:
    writing = {offer.name: offer for offer in offers(allow_write=True).values() if offer.stores}
    destroying = {name for name, offer in writing.items() if offer.destroys}
    assert destroying >= TAKES_AWAY
    assert writing.keys() - destroying == {"findings_add", "findings_carry"}
    assert set(ADDING) <= {offer.verb.path for offer in writing.values()}


def test_what_may_not_store_destroys_nothing() -> None:
    assert not [offer.name for offer in offers(allow_write=False).values() if offer.destroys or offer.stores]

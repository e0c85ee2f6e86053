"""The corpora of an answer's rows, on one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping


def corpora_line(named: Mapping[str, str]) -> str:
    """`corpora: a.jsonl (activations-1, n2g-2), b/ (activations-3)`"""
    by_name: dict[str, list[str]] = defaultdict(list)
    for run, name in named.items():
        by_name[name].append(run)
    return "corpora: " + ", ".join(f"{name} ({', '.join(runs)})" for name, runs in by_name.items())


def heard_line(heard: Mapping[str, str], unheard: Mapping[str, str]) -> str:
    """The corpora that were listened to and those that were not, by run; empty where one of the two is."""
    if not heard or not unheard:
        return ""
    return f"{corpora_line(heard)}; not listened to: {corpora_line(unheard).partition(': ')[2]} (--runs takes others)"

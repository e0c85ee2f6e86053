"""What is called otherwise now: an old command is answered with the name of the new one."""

from __future__ import annotations

_JOBS = ("lm-head", "activations", "n2g", "probes", "explanations", "feeds")

NEW_NAMES = {
    **{f"ingest {job}": f"{job} ingest" for job in _JOBS},
    "ingest clamp": "causal ingest",
    **{f"import {job}": f"{job} import" for job in ("n2g", "probes", "explanations")},
    "query": "cypher",
    "neuron": "card",
    "concepts": "words concepts",
    "agree": "words agree",
    "disagree": "words disagree",
    "load": "bundles load",
    "bundle check": "bundles check",
    "store remove": "runs remove",
    "link": "links make",
    "diff": "links diff",
    "match": "similar match",
    "embed": "explanations embed",
    **{f"probe {verb}": f"probes {verb}" for verb in ("show", "report", "ablate")},
    **{f"explain {verb}": f"explanations {verb}" for verb in ("show", "report")},
    "explain rate": "ratings rate",
    **{f"finding {verb}": f"findings {verb}" for verb in ("add", "list", "show", "carry", "remove")},
}
"""Old commands and their new names, without `neuronkb`."""
GROUPS = ("ingest", "import", "bundle", "probe", "explain", "finding")
"""Old nouns, of which every verb has another name now."""

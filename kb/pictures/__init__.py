"""Pictures of a neuron: coloured excerpts, an activation histogram, a dose-response curve and its page.

Functions from records to text, HTML and SVG; nothing here asks a store, and nothing heavy is imported before it draws.
"""

from __future__ import annotations

from ...queries.result.picture import DoseCurve, ExcerptView, HistogramView, ProbeLine
from ...schema.visible import visible
from .dose import draw_dose
from .excerpt import excerpt_html, excerpt_text, largest
from .explanations import ScoreLine, draw_explanations
from .figure import inline_svg, save
from .histogram import draw_histogram
from .page import record_page
from .probes import draw_probes

__all__ = [
    "DoseCurve",
    "ExcerptView",
    "HistogramView",
    "ProbeLine",
    "ScoreLine",
    "draw_dose",
    "draw_explanations",
    "draw_histogram",
    "draw_probes",
    "excerpt_html",
    "excerpt_text",
    "inline_svg",
    "largest",
    "record_page",
    "save",
    "visible",
]

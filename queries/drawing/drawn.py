"""A section's picture as SVG, for a page or for a file of its own."""

from __future__ import annotations

from ..result.picture import HeatMap
from ..result.section import Doses, Drift, ExplanationScores, Graph, Histograms, LayerScores, Picture, ProbeLines
from .dose import draw_dose
from .drift import draw_drift
from .explanations import draw_explanations
from .graph import draw_graph, views
from .heat_map import draw_heat_map
from .histogram import draw_histogram
from .probes import draw_probes
from .scores import draw_scores
from .svg import Svg


def draw(picture: Picture, title: str = "") -> Svg | None:
    """What is drawn, under a title; None for excerpts, which are text. Raises PictureError."""
    match picture:
        case Histograms():
            return draw_histogram(picture.views, title)
        case Doses():
            return draw_dose(picture.curves, title)
        case Graph():
            return draw_graph(views(picture.nodes), title, picture.most)
        case LayerScores():
            return draw_scores(picture.rows, title)
        case ExplanationScores():
            return draw_explanations(picture.lines, title)
        case ProbeLines():
            return draw_probes(picture.depth, picture.sparse, title)
        case Drift():
            return draw_drift(picture.points, title)
        case HeatMap():
            return draw_heat_map(picture, title)
    return None

"""The page as a whole: what it holds, that it is sound, and that it fetches and runs nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from neuronkb.queries import NeuronCard
from neuronkb.queries.drawing import record_page, section_html
from neuronkb.queries.result.picture import DoseCurve, ExcerptView, HistogramView
from neuronkb.queries.result.section import Doses, Excerpts, Histograms, Section, Tokens

EVIL = '</style><script>alert("1")</script><img src=x onerror=y>'
VOID = {"meta"}


def excerpt(token: str, activation: float, band: str = "top", pole: int = 1) -> ExcerptView:
    return ExcerptView(("a", token), (0.0, activation), activation, band, pole, EVIL)


def full(word: str = EVIL) -> str:
    views = (excerpt(word, 2.0), excerpt(word, 8.0), excerpt("m", 4.0, pole=-1), excerpt("q", 1.0, word))
    return record_page(
        f"m/L1/N2 {word}",
        word,
        [
            Section(word, (word, "tokens"), ((word, Tokens((word,), (word,))),)),
            Section("Activations", picture=Histograms((HistogramView((0.0, 1.0), (5,), {word: 0.5}),))),
            Section("Excerpts", picture=Excerpts(views)),
            Section("Clamps", ("n",), ((1.5,),), Doses((DoseCurve((1.0,), (2.0,), label=word),))),
        ],
    )


class Sound(HTMLParser):
    """Every tag closed in turn; ids once."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_sound_and_runs_nothing() -> None:
    found = Sound(full())
    assert not {"script", "img", "link", "iframe", "object"} & set(found.tags)
    assert not [name for name, _ in found.attributes if name.startswith("on") or name in {"src", "href"}]
    ids = [value for name, value in found.attributes if name == "id"]
    assert len(ids) == len(set(ids)) > 0


def test_strangers_words_change_no_tag() -> None:
    assert Sound(full()).tags == Sound(full("word")).tags


def test_nothing_is_fetched() -> None:
    page = full("word")
    assert "default-src 'none'" in page
    addresses = set(re.findall(r"https?://[^\"' <]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"@import|url\((?!#)", page)


def test_sections_in_order() -> None:
    assert re.findall(r"<h2>(.*?)</h2>", full("w")) == ["w", "Activations", "Excerpts", "Clamps"]


def test_excerpts_by_pole_and_band_strongest_first() -> None:
    page = full("w")
    assert re.findall(r"<(?:h3|summary)>(.*?)(?: <span.*)?</", page) == ["+ side, top", "+ side, w", "- side, top"]
    assert re.findall(r'<data class="n" value="(.*?)">', page) == ["+8", "+2", "+1", "-4"]


def test_colours_are_relative_to_the_strongest_excerpt() -> None:
    page = full("w")
    assert '<b title="+8" style="background:rgba(213,94,0,0.7)">' in page
    assert '<b title="-4" style="background:rgba(0,114,178,0.35)">' in page


def test_long_excerpts_are_cut_around_the_strongest() -> None:
    tokens = tuple(f"t{i}" for i in range(100))
    view = ExcerptView(tokens, tuple(float(i == 50) for i in range(100)), 1.0, "top", 1, "d")
    html = section_html(Section("Excerpts", picture=Excerpts((view,))), "s", around=2)
    assert re.findall(r">(t\d+)<", html) == ["t48", "t49", "t50", "t51", "t52"]


def test_a_neuron_of_which_nothing_is_known() -> None:
    card = NeuronCard("m/L0/N0", "m", 0, 0, None, None, (), ())
    page = record_page(card.neuron, card.lead, card.sections())
    assert "<title>m/L0/N0</title>" in page
    assert "Nothing is known of this neuron yet." in page
    Sound(page)


def test_the_same_records_are_the_same_page() -> None:
    assert full() == full()

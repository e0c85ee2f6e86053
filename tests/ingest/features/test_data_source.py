from __future__ import annotations

from neuronkb.ingest.features.data_source import SIZE, TEXTS, docstrings, from_sources, licences, readmes


def test_pieces_by_source() -> None:
    sources = {
        "news_a": [(f"a{i}", f"Sentence {i} of a. " * 100) for i in range(100)],
        "news_b": [(f"b{i}", f"Sentence {i} of b. " * 100) for i in range(4)],
        "other": [("long", "Something else here. " * 500), ("short", "Too short.")],
    }
    found = list(from_sources(sources, 0, {"news": "news_"}))
    counts = {name: sum(record.labels[name] for record in found) for name in ("news_a", "news_b", "other", "news")}
    assert counts == {"news_a": TEXTS, "news_b": 12, "other": 3, "news": TEXTS + 12}
    for record in found:
        assert record.labels["news"] != record.labels["other"]
        assert SIZE / 3 < len(record.text) <= 2 * SIZE
    assert found == list(from_sources(sources, 0, {"news": "news_"}))


def test_texts_that_packages_carry() -> None:
    places = [place for place, _ in docstrings("networkx", most=3)]
    assert len({place.partition(":")[0] for place in places}) == 3
    held = list(licences())
    assert len(held) >= 10
    assert len({text for _, text in held}) == len(held)
    assert any("django" in name for name, _ in readmes())

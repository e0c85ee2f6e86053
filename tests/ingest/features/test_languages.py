from __future__ import annotations

from neuronkb.ingest.features.languages import LANGUAGES, build, sections


def test_a_section_says_the_same_in_all_languages() -> None:
    english = {f"message {i} {'x' * 40}": f"message {i} {'x' * 40}" for i in range(20)}
    found = {code: {name: f"{code}: {text}" for name, text in english.items()} for code in LANGUAGES}
    found["fi"] = {}
    records = list(sections(found, 0))
    by_group: dict[str, list[str]] = {}
    for record in records:
        (language,) = [name for name, value in record.labels.items() if value]
        assert set(record.labels) == {f"is_{name}" for name in LANGUAGES.values()}
        code = record.text[:2]
        assert language == f"is_{LANGUAGES[code]}"
        by_group.setdefault(record.group, []).append(record.text.replace(f"{code}: ", ""))
    for texts in by_group.values():
        assert len(texts) == len(LANGUAGES) - 1
        assert len(set(texts)) == 1
    assert records == list(sections(found, 0))
    assert records != list(sections(found, 1))


def test_what_django_has() -> None:
    found = build(0)
    assert len(found.header.features) == 16
    for count in found.header.counts.values():
        assert count.positives == count.groups_positive >= 60
    french = next(record for record in found.records if record.labels["is_french"])
    assert any(word in french.text.split() for word in ("de", "la", "le", "les", "des", "un", "une", "pas"))
    assert "BSD" in found.header.licence
    assert "django 5" in found.header.dataset

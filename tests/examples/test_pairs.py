from __future__ import annotations

from collections import Counter

from neuronkb.examples.demo.pairs import PAIRS_TSV, load_pairs, split


def test_every_line_is_a_kind_a_question_and_an_answer() -> None:
    header, *lines = PAIRS_TSV.read_text(encoding="utf-8").splitlines()
    assert header == "kind\tquestion\tanswer"
    for line in lines:
        fields = line.split("\t")
        assert len(fields) == 3, line
        assert all(field and field == field.strip() for field in fields), line
        assert fields[1].endswith("?"), line


def test_no_question_is_asked_twice_nor_the_other_way_round() -> None:
    pairs = load_pairs()
    assert len(pairs) == 240
    assert max(Counter(pair.question for pair in pairs).values()) == 1
    opposites = {pair.question.split()[-1].rstrip("?"): pair.answer for pair in pairs if pair.kind == "opposite"}
    assert not {(a, b) for a, b in opposites.items() if opposites.get(b) == a}


def test_every_kind_has_enough_to_learn_from() -> None:
    kinds = Counter(pair.kind for pair in load_pairs())
    assert set(kinds) == {"capital", "currency", "opposite", "plural", "past tense", "nationality", "young"}
    assert min(kinds.values()) >= 20


def test_split_holds_out_40_pairs_that_the_seed_names() -> None:
    pairs = load_pairs()
    train, held_out = split(pairs, seed=0)
    assert (len(train), len(held_out)) == (200, 40)
    assert set(train) | set(held_out) == set(pairs)
    assert split(pairs, seed=0) == (train, held_out)
    assert split(pairs, seed=1)[1] != held_out

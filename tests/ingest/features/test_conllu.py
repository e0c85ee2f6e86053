from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.ingest.features import FeatureSet, grammar
from neuronkb.ingest.features.conllu import read_conllu
from neuronkb.schema import FeatureError

EWT = """# newdoc id = weblog-1
# sent_id = 1
1-2\tDon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tDo\tdo\tAUX\tVBP\tMood=Imp|VerbForm=Fin\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\t_
3\tpanic\tpanic\tVERB\tVB\tVerbForm=Inf\t0\troot\t_\tSpaceAfter=No
4\t!\t!\tPUNCT\t.\t_\t3\tpunct\t_\t_

# sent_id = 2
1\tIt\tit\tPRON\tPRP\tGender=Neut|Person=3\t3\tnsubj:pass\t_\t_
2\twas\tbe\tAUX\tVBD\tTense=Past\t3\taux:pass\t_\t_
3\tseen\tsee\tVERB\tVBN\tTense=Past|VerbForm=Part\t0\troot\t_\t_
3.1\tseen\tsee\tVERB\t_\t_\t_\t_\t_\t_
4\tcannot\tcannot\tAUX\tMD\t_\t3\taux\t_\t_

# newdoc id = weblog-2
1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_
"""


@pytest.fixture
def treebank(tmp_path: Path) -> Path:
    path = tmp_path / "en_ewt.conllu"
    path.write_text(EWT, "utf-8")
    return path


def test_words_and_documents(treebank: Path) -> None:
    one, two = read_conllu(treebank)
    assert (one.text, one.group) == ("Don't panic! It was seen cannot", "en_ewt/weblog-1")
    assert [one.text[word.start : word.end] for word in one.words] == [
        *("Do", "n't", "panic", "!", "It", "was", "seen", "cannot"),
    ]
    assert [word.upos for word in one.words][:3] == ["AUX", "PART", "VERB"]
    assert [word.ends for word in one.words] == [False] * 3 + [True] + [False] * 3 + [True]
    assert [word.passive for word in one.words].index(True) == 6
    assert dict(one.words[4].feats) == {"Gender": "Neut", "Person": "3"}
    assert (two.text, two.group) == ("Yes", "en_ewt/weblog-2")
    assert read_conllu(treebank.parent) == [one, two]


def test_three_categories_of_a_treebank(treebank: Path) -> None:
    def labels(category: str) -> dict[str, list[str]]:
        data: FeatureSet = grammar.from_source(category, treebank, 0)
        assert not data.header.silver
        held: dict[str, list[str]] = {feature.name: [] for feature in data.header.features}
        for record in data.records:
            for span in record.spans:
                for name in set(span.names) & set(held):
                    held[name].append(record.text[span.start : span.end])
        return held

    assert labels("part_of_speech") == {
        "AUX": ["Do", "was", "cannot"],
        "INTJ": ["Yes"],
        "PART": ["n't"],
        "PRON": ["It"],
        "PUNCT": ["!"],
        "VERB": ["panic", "seen"],
    }
    assert labels("dependency")["root"] == ["panic", "seen", "Yes"]
    found = labels("morphology")
    assert found["Voice_Pass"] == ["seen"]
    assert found["Tense_Past"] == ["was", "seen"]
    assert found["eos_True"] == ["!", "cannot", "Yes"]
    assert found["first_eos_True"] == ["!", "Yes"]
    assert "VERB" not in found


@pytest.mark.parametrize("line", ["1\tword", "x\ta\ta\tX\t_\t_\t0\troot\t_\t_"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.conllu"
    path.write_text(f"# text\n{line}\n", "utf-8")
    with pytest.raises(FeatureError, match=r"bad\.conllu:2: expected ten columns"):
        read_conllu(path)


def test_a_folder_without_treebanks(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match=r"holds no \.conllu"):
        read_conllu(tmp_path)


@pytest.mark.parametrize("number", ["9" * 5000, "1-2-3", "-", ".", "²", "1-", "x", ""])
def test_a_words_number_is_one(tmp_path: Path, number: str) -> None:
    path = tmp_path / "t.conllu"
    path.write_text("\t".join([number, "word", *["_"] * 8]) + "\n", "utf-8")
    with pytest.raises(FeatureError, match=r"t\.conllu:1: expected ten columns"):
        read_conllu(path)

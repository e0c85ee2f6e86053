"""Whose turn each piece of a chat stands in, by templates as models have them and by odd ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.corpus.document import Document
from neuronkb.ingest.corpus.roles import MOST_NAMES, MOST_TURNS, RoleBook, role_runs
from neuronkb.schema import CorpusError
from neuronkb.tests import planted
from neuronkb.tests.ingest.subject.tokenizers import byte_level, sentencepiece

from .conftest import FIRST_WORD, WORDS
from .test_tokenizer import TEMPLATE

UNKNOWN_TOKEN = 0
Turns = Sequence[Mapping[str, Any]]
CHATML = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nYou are helpful.<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
)
INSTRUCT = (
    "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] | trim + '\n\n' %}"
    "{% set messages = messages[1:] %}{% else %}{% set system = '' %}{% endif %}"
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate') }}{% endif %}"
    "{% if m.role == 'user' %}[INST] {{ (system if loop.last or loop.index0 == 0 else '') + m.content | trim }} [/INST]"
    "{% else %} {{ m.content | trim }}</s>{% endif %}{% endfor %}"
)
THINKING = (
    "{% for m in messages %}{% set said = m.content %}{% if m.role == 'assistant' and '</think>' in said %}"
    "{% set thought = said.split('</think>')[0].split('<think>')[-1].strip('\n') %}"
    "{% set said = said.split('</think>')[-1].lstrip('\n') %}"
    "{% if loop.last %}{% set said = '<think>\n' + thought + '\n</think>\n\n' + said %}{% endif %}{% endif %}"
    "<{{ m.role }}>{{ said }}{% for call in m.tool_calls or [] %}[{{ call | tojson }}]{% endfor %}\n{% endfor %}"
)


def writer(template: str) -> Callable[[Turns], str]:
    """As a tokenizer writes messages."""
    from tokenizers import Tokenizer as Bare
    from tokenizers import models
    from transformers import PreTrainedTokenizerFast

    make: Any = PreTrainedTokenizerFast
    fast = make(tokenizer_object=Bare(models.WordLevel({"<unk>": 0}, unk_token="<unk>")), chat_template=template)
    return Tokenizer(fast, "hash", 1).chat


def turn(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def pieces(template: str, turns: Turns) -> list[tuple[str, str]]:
    """(role, text) of each piece that is not empty."""
    write = writer(template)
    text = write(turns)
    runs = role_runs(write, turns, text)
    starts = [0, *(end for end, _ in runs)]
    assert starts[-1] == len(text)
    return [(role, text[start:end]) for start, (end, role) in zip(starts, runs, strict=False) if start < end]


def test_what_a_template_adds_is_its_own() -> None:
    assert pieces(CHATML, [turn("user", "hi\n"), turn("assistant", "hi\n"), turn("user", "")]) == [
        ("template", "<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\n"),
        ("user", "hi\n"),
        ("template", "<|im_end|>\n<|im_start|>assistant\n"),
        ("assistant", "hi\n"),
        ("template", "<|im_end|>\n<|im_start|>user\n<|im_end|>\n"),
    ]


def test_a_system_prompt_inside_a_users_turn_is_the_systems() -> None:
    turns = [turn("system", " be brief "), turn("user", " be brief "), turn("assistant", "x"), turn("user", "go")]
    assert pieces(INSTRUCT, turns[:3]) == [
        ("template", "[INST] "),
        ("system", "be brief"),
        ("template", "\n\n"),
        ("user", "be brief"),
        ("template", " [/INST] "),
        ("assistant", "x"),
        ("template", "</s>"),
    ]
    # Written twice, around the turns of others: what lies between the two is nobody's for certain.
    assert pieces(INSTRUCT, turns) == [
        ("template", "[INST] "),
        ("unknown", "be brief\n\nbe brief [/INST] x</s>[INST] be brief"),
        ("template", "\n\n"),
        ("user", "go"),
        ("template", " [/INST]"),
    ]


def test_thoughts_that_are_left_out_and_calls_of_tools() -> None:
    call = {"type": "function", "function": {"name": "look", "arguments": {"at": "x", "n": 5}}}
    turns = [
        turn("user", "q"),
        turn("assistant", "<think>\nhm\n</think>\n\nyes"),
        turn("assistant", "", tool_calls=[call]),
        turn("tool", "42", name="look"),
        turn("assistant", "<think>\nso\n</think>\n\nno"),
    ]
    found = pieces(THINKING, turns)
    assert [piece for piece in found if piece[0] != "template"] == [
        ("user", "q"),
        ("assistant", "yes"),
        ("assistant", 'look", "arguments": {"at": "x", "n": 5'),
        ("tool", "42"),
        ("assistant", "<think>\nso\n</think>\n\nno"),
    ]
    assert "".join(text for _, text in found) == writer(THINKING)(turns)


def test_a_content_in_parts() -> None:
    template = (
        "{% for m in messages %}<{% for p in m.content %}{% if p.type == 'text' %}{{ p.text }}{% endif %}{% endfor %}>"
        "{% endfor %}"
    )
    parts = [{"type": "text", "text": "a "}, {"type": "image"}, {"type": "text", "text": "b"}]
    assert pieces(template, [turn("user", parts)]) == [("template", "<"), ("user", "a b"), ("template", ">")]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        # Knows its own messages only: no message can be replaced.
        ("{% if messages[0].content != 'q' %}{{ raise_exception('?') }}{% endif %}<q>", [("unknown", "<q>")]),
        # Writes capitals.
        (
            "{% for m in messages %}<{{ m.content | upper }}>{% endfor %}",
            [("template", "<"), ("user", "Q"), ("template", "><"), ("assistant", "AB"), ("template", ">")],
        ),
        # Leaves contents out.
        ("{% for m in messages %}<{{ m.role }}>{% endfor %}", [("template", "<user><assistant>")]),
        # Refuses one of the two.
        (
            "{% for m in messages %}<{{ m.content }}>{% if m.role == 'assistant' and m.content != 'ab' %}"
            "{{ raise_exception('?') }}{% endif %}{% endfor %}",
            [("unknown", "<"), ("user", "q"), ("unknown", "><ab>")],
        ),
    ],
)
def test_templates_that_strip_or_refuse(template: str, expected: list[tuple[str, str]]) -> None:
    assert pieces(template, [turn("user", "q"), turn("assistant", "ab")]) == expected


def test_what_cannot_be_told() -> None:
    assert pieces(CHATML, [turn("user", "\U0010fffd")])[0][0] == "unknown"
    assert {role for role, _ in pieces(CHATML, [turn("user", "a")] * (MOST_TURNS + 1))} == {"unknown"}
    assert ("unknown", "a") in pieces(CHATML, [turn("x" * 65, "a")])
    book = RoleBook()
    for number in range(30):
        book.codes(Document("d", "a", ((1, f"role {number}"),)), np.zeros(1, np.int32), np.array([[0, 1]], np.int32))
    assert len(book.names) == MOST_NAMES


@pytest.mark.parametrize("scheme", [byte_level, sentencepiece])
def test_tokens_have_the_role_of_their_characters(scheme: Callable[[Path], Any], tmp_path: Path) -> None:
    """Against each character looked at by itself."""
    scheme(tmp_path)
    tokenizer = Tokenizer.open(tmp_path)
    text = "in August é  Brisbane\n\nAugust or"
    runs = ((3, "user"), (9, "assistant"), (12, "template"), (15, "user"), (24, "tool"), (len(text), "user"))
    along = [
        role
        for start, (end, role) in zip([0, *(end for end, _ in runs)], runs, strict=False)
        for _ in range(start, end)
    ]
    book = RoleBook()
    ((tokens, places),) = tokenizer.encode_placed([text])
    assert places is not None
    assert tokens.tolist() == tokenizer.encode([text])[0].tolist()
    found = [book.names[code - 1] for code in book.codes(Document("d", text, runs), tokens, places)]
    for role, (start, end) in zip(found, places.tolist(), strict=True):
        inked = [i for i in range(start, end) if text[i].strip()] or list(range(start, end))
        own = {along[i] for i in inked}
        assert role == (own.pop() if len(own) == 1 else "unknown")
    assert {"user", "assistant", "tool", "unknown"} <= set(found)
    assert book.codes(Document("d", text, runs), tokens, None).tolist() == [6] * len(tokens)
    assert book.codes(Document("d", text), tokens, places).tolist() == [0] * len(tokens)


@pytest.fixture
def chatty(tmp_path: Path) -> Tokenizer:
    (tmp_path / "tokenizer").mkdir()
    planted.write_tokenizer(tmp_path / "tokenizer", (*planted.SPECIAL, *WORDS))
    found = Tokenizer.open(tmp_path / "tokenizer")
    found.tokenizer.chat_template = TEMPLATE
    return found


def built(folder: Path, tokenizer: Tokenizer, name: str, **settings: Any) -> Corpus:
    chats = [[turn("user", f"{i} 8"), turn("assistant", "9 " * i)] for i in range(20)]
    rows = [{"messages": turns, "id": f"d{i}"} for i, turns in enumerate(chats)]
    (folder / "chats.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (folder / "plain.txt").write_text(" ".join(map(str, range(40))))
    given = [folder / "chats.jsonl", *([folder / "plain.txt"] if "similarity" in settings else [])]
    return Corpus.build(read_documents(given), tokenizer, folder / name, {"length": 16, **settings})


def test_without_roles_a_corpus_is_what_it_was(chatty: Tokenizer, tmp_path: Path) -> None:
    """The hash is that of before there were roles, and nothing tells of them; with them the windows are the same."""
    plain = built(tmp_path, chatty, "plain")
    assert plain.hash == "a0abd6f4a9cf1b3cbb53275af25af838cde577d78cc8650717c4e032ba190ace"
    info = json.loads((tmp_path / "plain" / "corpus.json").read_text())
    assert not {key for key in (*info, *info["settings"]) if "role" in key}
    assert plain.roles is None
    told = built(tmp_path, chatty, "told", roles=True)
    assert told.settings.roles
    assert told.hash == plain.hash
    names = {path.name for path in told.folder.iterdir()}
    assert names - {path.name for path in plain.folder.iterdir()} == {"roles.npy"}
    assert (told.tokens == plain.tokens).all()


def test_chats_and_plain_texts(chatty: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Role by role as the template of these tokens writes them: a mark, then the content."""
    corpus = built(tmp_path, chatty, "corpus", similarity=None, roles=True)
    assert corpus.roles is not None
    names = (None, *corpus.roles.names)
    for number, i in enumerate(corpus.document.tolist()):
        tokens, n = corpus.tokens[number], int(corpus.lengths[number])
        found = [names[code] for code in corpus.roles.codes[number]]
        # The blank behind its last word is a token of its own.
        told = ["template", "user", "user", "template", *["assistant"] * i, "assistant" if i else "template"]
        whole = [None] * 40 if i == 20 else told
        at = int(corpus.offset[number])
        assert found[:n] == [None, *whole[at : at + n - 1]]
        assert found[n:] == [None] * (16 - n)
        said = {int(token) for token, role in zip(tokens, found, strict=True) if role == "assistant"}
        assert said <= {FIRST_WORD + 9, UNKNOWN_TOKEN}
    assert corpus.roles.counts == {"user": 40, "assistant": sum(range(20)) + 19, "template": 41}
    monkeypatch.setattr("neuronkb.ingest.corpus.build._TEXTS", 3)
    monkeypatch.setattr("neuronkb.ingest.corpus.build._BLOCK", 7)
    again = built(tmp_path, chatty, "again", similarity=None, roles=True)
    assert again.roles is not None
    assert again.roles.hash == corpus.roles.hash
    assert (tmp_path / "again" / "roles.npy").read_bytes() == (tmp_path / "corpus" / "roles.npy").read_bytes()


def test_damaged_roles_are_named(chatty: Tokenizer, tmp_path: Path) -> None:
    corpus = built(tmp_path, chatty, "corpus", roles=True)
    np.save(tmp_path / "corpus" / "roles.npy", np.full(corpus.tokens.shape, 77, np.uint8))
    damaged = Corpus.open(tmp_path / "corpus").roles
    assert damaged is not None
    with pytest.raises(CorpusError, match="damaged: 6 roles were expected"):
        _ = damaged.counts
    np.save(tmp_path / "corpus" / "roles.npy", np.zeros((3, 16), np.uint8))
    with pytest.raises(CorpusError, match="is damaged: roles of"):
        Corpus.open(tmp_path / "corpus")

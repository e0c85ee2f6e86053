from __future__ import annotations

from neuronkb.ingest.features.po import CONTEXT, entries, messages

PO = r"""msgid ""
msgstr ""
"Content-Type: text/plain\n"

#: a.py:1
msgid "Save \"now\""
msgstr "Speichern \"jetzt\""

msgctxt "verb"
msgid "Delete"
msgstr "Löschen"

#, fuzzy
msgid "Guess"
msgstr "Vermutung"

#, python-format
msgid "%d day"
msgid_plural "%d days"
msgstr[0] "%d Tag"
msgstr[1] "%d Tage"

msgid "Empty"
msgstr ""

msgid ""
"Two\n"
"lines"
msgstr ""
"Zwei\n"
"Zeilen"
"""


def test_messages_by_their_ids() -> None:
    assert dict(entries(PO)) == {
        'Save "now"': 'Speichern "jetzt"',
        f"verb{CONTEXT}Delete": "Löschen",
        "%d day": "%d Tag",
        "Two\nlines": "Zwei\nZeilen",
    }


def test_all_translations() -> None:
    assert list(messages(PO)) == [
        'Speichern "jetzt"', "Löschen", "Vermutung", "%d Tag", "%d Tage", "Zwei\nZeilen",
    ]  # fmt: skip

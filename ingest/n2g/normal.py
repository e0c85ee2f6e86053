"""How the 2023 script writes a token before it compares it."""

from __future__ import annotations


def normalise(token: str) -> str:
    """Title case becomes lower case, and spaces around a word go: " The" is "the", " LICENSE" is "LICENSE".

    Tokens of one character stay as they are, and so do spaces around what has no letter: " 4".
    """
    if len(token) > 1 and token.istitle():
        token = token.lower()
    if len(token) > 1 and any(letter.isalpha() for letter in token):
        token = token.strip(" ")
    return token

"""Where a server is: the address that is told, and what in it is told to nobody but the server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from ...schema import LanguageModelError
from ...schema.secrets import bare_url

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True)
class Address:
    """A base url in its parts."""

    url: str
    """without user, password, query and fragment: what is shown, stored, and part of a run's identity"""
    host: str
    """name of the machine, and its port where one is given"""
    login: str | None = field(default=None, repr=False)
    """`user:password`"""
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """sent with every request"""

    @classmethod
    def read(cls, given: str) -> Address:
        """The parts. Raises LanguageModelError for what is no address, without what may be a password in it."""
        text, shown = given.strip(), bare_url(given.strip()).rstrip("/")
        if "@" in "".join(re.split(r"[/?#]", text.partition("://")[2])[1:]):
            raise LanguageModelError(
                f"the base url of {shown!r} has an @ behind its host; write %40 for it, and in a password %23 for # "
                "and %2F for /"
            )
        try:
            parts = urlsplit(text)
            whole = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 0) >= 0
        except ValueError:
            whole = False
        if not whole or not text.isprintable() or " " in text:
            raise LanguageModelError(f"base url is {shown!r}, expected such as http://localhost:8000/v1")
        login, _, host = parts.netloc.rpartition("@")
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return cls(shown, host, unquote(login) if login else None, query)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What in it is to be seen nowhere."""
        user, _, password = (self.login or "").partition(":")
        values = [value for name, value in self.query if "version" not in name.casefold()]
        return tuple(one for one in (self.login, password or user, *values) if one)

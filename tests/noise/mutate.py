"""Noise: a sample with something wrong, chosen by a seeded generator."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

Mutator = Callable[[bytes, Random], bytes]

_BYTES = (b"", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b'"', b"\\", b"{", b"]", b"\n", b"9" * 400, b"\r")
_JSON = (
    *("null", "true", "0", "-1", "1.5", "NaN", "Infinity", "-Infinity", "1e999", "1e300", '""', '"1"', "[]", "{}"),
    *('"\\ud800"', '"\\u0000"', '"a\\ud83d\\ude00"', '"../../x"', '"/etc/passwd"', '"\\r\\n\\u2028"', "[[]]", "[null]"),
    *("9" * 25, "-" + "9" * 25, "9" * 400, "9" * 5000, '"' + "x" * 5000 + '"', '"' + "9" * 400 + '"', '"nan"'),
    *("9223372036854775808", "4294967296", "[" * 300 + "]" * 300, "[" * 20_000, '{"a":' * 300 + "1" + "}" * 300),
)
_KEYS = ("", "\ud800", "\0", "x" * 3000, "__class__", "self", "id", "9" * 400, "..")


def plain(data: bytes, random: Random) -> bytes:
    """Bits, cuts, splices and repeats, whatever the format."""
    kind = random.randrange(7)
    a, b = sorted((random.randint(0, len(data)), random.randint(0, len(data))))
    if kind == 0 and data:
        found = bytearray(data)
        for _ in range(random.choice((1, 1, 2, 8, 64))):
            found[random.randrange(len(found))] ^= 1 << random.randrange(8)
        return bytes(found)
    if kind == 1:
        return data[:a]
    if kind == 2:
        return data[:a] + data[b:]
    if kind == 3:
        return data[:b] + data[a:b] * random.choice((1, 3, 50)) + data[b:]
    if kind == 4:
        return data[:a] + random.choice(_BYTES) + data[a:]
    if kind == 5:
        return data[:a] + random.randbytes(b - a) + data[b:]
    return random.choice(_BYTES) + data


def of_json(data: bytes, random: Random) -> bytes:
    """One value, key or whole replaced by what does not belong there; sometimes plain noise."""
    if random.random() < 0.25:
        return plain(data, random)
    try:
        value = json.loads(data)
    except ValueError:
        return plain(data, random)
    mark = "@noise@"
    value = _marked(value, mark, random)
    return json.dumps(value).replace(json.dumps(mark), random.choice(_JSON)).encode("utf-8", "surrogatepass")


def of_lines(data: bytes, random: Random) -> bytes:
    """JSON lines: one of them as `of_json`, or cells of a table swapped."""
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    return b"\n".join([*lines[:at], of_json(lines[at], random), *lines[at + 1 :]])


def of_cells(data: bytes, random: Random) -> bytes:
    """Lines of cells, apart by commas or tabs: one cell is another."""
    if random.random() < 0.4:
        return plain(data, random)
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    mark = b"\t" if b"\t" in lines[at] else b","
    cells = lines[at].split(mark)
    cell = random.choice(_JSON).strip('"').encode("utf-8", "surrogatepass")
    cells[random.randrange(len(cells))] = cell
    return b"\n".join([*lines[:at], mark.join(cells), *lines[at + 1 :]])


def of_safetensors(data: bytes, random: Random) -> bytes:
    """The header as `of_json`, with its length right or not; or plain noise."""
    (size,) = struct.unpack("<Q", data[:8])
    kind = random.random()
    if kind < 0.2:
        return plain(data, random)
    if kind < 0.3:
        return struct.pack("<Q", random.choice((0, 1, size - 1, 2**31, 2**63, 2**64 - 1))) + data[8:]
    header = of_json(data[8 : 8 + size], random)
    return struct.pack("<Q", len(header)) + header + data[8 + size :]


def _marked(value: Any, mark: str, random: Random) -> Any:
    places = list(_places(value, ()))
    path = random.choice(places)
    if not path:
        return mark
    held = value
    for step in path[:-1]:
        held = held[step]
    last, kind = path[-1], random.random()
    if isinstance(held, dict) and kind < 0.15:
        held[random.choice(_KEYS)] = held.pop(last)
    elif kind < 0.25:
        del held[last]
    elif isinstance(held, dict) and kind < 0.35:
        held[random.choice(_KEYS)] = mark
    else:
        held[last] = mark
    return value


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield from _places(child, (*path, key))

"""Arrow rows as the newline-separated JSON of the bulk endpoint, a column at a time and never a row at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa

from ....schema import Node, Relationship
from ....schema.compute import pc

REQUEST_BYTES = 24 << 20
"""What one request is made to hold; the server refuses bodies over 100 MB."""

REQUEST_ROWS = 100_000

_SPECIAL = r'[\x00-\x1f"\\]'
WHOLE = r"^(-?[0-9]+)$"


def node_requests(node: Node, rows: pa.Table) -> Iterator[tuple[int, memoryview]]:
    """Row count and body of each request that creates the nodes."""
    head = f'{{"@type":"v","@class":{json.dumps(node.label)}'
    for part in _parts(rows):
        yield part.num_rows, _body([head], part)


def relationship_requests(
    rel: Relationship, rows: pa.Table, starts: pa.Array, ends: pa.Array
) -> Iterator[tuple[int, memoryview]]:
    """Row count and body of each request that creates the relationships between these record ids."""
    head = f'{{"@type":"e","@class":{json.dumps(rel.type)},"@from":"'
    done = 0
    for part in _parts(rows):
        count = part.num_rows
        pieces = [head, starts.slice(done, count), '","@to":"', ends.slice(done, count), '"']
        yield count, _body(pieces, part.drop_columns(["start", "end"]))
        done += count


def _parts(rows: pa.Table) -> Iterator[pa.Table]:
    names = sum(len(name) + 4 for name in rows.column_names) + 64
    each = names + 2 * rows.nbytes // max(1, rows.num_rows)
    size = max(1, min(REQUEST_ROWS, REQUEST_BYTES // each))
    for start in range(0, rows.num_rows, size):
        yield rows.slice(start, size)


def _body(pieces: list[str | pa.Array], rows: pa.Table) -> memoryview:
    """One line a row: the pieces, then every property that is not null."""
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if flat.null_count == len(flat):
            continue
        before, values, after = json_values(flat)
        key = f",{json.dumps(name)}:{before}"
        if flat.null_count:
            whole = pc.binary_join_element_wise(key, values, after, "")
            pieces.append(pc.fill_null(whole, ""))
        else:
            pieces += [key, values, after]
    lines = pc.binary_join_element_wise(*merged([*pieces, "}\n"]), "")
    return bytes_of(lines)


def merged(pieces: list[str | pa.Array]) -> list[str | pa.Array]:
    """Neighbouring strings as one, none empty."""
    found: list[str | pa.Array] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        elif not isinstance(piece, str) or piece:
            found.append(piece)
    return found


def json_values(column: pa.Array) -> tuple[str, pa.Array, str]:
    """A column as JSON: text before each value, the values as strings, text after each. Nulls stay null."""
    if pa.types.is_list(column.type):
        return "[", _lists(column), "]"
    if pa.types.is_string(column.type):
        return '"', _escaped(column), '"'
    text = pc.cast(column, pa.string())
    if pa.types.is_floating(column.type):
        # Without a point the server would read an integer, and hand an integer back.
        text = pc.replace_substring_regex(text, WHOLE, r"\1.0")
    return "", text, ""


def _escaped(column: pa.Array) -> pa.Array:
    special = pc.fill_null(pc.match_substring_regex(column, _SPECIAL), False)
    if not pc.any(special, min_count=0).as_py():
        return column
    mended = [json.dumps(text, ensure_ascii=False)[1:-1] for text in column.filter(special).to_pylist()]
    return pc.replace_with_mask(column, special, pa.array(mended, pa.string()))


def _lists(column: pa.Array) -> pa.Array:
    before, values, after = json_values(pc.list_flatten(column))
    whole = pc.binary_join_element_wise(before, values, after, "")
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), pc.cumulative_sum(lengths.cast(pa.int64()))])
    joined = pc.binary_join(pa.LargeListArray.from_arrays(offsets, whole), ",")
    return pc.if_else(column.is_valid(), joined, pa.scalar(None, pa.string()))


def bytes_of(lines: pa.Array) -> memoryview:
    """The characters of a string array, end to end, without a copy."""
    if not len(lines):
        return memoryview(b"")
    _, offsets, data = lines.buffers()
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[lines.offset] : ends[lines.offset + len(lines)]]

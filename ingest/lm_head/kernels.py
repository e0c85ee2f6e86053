"""Loops of the int8 screen that the CPU runs compiled: each product is read once, while it is in cache.

bfloat16 numbers are their bits here, uint16: the upper half of a float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..compiled import compiled

Array = npt.NDArray[Any]

GROUPS = 128
"""Groups of tokens a tile, each of some pieces of PIECE neighbours that are `PIECE * GROUPS` tokens apart: tokens side
by side are looked up together, tokens far apart are compared together."""
PIECE = 8
STRIDE = PIECE * GROUPS


def _scale(products: Array, token_steps: Array, step: np.float32, values: Array) -> None:
    for j in range(len(products)):
        values[j] = np.float32(products[j]) * token_steps[j] * step


def _powers(values: Array) -> tuple[np.float32, np.float32, np.float32]:
    """Sums of the second, third and fourth powers, in float32."""
    two, three, four = np.float32(0.0), np.float32(0.0), np.float32(0.0)
    for j in range(len(values)):
        value = values[j]
        square = value * value
        two += square
        three += square * value
        four += square * square
    return two, three, four


def _extremes(values: Array, high: Array, low: Array, most: Array, least: Array) -> None:
    """The largest and the smallest of each group: halves are compared until pieces are left."""
    half = len(values) // 2
    for j in range(half):
        one, other = values[j], values[j + half]
        most[j] = one if one > other else other
    for j in range(half):
        one, other = values[j], values[j + half]
        least[j] = one if one < other else other
    while half > STRIDE:
        half //= 2
        for j in range(half):
            one, other = most[j], most[j + half]
            most[j] = one if one > other else other
        for j in range(half):
            one, other = least[j], least[j + half]
            least[j] = one if one < other else other
    for group in range(GROUPS):
        top, bottom = most[group * PIECE], least[group * PIECE]
        for j in range(group * PIECE, (group + 1) * PIECE):
            top = most[j] if most[j] > top else top
            bottom = least[j] if least[j] < bottom else bottom
        high[group], low[group] = top, bottom


def _round(bits: Array, kept: Array) -> None:
    """The nearest bfloat16 of each float32, both as bits."""
    half, odd = np.uint32(0x7FFF), np.uint32(1)
    for j in range(len(kept)):
        kept[j] = np.uint16((bits[j] + half + ((bits[j] >> np.uint32(16)) & odd)) >> np.uint32(16))


scale = compiled(_scale, sums_in_any_order=True)
powers = compiled(_powers, sums_in_any_order=True)
extremes = compiled(_extremes, sums_in_any_order=True)
to_bfloat16 = compiled(_round)


def _scan(
    products: Array, row_steps: Array, token_steps: Array, kept: Array, high: Array, low: Array, sums: Array
) -> None:
    """Scores of one tile from its products int32 `[n_rows, n]`: `row_steps[i] * token_steps[j] * product`.

    Writes the scores as bfloat16 `[n_rows, TILE]`, NaN past the n-th, the extremes of each group float32
    `[n_rows, GROUPS]` (of the first score where a group has no token), and adds the sums of the scores' second, third
    and fourth powers to float64 `[n_rows, 3]`.
    """
    n, size = products.shape[1], kept.shape[1]
    values = np.empty(size, np.float32)
    most, least = np.empty(size // 2, np.float32), np.empty(size // 2, np.float32)
    for i in range(products.shape[0]):
        scale(products[i], token_steps, row_steps[i], values)
        values[n:] = values[0]
        two, three, four = powers(values[:n])
        sums[i, 0] += two
        sums[i, 1] += three
        sums[i, 2] += four
        extremes(values, high[i], low[i], most, least)
        to_bfloat16(values.view(np.uint32), kept[i])
        kept[i, n:] = 0x7FC0


def _dot(row: Array, words: Array, shift: np.uint32, bits: Array, values: Array) -> float:
    """float64 product of a row with a token's stored one."""
    for j in range(len(row)):
        bits[j] = np.uint32(words[j]) << shift
    total = 0.0
    for j in range(len(row)):
        total += row[j] * np.float64(values[j])
    return total


def _offer(best: Array, value: float, places: Array, place: int) -> None:
    """Keep the largest values, largest first, and where they are."""
    rank = len(best) - 1
    if not value > best[rank]:
        return
    while rank > 0 and best[rank - 1] < value:
        best[rank], places[rank] = best[rank - 1], places[rank - 1]
        rank -= 1
    best[rank], places[rank] = value, place


scan = compiled(_scan)
dot = compiled(_dot, sums_in_any_order=True)
offer = compiled(_offer)


def _largest(kept: Array, extreme: Array, i: int, sign: float, n: int, best: Array, places: Array) -> None:
    """The tokens of row `i` with the largest scores, kept uint16 `[n_tiles, n_rows, TILE]`, and these scores."""
    one = np.empty(1, np.uint32)
    score = one.view(np.float32)
    size, last = kept.shape[2], len(best) - 1
    best[:], places[:] = -np.inf, 0
    for tile in range(len(kept)):
        for group in range(GROUPS):
            if sign * extreme[tile, i, group] > best[last]:
                offer(best, sign * extreme[tile, i, group], places, 0)
    # Less by more than the rounding to bfloat16, so that the k groups seen are not thought too small.
    floor = np.float64(best[last]) - abs(best[last]) * 2.0**-7
    best[:] = -np.inf
    for tile in range(len(kept)):
        for group in range(GROUPS):
            if sign * extreme[tile, i, group] >= floor:
                for first in range(group * PIECE, min(size, n - tile * size), STRIDE):
                    for j in range(first, min(first + PIECE, n - tile * size)):
                        one[0] = np.uint32(kept[tile, i, j]) << np.uint32(16)
                        offer(best, sign * score[0], places, tile * size + j)


largest = compiled(_largest)


def _certify(
    kept: Array,
    extreme: Array,
    i: int,
    sign: float,
    row: Array,
    centre: float,
    reach: Array,
    tokens: tuple[Array, Array, Array, Array],
    matrix: tuple[Array, np.uint32, float],
    k: int,
    found: Array,
) -> tuple[int, int]:
    """All tokens of row `i` that may be among the top k of one pole: how many, or -1 for too many, and how many were
    multiplied in float64. Their positions are written to `found` int64.

    A score is off by at most `reach[0] * length + reach[1] * error + reach[2] * |score|`; `tokens` holds length and
    error of each token, then the largest of each group `[n_tiles, GROUPS]`. `centre` is what scores lack. `matrix` is
    the stored unembedding as bits, their shift, and by how much a float64 product with it can be off.
    """
    lengths, errors, group_lengths, group_errors = tokens
    words, shift, slack = matrix
    n, size, limit = len(words), kept.shape[2], len(found)
    one, bits = np.empty(1, np.uint32), np.empty(len(row), np.uint32)
    score, values = one.view(np.float32), bits.view(np.float32)
    best, places = np.empty(k), np.empty(k, np.int64)
    largest(kept, extreme, i, sign, n, best, places)
    exact, ignored = np.full(k, -np.inf), np.empty(k, np.int64)
    for rank in range(k):
        offer(exact, sign * dot(row, words[places[rank]], shift, bits, values), ignored, 0)
    # The k-th best of any k tokens is a floor under the k-th best of all.
    floor = exact[k - 1] - 2.0 * slack
    exact[:] = -np.inf
    truths = np.empty(limit)
    count, looked = 0, 0
    for tile in range(len(kept)):
        for group in range(GROUPS):
            near = sign * np.float64(extreme[tile, i, group])
            off = reach[0] * group_lengths[tile, group] + reach[1] * group_errors[tile, group]
            if near + off + reach[2] * abs(near) + centre < floor:
                continue
            for first in range(group * PIECE, min(size, n - tile * size), STRIDE):
                for j in range(first, min(first + PIECE, n - tile * size)):
                    one[0] = np.uint32(kept[tile, i, j]) << np.uint32(16)
                    near, place = sign * np.float64(score[0]), tile * size + j
                    off = reach[0] * lengths[place] + reach[1] * errors[place] + reach[2] * abs(near)
                    if near + off + centre < floor:
                        continue
                    looked += 1
                    truth = sign * dot(row, words[place], shift, bits, values)
                    if truth < floor:
                        continue
                    if count == limit or looked > 16 * limit:
                        return -1, looked
                    found[count], truths[count] = place, truth
                    count += 1
                    offer(exact, truth, ignored, 0)
                    floor = max(floor, exact[k - 1] - 2.0 * slack)
    left = 0
    for at in range(count):
        if truths[at] >= floor:
            found[left] = found[at]
            left += 1
    return left, looked


certify = compiled(_certify)


def _pick(
    kept: Array,
    high: Array,
    low: Array,
    rows: Array,
    centres: Array,
    reaches: Array,
    tokens: tuple[Array, Array, Array, Array],
    matrix: tuple[Array, np.uint32, float],
    k: int,
    found: Array,
    counts: Array,
    looked: Array,
) -> None:
    """`certify` for every row and both poles: `found` int64 `[n_rows, 2, limit]`, `counts` and `looked` int64
    `[n_rows, 2]`."""
    for i in range(len(rows)):
        for pole in range(2):
            sign = 1.0 - 2.0 * pole
            extreme = high if pole == 0 else low
            counts[i, pole], looked[i, pole] = certify(
                kept, extreme, i, sign, rows[i], sign * centres[i], reaches[i], tokens, matrix, k, found[i, pole]
            )


pick = compiled(_pick)

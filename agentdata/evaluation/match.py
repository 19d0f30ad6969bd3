"""Which predicted call stands for which expected one."""

from __future__ import annotations

import math
from collections.abc import Sequence


def best_assignment(scores: Sequence[Sequence[float]]) -> list[int | None]:
    """For each row the column that it is given, None where there are too few columns.

    The scores (finite) of the pairs sum to the largest value there is; no column is given twice.
    Shortest augmenting paths (Kuhn 1955, Jonker & Volgenant 1987), O(rows^2 * columns).

    >>> best_assignment([[3, 2], [3, 0]])
    [1, 0]
    """
    if not scores or not scores[0]:
        return [None] * len(scores)
    rows, columns = len(scores), len(scores[0])
    if rows > columns:
        turned = best_assignment([[row[c] for row in scores] for c in range(columns)])
        given: list[int | None] = [None] * rows
        for column, row in enumerate(turned):
            if row is not None:
                given[row] = column
        return given
    # Potentials of rows and columns, and the row of each column; index 0 is a column outside.
    u, v = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)
    for row in range(1, rows + 1):
        row_of[0] = row
        column, previous = 0, [0] * (columns + 1)
        shortest, done = [math.inf] * (columns + 1), [False] * (columns + 1)
        while row_of[column]:
            done[column] = True
            at = row_of[column]
            step, nearest = math.inf, 0
            for c in range(1, columns + 1):
                if done[c]:
                    continue
                cost = -scores[at - 1][c - 1] - u[at] - v[c]
                if cost < shortest[c]:
                    shortest[c], previous[c] = cost, column
                if shortest[c] < step:
                    step, nearest = shortest[c], c
            for c in range(columns + 1):
                if done[c]:
                    u[row_of[c]] += step
                    v[c] -= step
                else:
                    shortest[c] -= step
            column = nearest
        while column:
            row_of[column] = row_of[previous[column]]
            column = previous[column]
    found: list[int | None] = [None] * rows
    for column in range(1, columns + 1):
        if row_of[column]:
            found[row_of[column] - 1] = column - 1
    return found

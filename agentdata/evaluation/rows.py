"""Rows of predictions, each waiting for the turn of the reference that it is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from agentdata.conversation import Conversation
from agentdata.errors import UsageError
from agentdata.sources import BadRow, RawRow, plan, read_unit

Refuse = Callable[[int, str, str], None]
"""Told of a row that cannot be used: (line, code, message)."""


class PredictionRows:
    """The rows of a file of predictions by the id they name. `count` is their number,
    `repeated_ids` that of reference rows whose id an earlier one had, which took the predictions.
    """

    def __init__(self, path: str | Path, refuse: Refuse) -> None:
        """Reads the file. Raises UsageError `no_predictions`, and what the sources raise."""
        if not Path(path).is_file():
            raise UsageError(
                "no_predictions",
                f"--predictions {path}: no such file",
                remedy="name a file with a JSON object per line",
            )
        self.count = 0
        self.repeated_ids = 0
        self._refuse = refuse
        self._waiting: dict[str, dict[tuple[str | None, int | None], RawRow]] = {}
        self._served: set[str] = set()
        for unit in plan([Path(path)]):
            for row in read_unit(unit):
                self.count += 1
                self._add(row)

    def take(self, conversation: Conversation, turns: int) -> dict[int, RawRow]:
        """{turn: its row} of a reference row with so many turns; each row is given out once."""
        of_id = self._waiting.get(conversation.id, {})
        names = {None, conversation.source, Path(conversation.source).name}
        found: dict[int, RawRow] = {}
        # Those that name their turn come first: the last turn may be asked for in both ways.
        for source, turn in sorted(of_id, key=lambda key: key[1] is None):
            at = turns - 1 if turn is None else turn
            if source in names and 0 <= at < turns and at not in found:
                found[at] = of_id.pop((source, turn))
        if found:
            self._served.add(conversation.id)
        elif conversation.id in self._served:
            self.repeated_ids += 1
        return found

    def rest(self) -> Iterator[tuple[str, RawRow]]:
        """(id, row) of those that no turn took, in the order of their lines."""
        rest = [(name, row) for name, rows in self._waiting.items() for row in rows.values()]
        return iter(sorted(rest, key=lambda entry: entry[1].line))

    def _add(self, row: RawRow | BadRow) -> None:
        if isinstance(row, BadRow):
            self._refuse(row.line, row.code, row.message)
            return
        name, turn, source = (row.value.get(key) for key in ("id", "turn", "source"))
        if isinstance(name, bool) or not isinstance(name, str | int):
            self._refuse(row.line, "no_id", "the row has no id of a reference row")
            return
        if turn is not None and (type(turn) is not int or turn < 0):
            self._refuse(row.line, "bad_turn", "turn has to be a number from 0")
            return
        of_id = self._waiting.setdefault(str(name), {})
        key = str(source) if source is not None else None, turn
        if key in of_id:
            self._refuse(row.line, "second_prediction", f"line {of_id[key].line} is for it too")
        else:
            of_id[key] = row

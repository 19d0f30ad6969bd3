"""Where raw rows come from: files found, cut into units of work, and read row by row."""

from agentdata.sources.paths import expand
from agentdata.sources.rows import BadRow, RawRow, read_unit
from agentdata.sources.units import WorkUnit, plan

__all__ = ["BadRow", "RawRow", "WorkUnit", "expand", "plan", "read_unit"]

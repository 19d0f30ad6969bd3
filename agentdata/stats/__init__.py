"""Figures of compiled directories and of raw sources: how they are computed and shown."""

from agentdata.stats.figures import manifest_report, sources_report
from agentdata.stats.report import Report

__all__ = ["Report", "manifest_report", "sources_report"]

"""Which of the tools on offer a row shows, and in how many tokens."""

from agentdata.tool_choice.desk import ServedRow, ToolDesk, open_tools

__all__ = ["ServedRow", "ToolDesk", "open_tools"]

"""How tools, calls and results are written: one small file per way, found by importing the folder.

A file defines `TEMPLATES`, a tuple of `AgentTemplate`; nothing else has to know of it.
"""

from __future__ import annotations

import importlib
import pkgutil

from agentdata.errors import UsageError
from agentdata.templates.agent_templates.base import AgentTemplate


def _load() -> dict[str, AgentTemplate]:
    found: dict[str, AgentTemplate] = {}
    for module_info in sorted(pkgutil.iter_modules(__path__), key=lambda info: info.name):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for template in getattr(module, "TEMPLATES", ()):
            found[template.name] = template
    return found


AGENT_TEMPLATES: dict[str, AgentTemplate] = _load()


def get_agent_template(name: str) -> AgentTemplate:
    """The agent template of that name. Raises UsageError `unknown_agent_template`."""
    try:
        return AGENT_TEMPLATES[name]
    except KeyError:
        raise UsageError(
            "unknown_agent_template",
            f"--agent-template {name}: there is no such agent template",
            remedy=f"one of: {', '.join(sorted(AGENT_TEMPLATES))}",
        ) from None

"""agentdata: raw agent conversations to exact, weighted training shards, and training on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from agentdata.pipeline import compile_recipe as compile
    from agentdata.recipe import Recipe
    from agentdata.shards.reader import ShardDataset
    from agentdata.shards.shuffle import ShardSampler
    from agentdata.templates import get_template, parse_calls, render

__all__ = [
    "Recipe",
    "ShardDataset",
    "ShardSampler",
    "__version__",
    "compile",
    "get_template",
    "parse_calls",
    "render",
]

_HOMES = {
    "Recipe": ("agentdata.recipe", "Recipe"),
    "ShardSampler": ("agentdata.shards.shuffle", "ShardSampler"),
    "ShardDataset": ("agentdata.shards.reader", "ShardDataset"),
    "compile": ("agentdata.pipeline", "compile_recipe"),
    "get_template": ("agentdata.templates", "get_template"),
    "parse_calls": ("agentdata.templates", "parse_calls"),
    "render": ("agentdata.templates", "render"),
}


def __getattr__(name: str) -> Any:
    # Lazy: `import agentdata` stays light, and rooms can import the version from here.
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'agentdata' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)

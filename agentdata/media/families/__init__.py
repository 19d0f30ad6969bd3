"""Families of models with media: one module each, with a `FAMILY`; importing this folder finds
them."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from agentdata.media.base import MediaFamily


def _find() -> dict[str, MediaFamily]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    families = [import_module(f"{__name__}.{name}").FAMILY for name in names]
    return {family.name: family for family in families}


FAMILIES: dict[str, MediaFamily] = _find()

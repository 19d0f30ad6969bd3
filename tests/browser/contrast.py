"""Contrast of text against what lies behind it, from the styles that a browser computes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from chromium import Browser

AA = 4.5
"""Least contrast of text (WCAG 2.2, 1.4.3)."""

_SCRIPT = """
const out = [];
for (const node of document.querySelectorAll("body *")) {
  const own = Array.from(node.childNodes).some((c) => c.nodeType === 3 && c.data.trim());
  if (!own || !node.getClientRects().length || node.closest("script, style, noscript")) continue;
  const behind = [];
  for (let at = node; at; at = at.parentElement) behind.push(getComputedStyle(at).backgroundColor);
  out.push([node.tagName + "." + node.className, getComputedStyle(node).color, behind]);
}
return out;
"""

Colour = tuple[float, float, float]


class Seen(NamedTuple):
    """The contrast of an element's text."""

    ratio: float
    element: str
    text: str
    behind: str


def contrasts(browser: Browser) -> list[Seen]:
    """Every element of the open page that shows text, the weakest contrast first."""
    found = []
    for element, text, layers in browser.execute_script(_SCRIPT):
        behind: Colour = (255.0, 255.0, 255.0)
        for layer in reversed(layers):
            behind = _over(layer, behind)
        found.append(Seen(_ratio(_over(text, behind), behind), element, text, str(behind)))
    return sorted(found)


def _over(colour: str, behind: Colour) -> Colour:
    """A CSS colour such as `rgba(0, 0, 0, 0.5)` over another."""
    red, green, blue, *alpha = (float(part) for part in re.findall(r"[\d.]+", colour))
    share = alpha[0] if alpha else 1.0
    mixed = [share * a + (1 - share) * b for a, b in zip((red, green, blue), behind, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _ratio(one: Colour, other: Colour) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Colour) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [channel / 255 for channel in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

"""Takes secrets and addresses out of raw rows before anything else sees them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from agentdata.errors import UsageError
from agentdata.sources import BadRow, RawRow

Redact = Literal["secrets", "email"]

_EMAIL = ("email", re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}\b"))
_OWN = (
    # The library knows only the first line of a key.
    (
        "private_key",
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----"
            r"(?:.*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?",
            re.DOTALL,
        ),
    ),
    # OpenAI, Anthropic, OpenRouter and others that write keys like theirs.
    ("api_key", re.compile(r"\bsk-(?:[a-z]{2,8}\d{0,2}-)?[A-Za-z0-9_-]{20,200}")),
    ("bearer_token", re.compile(r"(?i:\bBearer\s+)[A-Za-z0-9._~+/-]{20,2000}=*")),
)
# Public addresses are no secrets; words beside a password are guesses; private keys: see above.
_LEFT_OUT = ("IPPublicDetector", "PrivateKeyDetector")

Pattern = tuple[str, re.Pattern[str]]


def redacted(raw: RawRow | BadRow, kinds: Sequence[Redact]) -> tuple[RawRow | BadRow, Counter[str]]:
    """The row with `[redacted KIND]` in the place of what was found, and {kind: how often}.

    Keys of objects stay. Sources of the patterns: detect-secrets (Yelp); private keys, e-mail
    addresses, `sk-...` keys and bearer tokens are our own. Raises UsageError `missing_extra`.

    >>> redacted(BadRow(1, "bad_json", "no JSON", raw="write to a.b@example.org"), ["email"])[0].raw
    'write to [redacted email]'
    """
    found: Counter[str] = Counter()
    if isinstance(raw, BadRow):
        return replace(raw, raw=_text(raw.raw, patterns(tuple(kinds)), found)), found
    value = _value(raw.value, patterns(tuple(kinds)), found)
    return (replace(raw, value=value) if found else raw), found


@lru_cache
def patterns(kinds: tuple[Redact, ...]) -> tuple[Pattern, ...]:
    """What is looked for. Raises UsageError `missing_extra` where the library is not there."""
    wanted: list[Pattern] = []
    if "secrets" in kinds:
        wanted += [*_OWN, *_known_secrets()]
    if "email" in kinds:
        wanted.append(_EMAIL)
    return tuple(wanted)


def _known_secrets() -> list[Pattern]:
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
        from detect_secrets.plugins.base import RegexBasedDetector
    except ImportError:
        raise UsageError(
            "missing_extra",
            "--redact secrets: needs the package detect-secrets",
            remedy="pip install 'agentdata[redact]'",
        ) from None
    known: list[Pattern] = []
    detectors: dict[str, Any] = get_mapping_from_secret_type_to_class()
    for name, detector in sorted(detectors.items()):
        if issubclass(detector, RegexBasedDetector) and detector.__name__ not in _LEFT_OUT:
            kind = "_".join(re.findall(r"[a-z0-9]+", name.lower()))
            known += [(kind, pattern) for pattern in detector().denylist]
    return known


def _value(value: Any, wanted: Sequence[Pattern], found: Counter[str]) -> Any:
    if isinstance(value, str):
        return _text(value, wanted, found)
    if isinstance(value, list):
        return [_value(item, wanted, found) for item in value]
    if isinstance(value, dict):
        return {key: _value(item, wanted, found) for key, item in value.items()}
    return value


def _text(text: str, wanted: Sequence[Pattern], found: Counter[str]) -> str:
    for kind, pattern in wanted:
        text, number = pattern.subn(f"[redacted {kind}]", text)
        if number:
            found[kind] += number
    return text

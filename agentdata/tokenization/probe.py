"""Short texts that tell tokenizers apart: what a faster way has to get right before it is used."""

from __future__ import annotations

from itertools import pairwise

_WORDS = (
    "Hello world, it's I'LL we'Re they'VE don'T 'S 's 'ſ",
    "1 12 123 1234567890 3.14 1e-9 ¼ ² Ⅷ ٣٤ १२३ 𝟘",
    "a\r\nb\r\n\r\nc\n\n\nd \n e\t\tf \t g\x0b\x0ch\x85i\u2028j",
    "  two   three    many                                        spaces ",
    "é e\u0301 e\u0301\u0323 \u0301 \u212b \u0340 \u0344 \u0958 ﬁ ≠ =\u0338 <\u0338 ",
    "\u1100\u1161\u11a8",
    "각 가\u11a8",
    "😀 👍🏽 👩\u200d👩\u200d👧 🇩🇪 ❤\ufe0f #\ufe0f\u20e3",
    "zero\u200bwidth\u200c\u200d\u2060\ufeff non\xa0break\u202f\u3000wide\u180e",
    "中文，没有空格的句子。日本語のテキスト、カタカナ。한국어 문장 𠮷野家 ｶﾞ",
    "русский ελληνικά עברית العربية हिन्दी ไทยำ தமிழ் ქართული አማርኛ ᚠᚢᚦ 𒀀 𐌰",
    '{"a": {"b_c": [1, 2.0, null, true]}, "d": "e\\n\\"f\\""}//path/to/file.py?x=1&y=%20#z',
    "def f(x):\n    return {\n        'k': x,  # c\n    }\n\n\nclass A:\n\tpass\n",
    "<tag attr='v'>text</tag>\n<|not_a_token|> <s> </s> [INST] <<SYS>> ▁ Ġ Ċ",
    "CamelCaseWord snake_case_word kebab-case-word SCREAMING x1y2z3 v1.2.3-rc4",
    '- item\n* item\n# title\n1. first\n/ slash\n\\ back\n\n/ two\n(par)\n"q"\n中\n😀\né\n',
    "\x00\x01\x1b[0m\x1c\x1d\x1e\x1f\x7f\ufffd\ue000",
)


def probe(added: list[str]) -> list[str]:
    """The texts: each alone and beside others and added tokens, some of them long."""
    texts = [*_WORDS, *(" ".join(reversed(text.split(" "))) for text in _WORDS)]
    texts += [f"{a}{b}" for a, b in pairwise(_WORDS)]
    texts += [
        f"{text}{token}{text} {token} x{token}\n{token}"
        for text, token in zip(_WORDS * 4, added, strict=False)
    ]
    return ["", " ", "\n", *texts]

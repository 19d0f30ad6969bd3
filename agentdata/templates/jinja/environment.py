"""The sandbox that chat templates run in: that of Hugging Face, on text that knows its sources."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Callable, Iterable
from functools import update_wrapper
from string import Formatter
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedFormatter
from jinja2.utils import Namespace

from agentdata.errors import RowError
from agentdata.templates.jinja.limits import (
    MAX_POWER_BITS,
    check_items,
    check_length,
    check_width,
)
from agentdata.templates.jinja.safe_text import SafeText, escaped, marked
from agentdata.templates.jinja.sandbox import QuickSandbox
from agentdata.templates.jinja.text import Text, computed, derived, joined
from agentdata.templates.jinja.trace import Trace, generated
from agentdata.templates.jinja.values import as_json, as_text

GENERATION = "_generation_support"
"""The method that a template calls for `{% generation %}`."""


class Generation(Extension):
    """`{% generation %}` ... `{% endgeneration %}`: what is trained, as the template says."""

    tags = {"generation"}  # noqa: RUF012 - the base class declares it so

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        call = self.call_method(GENERATION)
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _generation_support(self, caller: Callable[[], str]) -> str:
        text = caller()
        return generated(text) if isinstance(text, Text) else text


class TemplateNamespace(Namespace):
    """`namespace()` without names that begin with an underscore."""

    def __init__(*args: Any, **kwargs: Any) -> None:
        # `self` may be the name of an attribute, as in Jinja's own class.
        self, args = args[0], args[1:]
        attributes = dict(*args, **kwargs)
        for name in attributes:
            _check_name(name)
        Namespace.__init__(self, attributes)

    def __setitem__(self, name: str, value: Any) -> None:
        _check_name(name)
        Namespace.__setitem__(self, name, value)


class TemplateDict:
    """`dict()`."""

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict(*args, **kwargs)

    def fromkeys(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return dict.fromkeys(*args, **kwargs)


class Unfolded(CodeGenerator):
    """Compiles without working out constants, which would run a template's arithmetic unbounded."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        if isinstance(node, nodes.TemplateData):
            return super()._output_child_to_const(node, frame, finalize)
        raise nodes.Impossible


class TracingEnvironment(QuickSandbox):
    """One per template. `trace` is the render that runs; `date` is the day that templates are told
    it is."""

    code_generator_class = Unfolded
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, date: datetime.datetime) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[Generation, loopcontrols],
            optimized=False,
        )
        self.trace = Trace()
        self.concat = joined  # type: ignore[method-assign]
        self.globals["raise_exception"] = raise_exception
        self.globals["strftime_now"] = lambda format: computed(date.strftime(str(format)))
        self.globals["dict"] = TemplateDict()
        self.globals["namespace"] = TemplateNamespace
        self.globals["lipsum"] = _at_random
        for name, function in list(self.filters.items()):
            self.filters[name] = _keeping_sources(function)
        self.filters |= {
            "tojson": as_json,
            "string": lambda value: value if isinstance(value, Text) else as_text(value),
            "safe": lambda value: marked(as_text(value)),
            "e": escaped,
            "escape": escaped,
            "forceescape": lambda value: escaped(Text(value, getattr(value, "runs", None))),
            "join": _join,
            "indent": _indent,
            "center": lambda value, width=80: as_text(value).center(width),
            "batch": _bounded(self.filters["batch"]),
            "slice": _bounded(self.filters["slice"]),
            "random": _at_random,
        }

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and type(left) is Text:  # by far the most
            return left + right
        match operator:
            case "*":
                for times, value in ((left, right), (right, left)):
                    if isinstance(times, int) and isinstance(value, list | tuple):
                        check_items(times * len(value))
                    elif isinstance(times, int) and isinstance(value, str):
                        check_length(times * len(value))
            case "+" if isinstance(left, list) and isinstance(right, list):
                check_items(len(left) + len(right))
            case "**" if isinstance(left, int) and isinstance(right, int):
                check_items(0 if left.bit_length() * right <= MAX_POWER_BITS else 1 << 60)
            case "%" if isinstance(left, str) and not isinstance(left, Text):
                left = Text(left)
        return _BINARY[operator](left, right)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        native = super().wrap_str_format(value)
        if native is None:
            return None
        template = value.__self__
        text = template if isinstance(template, Text) else Text(template)

        def wrapper(*args: Any, **kwargs: Any) -> str:
            for _, _, spec, _ in Formatter().parse(text):
                digits = "".join(c for c in spec or "" if c.isdigit())
                check_width(int(digits or 0) if "{" not in (spec or "") else 1 << 60)
            formatted = native(*args, **kwargs)
            mapping = args[0] if value.__name__ == "format_map" else kwargs
            positional = () if value.__name__ == "format_map" else args
            whole = self._formatted(text, positional, mapping)
            if whole is not None and str.__eq__(whole, formatted):
                return whole
            return derived(formatted, (text, *positional, *mapping.values()))

        return update_wrapper(wrapper, value)

    def _formatted(self, text: Text, args: Any, kwargs: Any) -> Text | None:
        """`str.format` in pieces; None where a field has a conversion or a format of its own."""
        formatter = SandboxedFormatter(self)
        pieces: list[str] = []
        position = count = 0
        for literal, name, spec, conversion in formatter.parse(text):
            found = text.find(str(literal), position) if literal else position
            if literal:
                pieces.append(text.cut(found, found + len(literal)))
                position = found + len(literal)
            if name is None:
                continue
            if spec or conversion:
                return None
            key = name or str(count)
            count += not name
            pieces.append(as_text(formatter.get_field(key, args, kwargs)[0]))
        return joined(pieces)


_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "*": operator.mul,
    "**": operator.pow,
    "%": operator.mod,
}


def _check_name(name: object) -> None:
    if isinstance(name, str) and name.startswith("_"):
        raise jinja2.exceptions.SecurityError(f"a namespace cannot hold {str(name)!r}")


def raise_exception(message: object) -> None:
    raise jinja2.exceptions.TemplateError(str.__str__(str(message)))


def _at_random(*_: Any, **__: Any) -> None:
    raise RowError(
        "template_error",
        "the chat template draws at random (`random`, `lipsum`)",
        remedy="a template must give the same text for the same row",
    )


def _keeping_sources(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of Jinja whose result, where it is a plain string, has the sources of its
    arguments."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if isinstance(result, str) and not isinstance(result, Text):
            text = derived(str.__str__(result), (*args, *kwargs.values()))
            return marked(text) if hasattr(result, "__html__") else text
        return result

    return update_wrapper(wrapper, function)


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(value: Any, count: Any, fill_with: Any = None) -> Any:
        check_items(int(count))
        return function(value, count, fill_with)

    return wrapper


@jinja2.pass_environment
def _join(
    environment: jinja2.Environment, value: Iterable[Any], d: Any = "", attribute: Any = None
) -> Text:
    """The `join` filter."""
    if attribute is not None:
        value = environment.filters["map"](environment, value, attribute=attribute)
    separator = Text(d, getattr(d, "runs", ()))
    return separator.join([_shown(item) for item in value])


def _shown(value: Any) -> Text:
    text = as_text(value)
    return Text(str.__str__(text), text.runs) if isinstance(text, SafeText) else text


def _indent(s: Any, width: int | str = 4, first: bool = False, blank: bool = False) -> Text:
    """The `indent` filter."""
    indention = width if isinstance(width, str) else " " * check_width(width)
    lead = indention if isinstance(indention, Text) else computed(indention)
    text = as_text(s)
    text = Text(joined((text, computed("\n"))), joined((text, computed("\n"))).runs)
    newline = computed("\n")
    if blank:
        whole = joined((newline, lead)).join(text.splitlines())
    else:
        lines = text.splitlines()
        whole = lines.pop(0)
        if lines:
            rest = newline.join([joined((lead, line)) if line else line for line in lines])
            whole = joined((whole, newline, rest))
    return joined((lead, whole)) if first else whole

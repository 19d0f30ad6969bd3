"""A chat template without tracing but within bounds: for the many prompts of which only the text is
asked."""

from __future__ import annotations

import datetime
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.ext import loopcontrols
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

from agentdata.templates.jinja.course import Course, Progress, loop_context
from agentdata.templates.jinja.environment import GENERATION, Generation, Unfolded
from agentdata.templates.jinja.limits import (
    MAX_CHARS,
    MAX_STEPS,
    check_items,
    check_length,
    check_width,
    too_much,
)
from agentdata.templates.jinja.plain import add_globals
from agentdata.templates.jinja.sandbox import QuickSandbox
from agentdata.templates.jinja.watched import Messages

_STEP, _JOIN, _LOOP = " step", " concat", " loop"


class LeanTemplate:
    """The text of a template. Loops, calls of macros and the growth of texts are counted as when
    tracing."""

    def __init__(self, source: str, date: datetime.datetime) -> None:
        environment = _LeanEnvironment(date)
        tree = _Bounded().visit(environment.parse(source))
        _mark_loops(tree)
        self._environment = environment
        self._template = jinja2.Template.from_code(
            environment, environment.compile(tree), dict(environment.globals)
        )
        self._template.root_render_func.__globals__["LoopContext"] = loop_context

    def render(self, variables: dict[str, Any], course: Course | None = None) -> str:
        """The text, of messages that `course` follows. Raises RowError `template_limit` and
        whatever the template raises."""
        environment = self._environment
        environment.course = course
        environment.progress = progress = course.progress if course is not None else Progress()
        pieces = progress.pieces
        try:
            for piece in self._template.root_render_func(self._template.new_context(variables)):
                progress.chars += len(piece)
                if progress.chars > MAX_CHARS:
                    check_length(progress.chars)
                pieces.append(piece)
        finally:
            environment.course = None
        return "".join(pieces)


class _LeanEnvironment(QuickSandbox):
    code_generator_class = Unfolded
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, date: datetime.datetime) -> None:
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[Generation, loopcontrols],
            optimized=False,
        )
        self.progress = Progress()
        self.course: Course | None = None
        add_globals(self, date)
        self.filters |= {_STEP: self._step, _JOIN: _join, _LOOP: _loop}

    def _step(self, _: Any) -> None:
        self.progress.steps += 1
        if self.progress.steps > MAX_STEPS:
            raise too_much(f"takes more than {MAX_STEPS} steps")

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "+":
            value = left + right
            if isinstance(value, str):
                if len(value) > MAX_CHARS:
                    check_length(len(value))
            elif isinstance(value, list):
                check_items(len(value))
            return value
        if operator == "*":
            for times, value in ((left, right), (right, left)):
                if isinstance(times, int) and isinstance(value, str):
                    check_length(times * len(value))
                elif isinstance(times, int) and isinstance(value, list | tuple):
                    check_items(times * len(value))
        elif operator == "%" and isinstance(left, str):
            check_width(sum(int(part) for part in _digits(left)))
        elif operator == "**":
            check_width(right if isinstance(right, int) else 0)
        return super().call_binop(context, operator, left, right)


@jinja2.pass_context
def _loop(context: Context, value: Any, number: int) -> Any:
    """What a loop goes over that writes right into the text."""
    environment = context.environment
    if not isinstance(value, Messages) or not isinstance(environment, _LeanEnvironment):
        return value
    course = environment.course
    return value if course is None else course.loop(number, value, context.vars)


def _digits(text: str) -> list[str]:
    return "".join(c if c.isdecimal() else " " for c in text).split()


def _join(values: list[Any]) -> str:
    text = "".join(map(str, values))
    check_length(len(text))
    return text


class _Bounded(NodeTransformer):
    """Counts loops and calls of macros, and joins texts within bounds."""

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.body.insert(0, _statement(node.lineno))
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        self.generic_visit(node)
        node.body.insert(0, _statement(node.lineno))
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:
        self.generic_visit(node)
        called = node.call.node
        if isinstance(called, nodes.ExtensionAttribute) and called.name == GENERATION:
            return nodes.Scope(node.body, lineno=node.lineno)  # only the text is asked for
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        listed = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(listed, _JOIN, [], [], None, None, lineno=node.lineno)


def _mark_loops(tree: nodes.Template) -> None:
    """Gives numbers to the loops that a `Course` can go on with: those in no other loop, macro or
    block, and without a test or an `else`."""
    waiting: list[nodes.Node] = [tree]
    number = 0
    for node in waiting:  # grows
        if isinstance(node, nodes.Template | nodes.If):
            waiting += node.iter_child_nodes()
        elif isinstance(node, nodes.For) and not (node.test or node.else_ or node.recursive):
            which = nodes.Const(number, lineno=node.lineno)
            node.iter = nodes.Filter(node.iter, _LOOP, [which], [], None, None, lineno=node.lineno)
            number += 1


def _statement(line: int) -> nodes.Node:
    none = nodes.Const(None, lineno=line)
    counted = nodes.Filter(none, _STEP, [], [], None, None, lineno=line)
    return nodes.ExprStmt(counted, lineno=line)

"""Rewrites the syntax tree of a template so that its text can be followed, and nothing else."""

from __future__ import annotations

import jinja2
from jinja2 import nodes
from jinja2.visitor import NodeTransformer

from agentdata.templates.jinja.environment import TracingEnvironment
from agentdata.templates.jinja.origin import LITERAL
from agentdata.templates.jinja.text import from_origin, joined
from agentdata.templates.jinja.values import as_text

_MACRO_STEPS = 8
"""A call of a macro takes about as long as so many turns of a loop."""
# No template can call these: its own filters have no space in their names.
_WRITTEN, _ASSIGNED, _STEP = " written", " assigned", " step"
_NEXT, _BEGIN, _END, _JOIN = " next", " begin", " end", " concat"


def compile_template(environment: TracingEnvironment, source: str) -> jinja2.Template:
    """The template of `source`, instrumented. Raises jinja2.TemplateSyntaxError.

    Every expression written out, every variable set, every loop and macro reports to
    `environment.trace`; string constants become texts of the template. Jinja's own operators on
    texts do the rest.
    """
    install(environment)
    tree = environment.parse(source)
    tree = _Instrument(environment).visit(tree)
    code = environment.compile(tree)
    # In one dict, as each render copies them.
    return jinja2.Template.from_code(environment, code, dict(environment.globals))


def install(environment: TracingEnvironment) -> None:
    """Give the environment the functions that instrumented templates call."""

    trace = environment.trace
    environment.filters |= {
        _WRITTEN: trace.written,
        _ASSIGNED: trace.assigned,
        _NEXT: trace.next_turn,
        _BEGIN: lambda _: trace.begin_loop(),
        _END: lambda _: trace.end_loop(),
        _STEP: lambda _: trace.step(_MACRO_STEPS),
        _JOIN: lambda values: joined([as_text(value) for value in values]),
    }


class _Instrument(NodeTransformer):
    """Visits each node once, inside first."""

    def __init__(self, environment: TracingEnvironment) -> None:
        self.environment = environment
        self.constants: dict[str, str] = {}

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        node.nodes = [_filtered(child, _WRITTEN) for child in node.nodes]
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:
        return self._constant(node.data, node.lineno)

    def visit_Const(self, node: nodes.Const) -> nodes.Node:
        return self._constant(node.value, node.lineno) if isinstance(node.value, str) else node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), _JOIN)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        return node  # its result is a truth value

    def visit_Test(self, node: nodes.Test) -> nodes.Node:
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:
        node.value = self.visit(node.value)
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        node.node = self.visit(node.node)
        if not isinstance(node.arg, nodes.Const):
            node.arg = self.visit(node.arg)
        return node

    def visit_Assign(self, node: nodes.Assign) -> nodes.Node:
        node.node = self.visit(node.node)
        if isinstance(node.target, nodes.Name | nodes.NSRef):
            node.node = _filtered(node.node, _ASSIGNED)
        return node

    def visit_For(self, node: nodes.For) -> list[nodes.Node]:
        self.generic_visit(node)
        value: nodes.Expr = nodes.Const(None, lineno=node.lineno)
        if isinstance(node.target, nodes.Name):
            value = nodes.Name(node.target.name, "load", lineno=node.lineno)
        node.body.insert(0, _statement(value, _NEXT))
        none = nodes.Const(None, lineno=node.lineno)
        return [_statement(none, _BEGIN), node, _statement(none, _END)]

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:
        self.generic_visit(node)
        node.body.insert(0, _statement(nodes.Const(None, lineno=node.lineno), _STEP))
        return node

    def _constant(self, value: str, line: int) -> nodes.Node:
        if value not in self.constants:
            name = f"constant_{len(self.constants)}"
            setattr(self.environment, name, from_origin(value, LITERAL))
            self.constants[value] = name
        return nodes.EnvironmentAttribute(self.constants[value], lineno=line)


def _filtered(node: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _statement(node: nodes.Node, name: str) -> nodes.ExprStmt:
    return nodes.ExprStmt(_filtered(node, name), lineno=node.lineno)

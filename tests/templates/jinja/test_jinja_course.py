"""Prompts that go on from one another are those that the template gives anew."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja_cases import OWN

from agentdata.conversation import Conversation, Message
from agentdata.errors import RowError
from agentdata.templates.jinja import JinjaTemplate, load_jinja
from agentdata.templates.jinja.course import Course
from agentdata.templates.jinja.state import same_variables, spaces
from agentdata.templates.jinja.values import untraced

SAID = "<{{ m.role }}>{{ m.content }}</s>"
OPENED = "{% if add_generation_prompt %}<assistant>{% endif %}"
GO_ON = {
    "plain": f"{{% for m in messages %}}{SAID}{{% endfor %}}{OPENED}",
    "first and last": (
        f"{{% for m in messages %}}{{% if loop.first %}}^{{% endif %}}{SAID}"
        f"{{% if loop.last %}}${{% endif %}}{{% endfor %}}{OPENED}"
    ),
    "neighbours": (
        "{% for m in messages %}{% if loop.index0 == 0 or messages[loop.index0 - 1].role != m.role "
        f"%}}[{{% endif %}}{SAID}{{% if loop.last or messages[loop.index0 + 1].role != m.role %}}]"
        f"{{% endif %}}{{% endfor %}}{OPENED}"
    ),
    "previous and next": (
        "{% for m in messages %}{{ (loop.previtem or {}).content }}|{{ (loop.nextitem or {}).content }}"
        f"{SAID}{{% endfor %}}{OPENED}"
    ),
    "without the system": (
        "{% if messages[0].role == 'system' %}{% set rest = messages[1:] %}{{ messages[0].content }}"
        "{% else %}{% set rest = messages %}{% endif %}"
        f"{{% for m in rest %}}{{{{ loop.index }}}}{SAID}{{% endfor %}}{OPENED}"
    ),
    "counting": (
        "{% set ns = namespace(n=0, seen=[]) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}"
        f"{{% set ns.seen = ns.seen + [m.role] %}}{{{{ ns.n }}}}{SAID}{{% endfor %}}"
        f"{{{{ ns.seen }}}}{OPENED}"
    ),
    "last question": (
        "{% set ns = namespace(last=0, found=false) %}{% for m in messages[::-1] %}"
        "{% if m.role == 'user' and not ns.found %}{% set ns.found = true %}"
        "{% set ns.last = messages|length - 1 - loop.index0 %}{% endif %}{% endfor %}"
        "{% for m in messages %}{% if loop.index0 > ns.last %}!{% endif %}"
        f"{SAID}{{% endfor %}}{OPENED}"
    ),
    "macro": (
        "{% set mark = messages[0].role %}{% macro say(m) %}{{ mark }}" + SAID + "{% endmacro %}"
        f"{{% for m in messages %}}{{{{ say(m) }}}}{{% endfor %}}{OPENED}"
    ),
    "stops early": (
        "{% for m in messages %}{% if loop.index0 == 3 %}{% break %}{% endif %}"
        f"{SAID}{{% endfor %}}{OPENED}"
    ),
    "look ahead": (
        "{% for m in messages %}" + SAID + "{% for later in messages[loop.index:] %}"
        "{% if later.role == m.role %}~{% break %}{% endif %}{% endfor %}"
        f"{{% endfor %}}{OPENED}"
    ),
    "generation": (
        "{% for m in messages %}{% generation %}{% set x = m.role %}"
        f"{SAID}{{{{ x }}}}{{% endgeneration %}}{{{{ x }}}}{{% endfor %}}{OPENED}"
    ),
}
ANEW = {
    "changes": (
        "{% for m in messages %}{% if loop.changed(m.role) %}*{% endif %}"
        f"{SAID}{{% endfor %}}{OPENED}"
    ),
    "length": f"{{% for m in messages %}}{{{{ loop.length }}}}{SAID}{{% endfor %}}{OPENED}",
    "how many": f"{{% set n = messages|length %}}{{% for m in messages %}}{{{{ n }}}}{SAID}{{% endfor %}}",
    "last of all": f"{{% for m in messages %}}{{{{ messages[-1].role }}}}{SAID}{{% endfor %}}",
    "cycler": (
        "{% set c = cycler('a', 'b') %}{% for m in messages %}{{ c.next() }}"
        f"{SAID}{{% endfor %}}{{{{ c.next() }}}}"
    ),
    "generator": (
        "{% set users = messages|selectattr('role', 'equalto', 'user') %}{% for m in messages %}"
        f"{{{{ (users|first or {{}}).content }}}}{SAID}{{% endfor %}}"
    ),
    "kept generator": (
        "{% set ns = namespace(g=none) %}{% for m in messages %}{% if loop.first %}"
        "{% set ns.g = messages|map(attribute='role') %}{% endif %}{{ ns.g|first }}"
        f"{SAID}{{% endfor %}}"
    ),
    "kept messages": (
        "{% set ns = namespace(rest=messages) %}{% for m in messages %}{{ (ns.rest[1] or {}).role }}"
        f"{{% set ns.rest = messages[loop.index:] %}}{SAID}{{% endfor %}}{{{{ ns.rest }}}}"
    ),
    "two names": (
        "{% set a = namespace(n=0) %}{% if messages|length > 3 %}{% set b = a %}{% else %}"
        "{% set b = namespace(n=0) %}{% endif %}{% for m in messages %}{% set a.n = a.n + 1 %}"
        f"{{{{ b.n }}}}{SAID}{{% endfor %}}"
    ),
    "for else": f"{{% for m in messages %}}{SAID}{{% else %}}none{{% endfor %}}{OPENED}",
    "for if": f"{{% for m in messages if m.role == 'user' %}}{SAID}{{% endfor %}}{OPENED}",
    "within a macro": (
        f"{{% macro all() %}}{{% for m in messages %}}{SAID}{{% endfor %}}{{% endmacro %}}"
        f"{{{{ all() }}}}{OPENED}"
    ),
    "as JSON": f"{{{{ messages|tojson }}}}{{% for m in messages %}}{SAID}{{% endfor %}}",
    "attribute": f"{{{{ messages.count is defined }}}}{{% for m in messages %}}{SAID}{{% endfor %}}",
    "refuses": (
        "{% for m in messages %}{% if loop.index0 % 2 and m.role == 'user' %}"
        f"{{{{ raise_exception('no') }}}}{{% endif %}}{SAID}{{% endfor %}}{OPENED}"
    ),
}
ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
TALK = st.lists(st.tuples(ROLES, st.text("ab\n ", max_size=4)), max_size=9)


def anew(template: JinjaTemplate, row: Conversation, message: int) -> list[str]:
    variables = template._variables(row, template.forms, {}, True)
    plain = {name: untraced(value) for name, value in variables.items()}
    try:
        return [template._engine.render_plain({**plain, "messages": plain["messages"][:message]})]
    except RowError:
        return []


LOADED = {name: load_jinja(source) for name, source in (GO_ON | ANEW).items()}


@pytest.mark.parametrize("name", LOADED)
@given(talk=TALK, data=st.data())
def test_prompts_in_any_order_are_those_of_the_template(name: str, talk: Any, data: Any) -> None:
    template = LOADED[name]
    row = Conversation("r", tuple(Message(role, text) for role, text in talk))
    prompts = template.server_prompts(row)
    for message in data.draw(st.lists(st.integers(0, len(talk)), max_size=12)):
        assert list(prompts(message)) == anew(template, row, message)


def turns_gone_on_with(template: JinjaTemplate, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    found: list[bool] = []
    known_turn = Course._known_turn

    def noted(self: Course, now: Any) -> Any:
        turn = known_turn(self, now)
        found.append(turn is not None)
        return turn

    monkeypatch.setattr(Course, "_known_turn", noted)
    row = OWN["calls one after another"]
    prompts = template.server_prompts(row)
    for number, message in enumerate(row.messages):
        if message.role == "assistant":
            assert list(prompts(number)) == anew(template, row, number)
    return found


@pytest.mark.parametrize("name", sorted(GO_ON.keys() - {"last question"}))
def test_each_prompt_goes_on_from_the_one_before(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert turns_gone_on_with(LOADED[name], monkeypatch) == [False, True, True, True]


def test_a_new_question_begins_anew_where_the_template_looks_for_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = turns_gone_on_with(LOADED["last question"], monkeypatch)
    assert found == [False, True, True, False]


def test_values_that_templates_tell_apart_are_not_the_same() -> None:
    for one, other in ((1, True), (0.0, -0.0), ([1], [1.0]), ({"a": 1}, {"a": True}), ("1", 1)):
        assert not same_variables({"x": one}, {}, {"x": other}, spaces({}))
        assert same_variables({"x": one}, {}, {"x": one}, {})

"""From a conversation to the prompt of a model, in typed pieces."""

from agentdata.templates.parse import parse_calls
from agentdata.templates.prompt import Kind, Prompt, Segment
from agentdata.templates.render import Template, get_template, render

__all__ = ["Kind", "Prompt", "Segment", "Template", "get_template", "parse_calls", "render"]

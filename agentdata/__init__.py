"""agentdata: raw agent conversations to exact, weighted training shards, and training on them."""

__version__ = "0.1.0"

"""Text to token ids, the characters under every token, and a weight for each."""

from agentdata.tokenization.align import places, row_weights, stretches, token_weights
from agentdata.tokenization.encode import Encoder
from agentdata.tokenization.prefix import PrefixCheck
from agentdata.tokenization.tokenizer import LoadedTokenizer, load_tokenizer
from agentdata.tokenization.tokens import TokenRows, Tokens

__all__ = [
    "Encoder",
    "LoadedTokenizer",
    "PrefixCheck",
    "TokenRows",
    "Tokens",
    "load_tokenizer",
    "places",
    "row_weights",
    "stretches",
    "token_weights",
]

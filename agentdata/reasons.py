"""What the codes of rejected and filtered rows mean, each in one line that tells what is wrong with
the data."""

from __future__ import annotations

REASONS: dict[str, str] = {
    # The file or the line
    "bad_encoding": "The line is not UTF-8.",
    "bad_json": "The line is no JSON, or the file ends within it.",
    "bad_literal": "A field holds text that is neither JSON nor a Python literal.",
    "bad_unicode": "The line holds half a surrogate pair, which is no character.",
    "line_too_long": "The line is longer than rows are read.",
    "not_an_object": "The line is JSON, but no object: nothing that a row could be.",
    "session_too_long": "A conversation is spread over more lines than are held in memory.",
    # The format
    "missing_field": "A field that the format needs is not there.",
    "other_format": "The row has another format than the file it stands in.",
    "unknown_format": "The file holds no rows of a known format.",
    "wrong_type": "A field holds a value of a type that the format does not have there.",
    # The turns
    "calls_outside_assistant": "A message that is not the model's makes calls.",
    "no_messages": "The row holds no messages: its source kept no conversation there.",
    "no_model_turn": "The row is a prompt alone: the model says nothing in it.",
    "text_outside_messages": "A rendered text holds words between its messages, which no one says.",
    "unknown_event": "A record is of a kind that the format does not know.",
    "unknown_item": "An item is of a kind that the format does not know.",
    "unknown_role": "A message has a role that the format does not know.",
    "unknown_step": "A step is of a kind that the format does not know.",
    "bad_step": "A step of a trajectory is no pair of action and result.",
    # Their contents
    "bad_answer": "The reference answer has none of the forms that the format has for answers.",
    "bad_content": "A content is neither text nor a list of parts.",
    "bad_loss": "A weight or mark of loss is not what the format has there.",
    "bad_media": "A part names an image, video or audio that cannot be told.",
    "bad_objects": "The objects that the texts keep places for (names, boxes) cannot be told.",
    "bad_tool": "A tool has no name, or is no object.",
    "bad_tool_call": "A call has no name, or is written as something that cannot be parsed.",
    "bad_tool_result": "A block of a tool's result is cut off, or has no call that it answers.",
    "bad_tools": "The list of tools cannot be parsed.",
    "media_corrupt": "A file or a text that should be an image, video or audio is none.",
    "media_mismatch": "The texts have more or fewer places for media than there are media.",
    "media_missing": "A file of an image, video or audio is not there.",
    "media_not_fetched": "An image, video or audio is an address that is not fetched.",
    "media_outside_root": "A file of an image, video or audio lies outside the folder of media.",
    "media_size": "An image, video or audio has a size that the model does not take.",
    "media_too_large": "An image, video or audio has more bytes than are read.",
    "media_unsupported": "The row holds a file that is no image, video or audio, or one that the "
    "tokenizer's model does not take.",
    "objects_mismatch": "The texts have more or fewer places for objects than there are objects.",
    "unknown_part": "A part of a content is of a kind that the format does not know.",
    # Recordings of APIs and sessions
    "broken_event": "A record of a session is not whole, or names a parent that is not there.",
    "broken_stream": "The recording of a streamed response ends before the response does.",
    "broken_thread": "A recorded call does not go on with those that it is said to go on with.",
    "error_response": "The recorded response is an error of the API, no turn of a model.",
    "no_request": "The body of the request was not recorded, so the question is not known.",
    "not_a_conversation": "A recorded call of another API (files, models, tokens, ...).",
    "unfinished_response": "The response was still to come when it was recorded.",
    # Rendering
    "private_use_character": "The text holds private use characters beside special tokens.",
    "special_token_in_text": "The text holds the letters of a special token.",
    "template_dropped_content": "The chat template leaves out words that the model is to learn.",
    "template_error": "The chat template fails on the row.",
    "template_limit": "The chat template takes too long, or writes too much, on the row.",
    "template_turn_unknown": "How the chat template begins a turn of the model cannot be told.",
    "template_untracked": "Where the chat template writes the model's words cannot be told.",
    # Filtered, not rejected
    "no_trained_tokens": "The row holds no answer of the model, or none that is trained.",
    "too_long": "The row is over --max-length.",
}
"""{code: what it means}; rows keep the message that tells more in rejects.jsonl."""

NOTHING_TO_LEARN = frozenset(
    {
        *("bad_json", "error_response", "no_messages", "no_model_turn", "no_request"),
        *("no_trained_tokens", "not_a_conversation", "not_an_object", "unfinished_response"),
    }
)
"""Codes of rows that hold no answer of a model, whole or not."""

"""Images, videos and audio of a row: what the model reads in their place, and where they lie."""

from agentdata.media.choose import MediaInfo, choose_family
from agentdata.media.desk import Desk, open_desk
from agentdata.media.families import FAMILIES

__all__ = ["FAMILIES", "Desk", "MediaInfo", "choose_family", "open_desk"]

"""The gate of the transfer's process; the same stands before the one that reads playlists."""

from aniworld.core.guard import Guard

__all__ = ["Guard"]

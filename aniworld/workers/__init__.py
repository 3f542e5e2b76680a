"""What works by itself: the download slots, and the housekeeping of a running server."""

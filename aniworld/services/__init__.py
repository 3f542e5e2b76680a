"""The wishes of a user: check, change, commit, tell."""

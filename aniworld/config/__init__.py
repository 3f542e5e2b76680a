"""The settings: what there is, where it is kept, and how it is checked."""

"""Ratios against other ways, measured in one run: ``make bench``."""

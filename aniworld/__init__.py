"""Aniworld keeps an anime library complete: it scans, compares, queues and downloads."""

__version__ = "0.1.0"

"""Where a page of a list begins, and how long it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paging:
    """One page of a list. ``page`` from 1; ``total`` over all pages."""

    page: int
    page_size: int
    total: int

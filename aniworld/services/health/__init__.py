"""Is all well? One check for each thing that can go wrong by itself, each with what to do about it."""

from aniworld.services.health.service import HealthService

__all__ = ["HealthService"]

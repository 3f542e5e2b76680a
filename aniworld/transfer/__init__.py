"""Moves one episode's bytes in a process of its own, and checks them."""

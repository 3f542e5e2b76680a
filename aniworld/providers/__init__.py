"""Catalogues that list series, hosters that keep videos, and the one gate to the network."""

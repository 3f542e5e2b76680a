"""The catalogues that come with the program, one module each, and what their pages hold."""

"""Rewriting a graph into a simpler one of the same value."""

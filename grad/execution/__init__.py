"""Graphs as they are run: in few passes, as straight-line NumPy, in blocks, over threads."""

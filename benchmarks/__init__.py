"""Comparisons with NumPy by hand and with peers: ``python -m benchmarks``, or one module."""

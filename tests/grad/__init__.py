"""Tests of the autograd core; most of them are generated from its table of rows."""

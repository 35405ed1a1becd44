"""Tests of the grammar: text to graph, graph to text."""

"""Text to graph and back: the grammar, the builder, diagnostics and printers."""

"""The shell: commands, bindings, documents, streams and rendering."""

"""See examples/batch."""

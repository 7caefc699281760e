"""Rows: columns, sources, formats, sinks. Nothing here knows what a run is."""

"""The streaming xlsx writer."""

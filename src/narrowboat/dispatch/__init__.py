"""Dispatchers: who brings work to workers."""

"""People: who asks, and what they may. Pure rules; their tables are in `stores`."""

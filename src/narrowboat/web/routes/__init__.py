"""Routes, a module for each kind of thing they answer about."""

"""Work on untrusted input in a child process with limits. Knows nothing of what the work is."""

from __future__ import annotations

from narrowboat.isolation.confinement import MIB, Confinement
from narrowboat.isolation.process import Child

__all__ = ["MIB", "Child", "Confinement"]

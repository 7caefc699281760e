"""The streaming xlsx writer."""

from narrowboat.data.formats.xlsx.format import Xlsx

__all__ = ["Xlsx"]

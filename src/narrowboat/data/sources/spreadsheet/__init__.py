"""Files that people upload: xlsx, xls, xlsb, ods, csv, jsonl, packed or not. What is read, and how: `Book`."""

from __future__ import annotations

from narrowboat.data.sources.spreadsheet.book import open_book
from narrowboat.data.sources.spreadsheet.header import Header, Heading, find_header, header_of
from narrowboat.data.sources.spreadsheet.isolated import open_isolated
from narrowboat.data.sources.spreadsheet.limits import FileLimits

__all__ = ["FileLimits", "Header", "Heading", "find_header", "header_of", "open_book", "open_isolated"]

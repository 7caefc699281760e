"""The xlsx reader: parts are streamed, rows matched by one regular expression, and by expat where it does not fit."""

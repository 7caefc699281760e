"""Actions: what somebody may do with a job and the runs of it that they see."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """What a user may do with a job and the runs of it that they see."""

    SEE = "see"
    """Know that the job exists, and see runs."""
    START = "start"
    """Start, rerun and retry; count the rows before."""
    CONTROL = "control"
    """Cancel, pause and resume."""
    DOWNLOAD = "download"
    """Have rows: files, rows of reports, and of refused rows the data and the messages that may quote them."""
    SHARE = "share"
    """Make links by which anybody may download."""

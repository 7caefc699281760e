"""What is told of an export that ended: a JSON object for programs, a few lines for people."""

from pathlib import Path
from typing import Any, NamedTuple

from narrowboat.cli.outcome import complain, exit_status, print_json, say, was_wrong_usage
from narrowboat.cli.rendering import error_json, readable
from narrowboat.kernel.memory import peak
from narrowboat.kernel.model import Run, State


class Report(NamedTuple):
    """A run, its file (whole or partial), and what it took. `before`: rows that were there when it was resumed."""

    run: Run
    file: Path | None
    seconds: float
    before: int
    hint: str

    def give(self, *, as_json: bool, quiet: bool) -> int:
        """Tell it; returns the exit status."""
        if self.run.error_code:
            complain(self.run.error_code, self.run.error)
        if not quiet:
            for line in self.lines():
                say(line)
        if as_json:
            print_json(self.json())
        return 2 if was_wrong_usage(self.run) else exit_status(self.run)

    def json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        run, artifact = self.run, self.run.artifact
        return {
            "id": run.id,
            "state": run.state,
            "file": str(self.file) if self.file else None,
            "rows": run.counters.rows,
            "total": run.total,
            "total_estimated": run.total_estimated,
            "bytes": self.file.stat().st_size if self.file else 0,
            "sha256": artifact.sha256 if artifact else None,
            "altered": artifact.manifest["altered"]["counts"] if artifact else {},
            "rejected": run.counters.rejected,
            "resumed_at": self.before,
            "seconds": round(self.seconds, 3),
            "peak_memory": peak(),
            "error": error_json(run),
        }

    def lines(self) -> list[str]:
        """For people."""
        rows = f"{self.run.counters.rows:,} rows"
        if self.run.artifact:
            none = [] if self.run.counters.rows else ["No data: the file has no rows below the names of its columns."]
            return [self._done(rows), *none, *self._altered(self.run.artifact.manifest["altered"]["counts"])]
        of = f" of {self.run.total:,}" if self.run.total is not None else ""
        kept = f"; what there is: {self.file}" if self.file else ""
        stopped = [f"{what} after {self.run.counters.rows:,}{of} rows{kept}"] if (what := self._stopped()) else []
        return [*stopped, self.hint] if self.hint else stopped

    def _stopped(self) -> str:
        """In a word or two; nothing of one that failed at once, or waits."""
        match self.run.state:
            case State.CANCELLED:
                return "cancelled"
            case State.TIMED_OUT:
                return "out of time"
            case State.FAILED if self.run.counters.rows:
                return "failed"
        return ""

    def _done(self, rows: str) -> str:
        size = self.file.stat().st_size if self.file else 0
        rate = (self.run.counters.rows - self.before) / max(self.seconds, 1e-3)
        return (
            f"{self.file}: {rows}, {readable(size)} in {self.seconds:.1f} s "
            f"({rate:,.0f} rows/s, {readable(peak())} of memory)"
        )

    @staticmethod
    def _altered(counts: dict[str, int]) -> list[str]:
        if not counts:
            return []
        return ["cells altered: " + ", ".join(f"{n:,} {code}" for code, n in counts.items())]

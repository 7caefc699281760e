"""Start one process, wait for it, and print what it used as JSON. Kept small on purpose: see `measure.py`."""

import os
import sys
import time

WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def main(log: str, *command: str) -> None:
    to_log = [(os.POSIX_SPAWN_OPEN, 1, log, WRITE, 0o600), (os.POSIX_SPAWN_DUP2, 1, 2)]
    began = time.monotonic()
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=to_log)
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - began
    cpu, peak, code = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)
    print(f'{{"cpu": {cpu}, "peak_mb": {peak}, "wall": {wall}, "status": {code}}}')


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/bin/sh
# Make .venv with uv in it, anew if it is of another Python. usage: make-venv.sh [PYTHON]
# Tries, in this order: venv, venv after installing Debian's python3-venv (as root), virtualenv, pip's --python.
set -u
python=${1:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is older or not there. Try: make setup PYTHON=python3.12" >&2
    exit 1
}

# An interrupted attempt may have left half an environment.
whole() {
    [ "$(.venv/bin/python -V 2>/dev/null)" = "$("$python" -V)" ] && .venv/bin/python -m pip --version >/dev/null 2>&1
}

whole || "$python" -m venv --clear .venv >/dev/null 2>&1 || {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing python3-venv"
        { apt-get update -q && apt-get install -qy --no-install-recommends python3-venv; } >/dev/null 2>&1
        "$python" -m venv --clear .venv >/dev/null 2>&1
    fi
}
whole || "$python" -m virtualenv --quiet --clear .venv 2>/dev/null

if whole; then
    .venv/bin/python -m pip install --quiet uv
elif "$python" -m pip --version >/dev/null 2>&1 && "$python" -m venv --clear --without-pip .venv; then
    "$python" -m pip --python .venv/bin/python install --quiet uv
else
    echo "Cannot make a virtual environment with $python: it lacks the parts of pip that Debian and Ubuntu pack apart." >&2
    echo "Install them and try again: sudo apt-get install python3-venv (or have virtualenv, or pip)" >&2
    exit 1
fi

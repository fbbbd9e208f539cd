#!/bin/sh
# Make the peers' own venv:   benchmarks/peers/setup.sh VENV
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
"$python" -m venv "${1:?usage: setup.sh VENV (a folder outside the repository)}"
"$1/bin/python" -m pip install --quiet -c "$here/../../constraints.txt" -r "$here/requirements.txt"
"$1/bin/python" -c "import pythae, torch; print('peers: pythae', '0.1.2,', 'torch', torch.__version__)"

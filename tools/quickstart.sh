#!/usr/bin/env bash
# The main job on generated scenes, nothing to download but packages: bash tools/quickstart.sh
# Sets up .venv, then trains, tests, indexes and searches; the result is in work_dirs/quickstart.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
cd "$ROOT"
exec "$VENV_PYTHON" tools/quickstart.py "$@"

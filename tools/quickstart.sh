#!/usr/bin/env bash
# The main job on generated scenes; only packages are downloaded: bash tools/quickstart.sh
# Sets up .venv, then trains, tests, indexes and searches. The result is in work_dirs/quickstart.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
cd "$ROOT"
exec "$VENV_PYTHON" tools/quickstart.py "$@"

#!/usr/bin/env bash
# The main job on generated scenes; only packages are downloaded: bash tools/quickstart.sh
# Sets up .venv, then trains, tests, indexes and searches. The result is in work_dirs/quickstart.
# Arguments: --out FOLDER  --data FOLDER  --n-images NUMBER  --cfg-options KEY=VALUE...
set -euo pipefail
for argument in "$@"; do
  case $argument in
    -h | --help)
      sed -n '2,/^[^#]/s/^# //p' "${BASH_SOURCE[0]}"
      exit
      ;;
    --out | --data | --n-images | --cfg-options | --out=* | --data=* | --n-images=*) ;;
    -*)
      echo "error: quickstart.sh does not know $argument: see bash tools/quickstart.sh -h" >&2
      exit 2
      ;;
  esac
done
source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"
cd "$ROOT"
exec "$VENV_PYTHON" tools/quickstart.py "$@"

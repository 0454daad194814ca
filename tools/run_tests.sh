#!/usr/bin/env bash
# The test suite: bash tools/run_tests.sh [--slow] [arguments of pytest]
# Sets up .venv first. Without --slow, tests marked as slow are left out. Two processes share the
# test files; an -n among the arguments, such as -n 0 for a debugger, comes last and wins.
set -euo pipefail
for argument in "$@"; do
  case $argument in -h | --help)
    sed -n '2,/^[^#]/s/^# //p' "${BASH_SOURCE[0]}"
    exit
    ;;
  esac
done
source "$(dirname "${BASH_SOURCE[0]}")/setup_env.sh"

arguments=()
chosen='not slow'
for argument in "$@"; do
  if [ "$argument" = --slow ]; then chosen=''; else arguments+=("$argument"); fi
done
cd "$ROOT"
exec "$VENV_PYTHON" -m pytest -ra -m "$chosen" -n 2 --dist loadfile ${arguments[@]+"${arguments[@]}"}

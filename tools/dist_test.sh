#!/usr/bin/env bash
# Testing on several GPUs, or in several CPU processes on a machine without GPUs:
#   bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
set -euo pipefail
for argument in "$@"; do
  case $argument in -h | --help)
    sed -n '2,/^[^#]/s/^# //p' "${BASH_SOURCE[0]}"
    exit
    ;;
  esac
done
if [ $# -lt 3 ]; then
  echo 'error: give a config, a checkpoint and the number of GPUs:' \
    'bash dist_test.sh CONFIG CHECKPOINT GPUS [ARGUMENTS]' >&2
  exit 1
fi
source "$(dirname "${BASH_SOURCE[0]}")/dist_launch.sh"
launch test.py "$3" "$1" "$2" "${@:4}"

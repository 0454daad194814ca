#!/usr/bin/env bash
# Training on several GPUs, or in several CPU processes on a machine without GPUs:
#   bash tools/dist_train.sh CONFIG GPUS [arguments of train.py]
set -euo pipefail
for argument in "$@"; do
  case $argument in -h | --help)
    sed -n '2,/^[^#]/s/^# //p' "${BASH_SOURCE[0]}"
    exit
    ;;
  esac
done
if [ $# -lt 2 ]; then
  echo 'error: give a config and the number of GPUs: bash dist_train.sh CONFIG GPUS [ARGUMENTS]' >&2
  exit 1
fi
source "$(dirname "${BASH_SOURCE[0]}")/dist_launch.sh"
launch train.py "$2" "$1" "${@:3}"

# Sourced by dist_train.sh and dist_test.sh: launch SCRIPT PROCESSES ARGUMENTS...
# Environment: NNODES, NODE_RANK, MASTER_ADDR, PORT, and PYTHON for another interpreter.

TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

has_torch() {
  "$1" -c 'import importlib.util as u, sys; sys.exit(u.find_spec("torch") is None)' 2>/dev/null
}

# The interpreter in PYTHON, else the active one, else the one of the checkout's environment.
choose_python() {
  local name
  for name in ${PYTHON:+"$PYTHON"} python "$TOOLS/../.venv/bin/python" python3; do
    if has_torch "$name"; then
      printf '%s\n' "$name"
      return
    fi
    if [ "$name" = "${PYTHON:-}" ]; then break; fi
  done
  printf 'error: %s has no PyTorch: activate the environment of pir_mm, or set PYTHON to its python.\n' \
    "${PYTHON:-python}" >&2
  exit 1
}

free_port() {
  "$1" -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'
}

launch() {
  local script=$1 processes=$2 python port
  shift 2
  case $processes in
    '' | *[!0-9]* | 0)
      printf 'error: GPUS is the number of processes on this machine, at least 1, not %s.\n' \
        "$processes" >&2
      exit 1
      ;;
  esac
  python=$(choose_python) || exit 1
  # Several machines need the same port. One machine takes a free one, so two jobs do not collide.
  if [ "${NNODES:-1}" = 1 ]; then port=${PORT:-$(free_port "$python")}; else port=${PORT:-29500}; fi
  export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
  export PYTHONPATH="$(dirname "$TOOLS")${PYTHONPATH:+:$PYTHONPATH}"
  exec "$python" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="$port" \
    --nproc_per_node="$processes" "$TOOLS/$script" "$@" --launcher pytorch
}

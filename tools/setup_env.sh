# Sourced under `set -euo pipefail`: sets up .venv, so that "$VENV_PYTHON" has everything.
# The next time it only compares a stamp. After a kill it continues where it stopped.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
VENV_PYTHON=$VENV/bin/python
STAMP=$VENV/pir_mm.stamp

trap 'echo interrupted >&2; exit 130' INT

report() { printf 'pir_mm set-up: %s\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

supported() {
  "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

find_python() {
  local name
  if [ -n "${PYTHON:-}" ]; then
    supported "$PYTHON" || fail "PYTHON=$PYTHON is not Python 3.10, 3.11 or 3.12:" \
      'set it to one, for example PYTHON=python3.11.'
    printf '%s\n' "$PYTHON"
    return
  fi
  for name in python3.11 python3.12 python3.10 python3 python; do
    if supported "$name"; then
      printf '%s\n' "$name"
      return
    fi
  done
  fail 'no Python 3.10, 3.11 or 3.12 is on PATH: install one, or name one as PYTHON=/path/to/python.'
}

require_disk() { # folder, megabytes, purpose
  local free
  free=$(df -Pm "$1" 2>/dev/null | awk 'NR == 2 { print $4 }')
  [ -z "$free" ] || [ "$free" -ge "$2" ] || fail "$1 has $free MB free and $3 take about $2 MB:" \
    'free some space and run the same command again.'
}

make_venv() {
  local python
  if [ -x "$VENV_PYTHON" ] && "$VENV_PYTHON" -c ''; then
    fail "$VENV has Python $(version_of "$VENV_PYTHON"), but needs 3.10, 3.11 or 3.12:" \
      'move .venv away and run the same command again.'
  fi
  python=$(find_python) || exit 1
  "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "$python cannot make a virtual" \
    'environment: install its venv module (on Debian and Ubuntu the package python3-venv).'
  report "1/3 a virtual environment of $("$python" --version 2>&1) in $VENV"
  "$python" -m venv --clear "$VENV" || fail "$python could not make $VENV, see above."
}

# A killed pip leaves unpacked packages without the file INSTALLER, and pip would trust them.
drop_half_installed() {
  "$VENV_PYTHON" - <<'PYTHON'
import pathlib, shutil, sysconfig
site = pathlib.Path(sysconfig.get_path('purelib'))
half = [info for info in site.glob('*.dist-info') if not (info / 'INSTALLER').exists()]
for folder in [*half, *site.glob('~*')]:
    shutil.rmtree(folder, ignore_errors=True)
PYTHON
}

# On a terminal pip shows its progress bars. A log gets only the lines about changes.
pip_install() {
  local pip=("$VENV_PYTHON" -m pip install --no-input --disable-pip-version-check)
  if [ -t 2 ]; then
    "${pip[@]}" "$@" >&2
  else
    "${pip[@]}" "$@" | awk '!/^Requirement already satisfied/ { print; fflush() }' >&2
  fi
}

install_packages() {
  local site name arguments=()
  site=$("$VENV_PYTHON" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  drop_half_installed
  if ! "$VENV_PYTHON" -c 'import torch' 2>/dev/null; then
    require_disk "$site" 7000 'the packages (PyTorch above all)'
    require_disk "${TMPDIR:-/tmp}" 3000 'their downloads'
  fi
  for name in runtime clip milvus mim onnx parquet serve vis tests; do
    arguments+=(-r "$ROOT/requirements/$name.txt")
  done
  report '2/3 the packages of requirements/; the first time this takes some minutes'
  "$VENV_PYTHON" -m pip --version >/dev/null 2>&1 || "$VENV_PYTHON" -m ensurepip >/dev/null
  pip_install -c "$ROOT/requirements/constraints.txt" "${arguments[@]}" ||
    fail 'pip could not install the packages, see above; the same command continues where it stopped.'
  report '3/3 pir_mm itself, as a link to this checkout'
  pip_install --quiet --no-build-isolation --no-deps -e "$ROOT" ||
    fail 'pip could not install pir_mm, see above.'
}

fingerprint() {
  printf '%s %s ' "$ROOT" "$(version_of "$VENV_PYTHON")"
  cat "$ROOT"/requirements/*.txt "$ROOT/setup.py" "$ROOT/pir_mm/version.py" | cksum
}

up_to_date() {
  [ -x "$VENV_PYTHON" ] && [ -e "$ROOT/pir_mm/.mim/tools/train.py" ] && [ -f "$STAMP" ] &&
    [ "$(cat "$STAMP")" = "$(fingerprint)" ]
}

set_up() {
  [ -f "$ROOT/setup.py" ] || fail "$ROOT is not a checkout of pir_mm:" \
    'this script sets up the environment of a checkout. An installed package does not need it.'
  up_to_date && return
  supported "$VENV_PYTHON" || make_venv
  if [ -n "${PYTHON:-}" ] && [ "$(version_of "$PYTHON")" != "$(version_of "$VENV_PYTHON")" ]; then
    fail "$VENV has Python $(version_of "$VENV_PYTHON") and PYTHON=$PYTHON is another:" \
      'unset PYTHON, or delete .venv and run the same command again.'
  fi
  install_packages
  { fingerprint >"$STAMP.part" && mv "$STAMP.part" "$STAMP"; } || fail "cannot write $STAMP."
  report 'done'
}

# One set-up at a time: a second one waits and then finds everything done.
(
  if command -v flock >/dev/null; then flock 9; fi
  set_up
) 9<"${BASH_SOURCE[0]}" || exit 1

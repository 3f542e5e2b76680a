#!/bin/sh
# Makes a virtual environment: make_venv.sh PYTHON FOLDER. As root on Debian or Ubuntu it installs Python's parts for it first.
set -eu
python=$1 folder=$2

packages() { # Debian's packages that PYTHON lacks
    case "$python" in
        python3 | /usr/bin/python3) echo python3 python3-venv ;;
        python3.* | /usr/bin/python3.*) echo "${python##*/}" "${python##*/}-venv" ;;
    esac
}
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ -n "$(packages)" ]; }
complete() { command -v "$python" >/dev/null && "$python" -c 'import ensurepip, venv' 2>/dev/null; }
usable() { "$folder/bin/python" -m pip --version >/dev/null 2>&1; }
fail() { echo "$1" >&2; exit 1; }

version() { "$1" -c 'import platform; print(platform.python_version())' 2>/dev/null; }

if usable; then
    here=$(version "$folder/bin/python") asked=$(version "$python" || true)
    [ -z "$asked" ] || [ "$asked" = "$here" ] ||
        echo "$folder keeps its Python $here; for $python ($asked) remove the folder $folder first" >&2
    exit 0
fi
if ! complete && may_install; then
    echo "Installing $(packages)"
    apt-get update -qq
    # shellcheck disable=SC2046  # several packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(packages) >/dev/null
fi
command -v "$python" >/dev/null ||
    fail "There is no $python. Aniworld needs Python 3.11 or newer. On Debian 12, as root: apt-get install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Aniworld needs Python 3.11 or newer; $python is $("$python" -c 'import platform; print(platform.python_version())'). Name another with PYTHON=python3.12 or similar."
complete ||
    fail "$python can make no virtual environment. On Debian, as root: apt-get install $(packages | sed 's/^[^ ]* //')"
"$python" -m venv --clear "$folder"

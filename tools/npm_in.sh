#!/usr/bin/env bash
# Runs npm in a folder of tests that has packages of its own, with the settings of the repository's .npmrc, which npm
# itself reads only in the root. tools/setup.sh installs with it; it is also for changing what is installed:
# usage: tools/npm_in.sh tests/bundlers install --save-dev vite@8.3.8
set -euo pipefail
cd "$(dirname "$0")/.."
(($# >= 2)) || { sed -n 's/^# usage/usage/p' "$0" >&2; exit 2; }
while IFS='=' read -r key value; do
  export "npm_config_${key//-/_}=$value"
done < <(grep '=' .npmrc)
cd "$1"
shift
exec npm "$@"

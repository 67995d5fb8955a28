#!/usr/bin/env bash
# Runs clang-tidy over the C files of the native build (build/native must be configured).
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files -z --cached --others --exclude-standard 'core/*.c' 'packer/*.c' |
  xargs -0 -r -n 4 -P "$(nproc)" clang-tidy -p build/native --quiet 2>&1 |
  { grep -v -E '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter' || true; }
exit "${PIPESTATUS[0]}"

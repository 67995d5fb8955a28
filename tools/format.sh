#!/usr/bin/env bash
# Formats the C files in place.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files -z --cached --others --exclude-standard '*.c' '*.h' | xargs -0 -r clang-format -i

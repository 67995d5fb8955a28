#!/usr/bin/env bash
# Compiles a dot product for each variant named as argument, with the flags of the real modules, runs it
# in Node 22 and checks the number. usage: selftest.sh scalar simd128 relaxed
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
source "$root/.toolchain/env.sh"
node=$root/node_modules/.bin/node
[[ -x $node ]] || node=node

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for variant in "$@"; do
  cmake -S "$root/tools/emscripten" -B "$work/$variant" -G Ninja -DMINNOW_WASM_VARIANT="$variant" \
    -DCMAKE_TOOLCHAIN_FILE="$root/tools/wasm_toolchain.cmake" -DCMAKE_BUILD_TYPE=Release >"$work/log" ||
    { cat "$work/log"; exit 1; }
  cmake --build "$work/$variant" || exit 1
  "$node" "$root/tools/emscripten/selftest.mjs" "$work/$variant/dot_selftest.wasm" "$variant"
done

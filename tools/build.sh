#!/usr/bin/env bash
# Builds Minnow, only what changed. usage: tools/build.sh [native] [wasm] [js] [demo] [asan] [fuzz]
# Without arguments: native wasm js demo, then the shipped bytes are printed and held against the budget.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
source tools/console.sh
[[ -f .toolchain/env.sh ]] || fail "the machine is not set up" "Run tools/setup.sh first."
source .toolchain/env.sh
export PATH="$root/node_modules/.bin:$PATH"

# build_preset PRESET FOLDER
build_preset() {
  mkdir -p "build/$2"
  if [[ ! -f build/$2/build.ninja ]]; then
    logged "build/$2/configure.log" cmake --preset "$1" || return 1
  fi
  cmake --build "build/$2" -- --quiet
}

build_native() { build_preset release native; }
build_asan() { build_preset asan-ubsan asan; }
build_fuzz() { build_preset fuzz fuzz; }

build_wasm() {
  build_preset wasm-scalar wasm-scalar
  build_preset wasm-simd128 wasm-simd128
  if [[ $MINNOW_RELAXED == ON ]]; then
    build_preset wasm-relaxed wasm-relaxed
  else
    note "SKIPPED: the relaxed SIMD variant; this machine's emcc is too old (see tools/setup.sh)"
  fi
}

build_js() {
  npm run --silent build --prefix wasm_glue
  node tools/size.mjs --gate
}

build_demo() { npm run --silent build --prefix web_demo; }

parts=("$@")
((${#parts[@]} > 0)) || parts=(native wasm js demo)
steps ${#parts[@]}
for part in "${parts[@]}"; do
  declare -F "build_$part" >/dev/null || fail "there is no part '$part'" "Parts: native wasm js demo asan fuzz"
  step "Build: $part"
  "build_$part"
done

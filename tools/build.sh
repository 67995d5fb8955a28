#!/usr/bin/env bash
# Builds Minnow, only what changed. usage: tools/build.sh [native] [wasm] [js] [demo] [cordova] [asan] [fuzz]
# Without arguments: native wasm js demo cordova, then the shipped bytes are printed and held against the budget.
#
# MINNOW_OPS leaves operators out of the wasm modules, for pages whose models are known:
#   MINNOW_OPS='auto:out/cats;out/dogs' tools/build.sh    what these packages need (the native tool is asked)
#   MINNOW_OPS='CONV_2D;ADD;SOFTMAX' tools/build.sh       these, by their names in core/ops/op_table.inc
# A package that needs another one is then refused with UNSUPPORTED_OPERATOR and its name. The next build without
# MINNOW_OPS has all again. Other presets take it as well: cmake --preset release '-DMINNOW_OPS=…'.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
source tools/console.sh
[[ -f .toolchain/env.sh ]] || fail "the machine is not set up" "Run tools/setup.sh first."
source .toolchain/env.sh
export PATH="$root/node_modules/.bin:$PATH"

# build_preset PRESET FOLDER [CMAKE OPTION...]
build_preset() {
  local preset=$1 folder=$2
  shift 2
  mkdir -p "build/$folder"
  if [[ ! -f build/$folder/build.ninja ]] || (($# > 0)); then
    logged "build/$folder/configure.log" cmake --preset "$preset" "$@" || return 1
  fi
  cmake --build "build/$folder" -- --quiet
}

# Builds one wasm variant with the operators that are asked for; configures anew only where those have changed.
build_variant() {
  local folder=build/wasm-$1 ops=${MINNOW_OPS:-all} now=all options=()
  if [[ -f $folder/CMakeCache.txt ]]; then now=$(sed -n 's/^MINNOW_OPS:[A-Z]*=//p' "$folder/CMakeCache.txt"); fi
  if [[ $ops != "${now:-all}" ]]; then options=("-DMINNOW_OPS=$ops"); fi
  build_preset "wasm-$1" "wasm-$1" "${options[@]}"
}

build_native() { build_preset release native; }
build_asan() { build_preset asan-ubsan asan; }
build_fuzz() { build_preset fuzz fuzz; }

build_wasm() {
  build_variant scalar
  build_variant simd128
  build_variant simd128-threads
  if [[ $MINNOW_RELAXED == ON ]]; then
    build_variant relaxed
    build_variant relaxed-threads
  else
    note "SKIPPED: the relaxed SIMD variant; this machine's emcc is too old (see tools/setup.sh)"
  fi
}

build_js() {
  npm run --silent build --prefix wasm_glue
  node tools/size.mjs --gate
}

build_demo() { npm run --silent build --prefix web_demo; }

build_cordova() { npm run --silent build --prefix cordova_plugin; }

parts=("$@")
((${#parts[@]} > 0)) || parts=(native wasm js demo cordova)
steps ${#parts[@]}
for part in "${parts[@]}"; do
  declare -F "build_$part" >/dev/null || fail "there is no part '$part'" "Parts: native wasm js demo cordova asan fuzz"
  step "Build: $part"
  "build_$part"
done

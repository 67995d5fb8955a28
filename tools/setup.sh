#!/usr/bin/env bash
# Sets up everything Minnow is built, tested and shown with, on a Debian machine that has Node and npm.
# Safe to run any number of times: with everything in place it only checks, in well under a second.
# usage: tools/setup.sh [--force]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
source tools/console.sh

toolchain=$root/.toolchain
stamp=$toolchain/setup.stamp
log=$toolchain/setup.log
# `npm test` puts node_modules/.bin first, where a Node of our own lies that npm ci is about to replace.
outer_path=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v -e '/node_modules/' -e "^$toolchain" | paste -sd:)

package_names() {
  sed 's/#.*//' tools/debian_packages.txt | sed -n "$1" | tr -d ' \t' | grep .
}
base_packages() { package_names '/:/!p'; }
wasm_packages() { package_names 's/^wasm://p'; }

have_dpkg() { command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; }

# Prints those of its arguments that are not installed.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
  printf '%s\n' "$@" | grep -vxF -f <(printf '%s\n' "$installed") || true
}

npm_inputs=(.npmrc package.json package-lock.json wasm_glue/package.json)
npm_stamp=node_modules/.minnow_setup_stamp
# Folders of tests that have npm packages of their own.
shopt -s nullglob
test_packages=(tests/*/package-lock.json)
shopt -u nullglob
test_packages=("${test_packages[@]%/package-lock.json}")
hash_of() { { cat "$@" 2>/dev/null || true; } | sha256sum | cut -c 1-64; }
inputs_hash() {
  hash_of tools/setup.sh tools/npm_in.sh tools/console.sh tools/debian_packages.txt tools/emscripten/* tools/wasm_*.cmake
}

node_modules_work() {
  [[ -f $npm_stamp && $(<"$npm_stamp") == "$(hash_of "${npm_inputs[@]}")" ]] &&
    [[ -e node_modules/.bin/esbuild && -e node_modules/.bin/tsc && -e node_modules/sirv ]]
}

test_packages_hash() { hash_of .npmrc "$1/package.json" "$1/package-lock.json"; }

# Prints those folders of tests whose packages are not those of their lock file.
outdated_test_packages() {
  local folder
  for folder in "${test_packages[@]}"; do
    [[ -f $folder/$npm_stamp && $(<"$folder/$npm_stamp") == "$(test_packages_hash "$folder")" ]] || echo "$folder"
  done
}

emcc_is_there() {
  [[ -f $toolchain/env.sh && -f $toolchain/emscripten.cmake ]] &&
    (source "$toolchain/env.sh" && [[ -x $MINNOW_EMCC ]])
}

needed_packages() {
  base_packages
  # Our own emscripten is in use, or is about to be.
  if ! emcc_is_there || [[ $(sed -n 's/.*MINNOW_EMCC="\(.*\)"/\1/p' "$toolchain/env.sh") == "$toolchain"/* ]]; then
    wasm_packages
  fi
}

everything_is_there() {
  [[ -f $stamp && $(<"$stamp") == "$(inputs_hash)" ]] && node_modules_work && emcc_is_there &&
    [[ -z $(outdated_test_packages) ]] && { ! have_dpkg || [[ -z $(missing_packages $(needed_packages)) ]]; }
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "root rights are needed for: $*"
    return 1
  fi
}

# apt-get update has no way to wait for another apt, so it is tried again.
refresh_package_lists() {
  local attempt
  for attempt in 1 2 3 4 5; do
    as_root apt-get update && return 0
    sleep $((attempt * 5))
  done
  return 1
}

install_debian() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install \
    -y --no-install-recommends "$@"
}

install_missing_packages() {
  local wanted missing
  wanted=$(base_packages)
  new_emcc_on_path || wanted+=" $(wasm_packages)"
  if ! have_dpkg; then
    note "this is not a Debian machine: have these, or what matches them, installed yourself:"
    note "$(echo $wanted)"
    return 0
  fi
  missing=$(missing_packages $wanted)
  if [[ -z $missing ]]; then
    note "all $(echo "$wanted" | wc -w) are installed"
    return 0
  fi
  note "installing: $(echo $missing)"
  logged "$log" refresh_package_lists ||
    fail "the package lists could not be fetched" "Check the network and the apt configuration, then run this again."
  # The wasm packages are not in every release; without them an old emcc is used, with a message.
  local optional required=() name
  optional=$(wasm_packages)
  for name in $missing; do
    if grep -qxF "$name" <<<"$optional" && ! apt-cache show "$name" >/dev/null 2>&1; then
      note "$name is not in this release"
    else
      required+=("$name")
    fi
  done
  ((${#required[@]} == 0)) || logged "$log" install_debian "${required[@]}" ||
    fail "packages could not be installed" "Run as root or with sudo:  apt-get install ${required[*]}"
}

# Our own Node 22 is a package of its platform; elsewhere the tests need the machine's Node to be as new.
install_node_modules() {
  PATH=$outer_path npm ci --loglevel=error && hash_of "${npm_inputs[@]}" >"$npm_stamp"
}

install_test_packages() {
  PATH=$outer_path bash tools/npm_in.sh "$1" ci --loglevel=error && test_packages_hash "$1" >"$1/$npm_stamp"
}

install_npm_packages() {
  local folder outdated
  if node_modules_work; then
    note "already there"
  else
    logged "$log" install_node_modules || fail "npm ci failed" \
      "Check the network and run this again; after a change to a package.json run  npm install  first."
  fi
  outdated=$(outdated_test_packages)
  for folder in $outdated; do
    note "those of $folder"
    logged "$log" install_test_packages "$folder" || fail "npm ci failed in $folder" \
      "Check the network and run this again; after a change to its package.json run  tools/npm_in.sh $folder install  first."
  done
}

check_machine() {
  command -v node >/dev/null && command -v npm >/dev/null ||
    fail "Node.js and npm are needed" "Install Node 20 or newer, then run this again."
  local major
  major=$(PATH=$outer_path node -p 'process.versions.node.split(".")[0]')
  ((major >= 20)) || fail "Node $major is too old" "Install Node 20 or newer, then run this again."
}

# A compiler that passes the self-test stays, unless the recipe changed.
keep_or_choose_emcc() {
  local recipe
  recipe=$(hash_of tools/emscripten/* tools/wasm_*.cmake)
  if emcc_is_there && [[ -f $toolchain/emcc.stamp && $(<"$toolchain/emcc.stamp") == "$recipe" ]] && kept_emcc_passes; then
    note "already there"
  else
    rm -f "$toolchain/emcc.stamp"
    choose_emcc
    echo "$recipe" >"$toolchain/emcc.stamp"
  fi
  grep 'dot product' "$log" | tail -n 3 | while read -r line; do note "$line"; done
}

kept_emcc_passes() {
  if grep -q MINNOW_RELAXED=ON "$toolchain/env.sh"; then
    emcc_passes scalar simd128 relaxed
  else
    emcc_passes scalar simd128
  fi
}

if [[ ${1:-} != --force ]] && everything_is_there; then
  exit 0
fi

mkdir -p "$toolchain"
exec 9>"$toolchain/setup.lock"
flock -n 9 || { note "waiting for another set-up to end"; flock 9; }
if [[ ${1:-} == --force ]]; then rm -rf "$toolchain/emcc.stamp" "$toolchain/emscripten"; elif everything_is_there; then exit 0; fi
: >"$log"
source tools/emscripten/choose_emcc.sh

steps 5
step "Machine"
check_machine
step "Debian packages"
install_missing_packages
step "npm packages"
install_npm_packages
step "wasm compiler and its self-test"
keep_or_choose_emcc
inputs_hash >"$stamp"
step "Set-up complete"

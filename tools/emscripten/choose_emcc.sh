# Finds or fetches a wasm compiler; sourced by setup.sh. A candidate is taken when the self-test passes.
#
# Relaxed SIMD needs LLVM 19, which no package of Debian 12 brings with emscripten. So the compiler comes
# from the release's own clang-22, and emscripten itself (Python and C sources, the same on every machine)
# from the sid suite, unpacked here and never installed. apt fetches it from the mirror this machine is
# configured for, and checks signature and hash as always.

oldest_llvm_with_relaxed_simd=19
emscripten_dir=$toolchain/emscripten
emscripten_tools=$toolchain/emscripten_tools
llvm_dir=/usr/lib/llvm-22/bin

# The emcc on PATH, ignoring our own.
emcc_on_path() {
  local found
  found=$(command -v emcc) || return 1
  case $found in "$toolchain"/*) return 1 ;; esac
  printf '%s\n' "$found"
}

llvm_of_emcc() {
  "$1" -v 2>&1 | sed -n 's/.*clang version \([0-9]*\).*/\1/p' | head -n 1
}

# True if the emcc on PATH can compile relaxed SIMD.
new_emcc_on_path() {
  local emcc llvm
  emcc=$(emcc_on_path) || return 1
  llvm=$(llvm_of_emcc "$emcc")
  [[ -n $llvm ]] && ((llvm >= oldest_llvm_with_relaxed_simd))
}

# Writes what build scripts and CMake read: env.sh and emscripten.cmake. Arguments: root, relaxed ON/OFF.
write_emcc_settings() {
  printf 'set(MINNOW_EMSCRIPTEN_ROOT "%s")\n' "$1" >"$toolchain/emscripten.cmake"
  cat >"$toolchain/env.sh" <<EOF
# Written by tools/setup.sh.
export MINNOW_RELAXED=$2
export MINNOW_EMCC="$1/emcc"
export PATH="$1:\$PATH"
EOF
}

# apt with its own lists and one source, so that the machine's configuration stays untouched. Mirrors that
# hold an older state of the suite are welcome: the signature counts, not its age.
private_apt() {
  local dir=$1
  shift
  apt-get -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=- \
    -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir" -o APT::Sandbox::User=root \
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false "$@"
}

# The mirror of the machine's own release and the keyring it trusts, as "URI KEYRING".
debian_mirror() {
  apt-get indextargets --format '$(COMPONENT)|$(RELEASE)|$(REPO_URI)|$(SIGNED_BY)' \
    'Created-By: Packages' | awk -F'|' '$1 == "main" && $2 !~ /-/ { print $3, $4; exit }'
}

fetch_sid_emscripten() {
  local dir=$toolchain/apt uri keyring
  read -r uri keyring <<<"$(debian_mirror)"
  [[ -n $uri ]] || { echo "no Debian mirror in the apt configuration"; return 1; }
  [[ $keyring == /* ]] || keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  rm -rf "$dir" "$emscripten_dir"
  mkdir -p "$dir/lists/partial" "$dir/archives/partial" "$dir/unpacked"
  echo "deb [signed-by=$keyring] $uri sid main" >"$dir/sources.list"
  private_apt "$dir" update && (cd "$dir" && private_apt "$dir" download emscripten) || return 1
  dpkg -x "$dir"/emscripten_*.deb "$dir/unpacked" || return 1
  mv "$dir/unpacked/usr/share/emscripten" "$emscripten_dir"
  rm -rf "$dir"
}

install_emscripten_tools() {
  mkdir -p "$emscripten_tools"
  cp "$root"/tools/emscripten/package{,-lock}.json "$root/.npmrc" "$emscripten_tools/"
  (cd "$emscripten_tools" && PATH=$outer_path npm ci --ignore-scripts --loglevel=error)
}

configure_sid_emscripten() {
  ln -sfn "$emscripten_tools/node_modules" "$emscripten_dir/node_modules"
  cat >"$emscripten_dir/.emscripten" <<EOF
LLVM_ROOT = '$llvm_dir'
BINARYEN_ROOT = '$emscripten_tools/node_modules/binaryen'
NODE_JS = '$(PATH=$outer_path command -v node)'
CACHE = '$toolchain/emscripten_cache'
EOF
}

# True if the settings just written name a compiler that passes the self-test with these variants.
emcc_passes() {
  logged "$log" bash "$root/tools/emscripten/selftest.sh" "$@"
}

use_new_emcc_on_path() {
  local emcc
  new_emcc_on_path || return 1
  emcc=$(emcc_on_path)
  note "emcc on PATH: $emcc"
  write_emcc_settings "$(dirname "$(readlink -f "$emcc")")" ON
  emcc_passes scalar simd128 relaxed
}

use_sid_emcc() {
  [[ -x $llvm_dir/clang ]] || { note "clang-22 is not installed"; return 1; }
  note "emscripten from Debian's sid suite, unpacked into .toolchain/"
  if [[ ! -f $emscripten_dir/.emscripten || ! -d $emscripten_tools/node_modules/binaryen ]]; then
    logged "$log" fetch_sid_emscripten || return 1
    logged "$log" install_emscripten_tools || return 1
  fi
  configure_sid_emscripten
  write_emcc_settings "$emscripten_dir" ON
  note "self-test (the first run also compiles the C library)"
  emcc_passes scalar simd128 relaxed
}

use_old_emcc() {
  local emcc
  emcc_on_path >/dev/null || logged "$log" install_debian emscripten || return 1
  emcc=$(emcc_on_path) || return 1
  note "only an old emcc is to be had ($emcc, LLVM $(llvm_of_emcc "$emcc")):"
  note "the relaxed SIMD variant is SKIPPED, everything else is built and tested."
  note "For all variants put emscripten with LLVM $oldest_llvm_with_relaxed_simd or newer on PATH and run  tools/setup.sh --force."
  write_emcc_settings "$(dirname "$(readlink -f "$emcc")")" OFF
  emcc_passes scalar simd128
}

choose_emcc() {
  use_new_emcc_on_path || use_sid_emcc || use_old_emcc ||
    fail "no working wasm compiler could be set up" \
      "Put emscripten with LLVM $oldest_llvm_with_relaxed_simd or newer on PATH and run  tools/setup.sh --force; log: $log"
}

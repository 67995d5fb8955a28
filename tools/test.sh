#!/usr/bin/env bash
# Sets the machine up, builds and runs the tests, quick ones first. usage: tools/test.sh [STAGE...]
# Stages: lint native asan js tidy e2e. Ends with a line "N passed, N failed, N skipped".
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
source tools/console.sh
bash tools/setup.sh
source .toolchain/env.sh
export PATH="$root/node_modules/.bin:$PATH"

results=$root/build/test_results
mkdir -p "$results"
passed=0
failed=0
skipped=0
failures=()

# One check that either holds or does not.
check() {
  local name=$1
  shift
  if "$@"; then
    note "ok: $name"
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    failures+=("$name")
  fi
}

# ctest_in FOLDER [CTEST OPTION...]
ctest_in() {
  local folder=$1 report=$results/$1.xml status=0 head tests bad off
  shift
  rm -f "$report"
  ctest --test-dir "build/$folder" --output-on-failure --no-tests=error -j 2 --output-junit "$report" "$@" || status=$?
  [[ -s $report ]] || { count "ctest in build/$folder" 0 1 0 1; return; }
  head=$(grep -A12 -m1 '<testsuite' "$report" | tr '\n' ' ')
  tests=$(sed 's/.*tests="\([0-9]*\)".*/\1/' <<<"$head")
  bad=$(sed 's/.*failures="\([0-9]*\)".*/\1/' <<<"$head")
  off=$(sed 's/.*skipped="\([0-9]*\)".*/\1/' <<<"$head")
  count "ctest in build/$folder" $((tests - bad - off)) "$bad" "$off" "$status"
}

# node_tests NAME FILE...
node_tests() {
  local status=0
  run_node_tests "$@" || status=$?
  count_node_tests "$1" "$status"
}

# run_node_tests NAME FILE...: as nice as $niceness says
run_node_tests() {
  local name=$1
  shift
  rm -f "$results/$name.counts"
  (($# > 0)) || { echo "there are no test files for '$name'"; return 1; }
  nice -n "${niceness:-0}" node tools/run_node_tests.mjs "$results/$name.counts" "$@"
}

# count_node_tests NAME STATUS: of a run that has ended
count_node_tests() {
  local report=$results/$1.counts good=0 bad=0 off=0
  [[ ! -s $report ]] || read -r good bad off <"$report"
  count "node tests: $1" "$good" "$bad" "$off" "$2"
}

# count NAME PASSED FAILED SKIPPED STATUS: a runner that fails without a failing test counts as one.
count() {
  local bad=$3
  if (($5 != 0 && bad == 0)); then bad=1; fi
  passed=$((passed + $2))
  failed=$((failed + bad))
  skipped=$((skipped + $4))
  if ((bad > 0)); then failures+=("$1"); fi
}

c_files() { git ls-files --cached --others --exclude-standard '*.c' '*.h' | while read -r f; do [[ ! -e $f ]] || echo "$f"; done; }
test_files() { find "$@" -name '*_test.js' -not -path '*/node_modules/*' | sort; }

stage_lint() {
  check "layout" node tools/lint_layout.mjs
  check "C formatting (tools/format.sh repairs it)" clang-format --dry-run --Werror $(c_files)
}

stage_native() {
  # Some native tests run the wasm modules under Node.
  bash tools/build.sh native wasm || { count "native and wasm build" 0 1 0 1; return; }
  ctest_in native
}

stage_asan() {
  bash tools/build.sh asan || { count "sanitizer build" 0 1 0 1; return; }
  ctest_in asan --exclude-regex '^kernels-wasm-'  # the same wasm modules as before
}

stage_js() {
  bash tools/build.sh wasm js demo cordova || { count "wasm and JavaScript build" 0 1 0 1; return; }
  check "JavaScript types" npm run --silent types  # the demo sees the package's built declarations
  node_tests js $(test_files tests wasm_glue web_demo | grep -v -e '^tests/e2e/' -e '^tests/parity/' -e '^tests/reference/' -e '^tests/hybrid/' -e '^tests/bundlers/')
}

stage_tidy() {
  bash tools/build.sh native || { count "native build" 0 1 0 1; return; }
  check "clang-tidy" bash tools/tidy.sh
}

stage_e2e() {
  bash tools/build.sh native wasm js demo cordova || { count "build for the end-to-end tests" 0 1 0 1; return; }
  # Browsers wait more than they work. Beside them runs, with what they leave, whatever measures no time.
  local parity status=0
  niceness=19 run_node_tests parity $(test_files tests/parity tests/reference) >"$results/parity.txt" 2>&1 &
  parity=$!
  node_tests e2e $(test_files tests/e2e tests/bundlers tests/hybrid)
  wait "$parity" || status=$?
  cat "$results/parity.txt"
  count_node_tests parity "$status"
}

stages=("$@")
((${#stages[@]} > 0)) || stages=(lint native asan js tidy e2e)
for stage in "${stages[@]}"; do
  declare -F "stage_$stage" >/dev/null || fail "there is no stage '$stage'" "Stages: lint native asan js tidy e2e"
  printf '\n== %s (%ds)\n' "$stage" "$SECONDS"
  "stage_$stage"
done

echo
for failure in "${failures[@]}"; do echo "FAILED: $failure"; done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))

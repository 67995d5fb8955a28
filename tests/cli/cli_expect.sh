# Shared by the tests of the command line; to be sourced with the tool's path and the repository's root.
set -u
minnow=$1
data=${MINNOW_DATA:-$2/../shared/data}
failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  printf 'FAILED: %s\n' "$1"
  sed 's/^/    /' "$work/out" "$work/err" 2>/dev/null | head -n 20
  failures=$((failures + 1))
}

# expect STATUS TEXT ARGUMENTS...: runs minnow; its status must be STATUS, its output (stdout or stderr) hold TEXT.
expect() {
  local status=$1 text=$2 got
  shift 2
  "$minnow" "$@" >"$work/out" 2>"$work/err"
  got=$?
  if ((got != status)); then
    fail "minnow $*: status $got instead of $status"
  elif ! cat "$work/out" "$work/err" | grep -qF -- "$text"; then
    fail "minnow $*: output lacks \"$text\""
  fi
}

# check DESCRIPTION COMMAND...: the command must succeed.
check() {
  local description=$1
  shift
  "$@" >"$work/check" 2>&1 || fail "$description: $* $(head -c 300 "$work/check")"
}

finish() {
  ((failures == 0)) && echo "all as expected"
  exit $((failures > 0))
}

# JSON by path, as jq would: json FILE .top[0].index
json() {
  python3 -c '
import json, re, sys
value = json.load(open(sys.argv[1]))
for part in re.findall(r"[^.\[\]]+", sys.argv[2]):
    value = value[int(part)] if isinstance(value, list) else value[part]
print(value)' "$@"
}

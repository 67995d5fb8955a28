# Progress and error output shared by the scripts in this folder; to be sourced.

started_at=$SECONDS
step_now=0
step_count=0

# steps COUNT: how many numbered steps follow.
steps() {
  step_count=$1
  step_now=0
}

# step TEXT: opens the next numbered step.
step() {
  step_now=$((step_now + 1))
  printf '[%d/%d] %s (%ds)\n' "$step_now" "$step_count" "$*" "$((SECONDS - started_at))"
}

note() {
  printf '      %s\n' "$*"
}

# fail WHAT REMEDY...: ends the script.
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  for remedy in "$@"; do printf '       %s\n' "$remedy" >&2; done
  exit 1
}

# logged LOG COMMAND...: runs a command with its output in LOG; a line every 20 s shows that it lives,
# and on failure the end of the log is shown.
logged() {
  local log=$1 pid since=$SECONDS shown=$SECONDS code=0 from
  shift
  from=$(($(stat -c %s "$log" 2>/dev/null || echo 0) + 1))
  "$@" >>"$log" 2>&1 </dev/null 9>&- &  # 9: a lock of the set-up, not for daemons to inherit
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - shown >= 20)); then
      shown=$SECONDS
      note "... $((SECONDS - since)) s: $(tail -c "+$from" "$log" | tail -n 1 | tr -d '\r' | cut -c 1-70)"
    fi
  done
  wait "$pid" || code=$?
  trap - INT TERM
  if ((code != 0)); then
    tail -c "+$from" "$log" | tail -n 25 | grep -v "^npm error$" >&2
    printf 'error: "%s" failed (status %d); whole log: %s\n' "$*" "$code" "$log" >&2
  fi
  return "$code"
}

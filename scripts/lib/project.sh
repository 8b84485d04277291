# Sourced by every script here: where the project is, where its cache is, how to talk to the user, and how two runs
# of the same script keep out of each other's way. Needs bash and coreutils only.

PROJECT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)

say() { printf '%s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# The cache lives inside the project, unless the project belongs to somebody else: then in the user's own cache.
cache_directory() {
  local directory=${ORCHESTRATOR_CACHE:-}
  if [ -z "$directory" ]; then
    directory=$PROJECT/.cache
    if ! mkdir -p "$directory" 2>/dev/null || [ ! -w "$directory" ]; then
      directory=${XDG_CACHE_HOME:-${HOME:?set HOME or ORCHESTRATOR_CACHE}/.cache}/orchestrator
    fi
  fi
  mkdir -p "$directory" || die "cannot create the cache folder $directory (set ORCHESTRATOR_CACHE to one that can be written)"
  (cd "$directory" && pwd)
}

# with_lock LOCK COMMAND...: one holder at a time. A lock whose holder is dead is taken away by a rename, which only
# one of several waiters can win, so that a killed run never blocks the next one.
with_lock() {
  local lock=$1 holder waited=
  shift
  mkdir -p "$(dirname "$lock")"
  until mkdir "$lock" 2>/dev/null; do
    holder=$(cat "$lock/pid" 2>/dev/null || true)
    if [ -z "$holder" ]; then
      # Between the holder's mkdir and its pid there is a moment; a folder that stays empty for long has no holder.
      sleep 0.2
      [ -s "$lock/pid" ] || [ ! -d "$lock" ] || { [ $(($(date +%s) - $(stat -c %Y "$lock" 2>/dev/null || date +%s))) -gt 10 ] && break_lock "$lock" ''; } || true
    elif [ ! -d "/proc/$holder" ]; then
      break_lock "$lock" "$holder"
    else
      [ -n "$waited" ] || say "waiting for another run (pid $holder), which holds $lock"
      waited=1
      sleep 0.3
    fi
  done
  echo "$BASHPID" >"$lock/pid"
  # In a subshell, so that a failure inside cannot leave without giving the lock back; not after `||`, where bash would
  # switch off `set -e` for all that is called.
  local status
  set +e
  (
    set -e
    "$@"
  )
  status=$?
  set -e
  rm -rf "$lock"
  return $status
}

# break_lock LOCK HOLDER: what was moved away may be the lock of somebody who broke it first, and has it now: it is put back.
break_lock() {
  local stale="$1.stale.$BASHPID"
  mv -T "$1" "$stale" 2>/dev/null || return 0
  if [ "$(cat "$stale/pid" 2>/dev/null || true)" != "$2" ] && mv -nT "$stale" "$1" 2>/dev/null && [ ! -d "$stale" ]; then return 0; fi
  rm -rf "$stale"
}

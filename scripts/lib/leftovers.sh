# Sourced by scripts/test: tests leave nothing behind. They are given a folder for temporary files, by which whatever they started
# is known as well: a process keeps the environment that it began with. Needs bash, coreutils and grep only.

# Whatever was told to end needs a moment for it, and a busy machine many; where all is clean nobody waits.
LEFTOVER_SECONDS=60

# leftovers FOLDER: a line for each file there and each process that was given that folder; none when all is clean.
leftovers() {
  local file pid
  for file in "$1"/* "$1"/.[!.]*; do
    if [ -e "$file" ] || [ -L "$file" ]; then printf 'file %s\n' "$file"; fi
  done
  for pid in $(grep -lzsx "TMPDIR=$1" /proc/[0-9]*/environ | cut -d / -f 3); do
    [ ! -r "/proc/$pid/cmdline" ] || printf 'process %s: %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
  done
}

# no_leftovers FOLDER: false, and a list, when something is still there after a minute. The files are removed; the processes
# are not ended, for whoever looks for the reason.
no_leftovers() {
  local left waited
  for ((waited = 0; waited <= LEFTOVER_SECONDS; waited++)); do
    left=$(leftovers "$1")
    [ -n "$left" ] || return 0
    sleep 1
  done
  say "  left behind: $(printf '%s\n' "$left" | wc -l)"
  printf '%s\n' "$left" | head -n 20 >&2
  rm -rf "${1:?}"/* "$1"/.[!.]*
  return 1
}

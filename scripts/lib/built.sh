# Sourced by what runs the product: makes sure that the npm packages are there and that dist/ is what src/ says.

NODE_MINIMUM=20.19

check_node() {
  command -v node >/dev/null || die "Node $NODE_MINIMUM or later is needed, and there is no \`node\` in the PATH"
  node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    const [wantMajor, wantMinor] = process.argv[1].split(".").map(Number);
    process.exit(major > wantMajor || (major === wantMajor && minor >= wantMinor) ? 0 : 1);
  ' "$NODE_MINIMUM" || die "Node $NODE_MINIMUM or later is needed; this is $(node --version) ($(command -v node))"
}

# npm writes its own lock file into node_modules when it is done: older than ours means not installed, or not this.
packages_installed() { [ "$PROJECT/node_modules/.package-lock.json" -nt "$PROJECT/package-lock.json" ]; }

install_packages() {
  packages_installed && return
  check_node
  # npm ci empties the folder first: through a link it would be that of another working copy, which may be running.
  [ ! -L "$PROJECT/node_modules" ] || die "node_modules is a link to another copy whose packages are not these: remove the link, or run npm ci there"
  say "installing npm packages (about 40 s when none is cached)"
  (cd "$PROJECT" && npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2) || die "npm ci failed: is the npm registry reachable? (npm config get registry)"
  touch "$PROJECT/node_modules/.package-lock.json"
}

# digest_of PATH...: one digest of all the files that are there under these paths of the project.
digest_of() {
  local present=() path
  for path in "$@"; do
    [ ! -e "$PROJECT/$path" ] || present+=("$path")
  done
  (cd "$PROJECT" && find "${present[@]}" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-64)
}

# Everything that dist/ is made from.
sources_digest() {
  digest_of src tools proto package-lock.json tsconfig.base.json tsconfig.build.json tsconfig.tools.json vite.config.ts
}

# Without sources, as in a container image, dist/ is all there is.
dist_fresh() {
  [ -e "$PROJECT/dist/app/main.js" ] || return 1
  [ -d "$PROJECT/src" ] || return 0
  [ "$(cat "$PROJECT/dist/.digest" 2>/dev/null)" = "$(sources_digest)" ]
}

# ORCHESTRATOR_BUILT says that whoever started this has built: a run must not be rebuilt under its own feet because
# somebody saved a file meanwhile.
ensure_built() { [ -n "${ORCHESTRATOR_BUILT:-}" ] || dist_fresh || "$PROJECT/scripts/build"; }

# What a node runs with: room in the pool of threads, so that a burst of file or name look-ups cannot delay the sync of
# the Raft log; and memory that neither climbs nor jumps under many writes:
#   - one memory arena fewer per thread, and large blocks (snapshots) given back to the system as soon as they are free,
#     which glibc stops doing after the first of them unless the size is set;
#   - V8 collects when a heap has grown by 30 %, the least that it would choose by itself, and not by up to 300 %;
#   - two half spaces of 8 MiB for the young objects of each thread, not of 16: they are filled whole all the time.
run_product() {
  export UV_THREADPOOL_SIZE=${UV_THREADPOOL_SIZE:-16} MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}
  export MALLOC_MMAP_THRESHOLD_=${MALLOC_MMAP_THRESHOLD_:-1048576}
  exec node --max-semi-space-size=8 --heap-growing-percent=30 "$PROJECT/dist/app/$1.js" "${@:2}"
}

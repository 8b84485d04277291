# Sourced by scripts/fetch: Debian packages unpacked into a folder, without installing anything and without being root.
#
# A private apt does the work, with its own state, cache and list of sources, so that the machine's packages are never
# touched; it checks the archive's signature with the machine's Debian keyring and each package's SHA-256 with the
# signed index. Everything that was unpacked runs with its own loader and libraries, whatever Debian release this is.

# The archive that this machine is set up for, one candidate a line.
debian_mirrors() {
  if [ -n "${DEBIAN_MIRROR:-}" ]; then
    echo "$DEBIAN_MIRROR"
    return
  fi
  local known site codename file word
  known=$(apt-get indextargets --format '$(SITE) $(CODENAME)' 2>/dev/null || true)
  {
    while read -r site codename; do
      case $codename in '' | *-*) ;; *) echo "$site" ;; esac
    done <<<"$known"
    # Before the first `apt-get update` apt may know no code names: the files say where it would look.
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
      [ -r "$file" ] || continue
      while read -r -a words; do
        case ${words[0]:-} in deb | URIs: | uris:) ;; *) continue ;; esac
        for word in "${words[@]:1}"; do
          case $word in *security*) ;; *://*) echo "$word" ;; esac
        done
      done <"$file"
    done
  } | distinct
}

# Distinct lines in the order of their first appearance.
distinct() {
  local line seen=$'\n'
  while read -r line; do
    line=${line%/}
    case $seen in *$'\n'"$line"$'\n'*) continue ;; esac
    seen+=$line$'\n'
    echo "$line"
  done
}

debian_keyring() {
  local keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
  [ -r "$keyring" ] || die "no Debian keyring at $keyring (apt-get install debian-archive-keyring, or set DEBIAN_KEYRING)"
  echo "$keyring"
}

# private_apt WORK: writes WORK/apt.conf. The machine's own Acquire settings (a proxy, for one) are kept.
private_apt() {
  local work=$1
  mkdir -p "$work"/state/lists/partial "$work"/cache/archives/partial "$work"/none
  apt-config dump 2>/dev/null | grep '^Acquire::' >"$work/apt.conf" || true
  cat >>"$work/apt.conf" <<END
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "$work/none";
Dir::Etc::parts "$work/none";
Dir::Etc::main "$work/none/apt.conf";
Dir::Etc::preferences "$work/none/preferences";
Dir::Etc::preferencesparts "$work/none";
Dir::Log "$work/none";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::Retries "3";
Debug::NoLocking "1";
END
}

# pretend_installed WORK NAME...: packages that nothing of ours loads, so that apt does not bring them.
pretend_installed() {
  local work=$1 name
  shift
  for name in "$@"; do
    printf 'Package: %s\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: %s\nVersion: 99:99\nMaintainer: nobody\nDescription: not needed\n\n' \
      "$name" "$([ "$name" = perl ] && echo allowed || echo foreign)" >>"$work/status"
  done
}

# fetch_debian WORK SUITE TREE "PRETENDED..." PACKAGE...: unpacks the packages and what they depend on into TREE.
fetch_debian() {
  local work=$1 suite=$2 tree=$3 pretended=$4 mirror keyring updated= package
  shift 4
  [ "$(dpkg --print-architecture)" = amd64 ] || die "the servers can be fetched for amd64 only; set MYSQLD=/path/to/mysqld"
  keyring=$(debian_keyring)
  mkdir -p "$work" "$tree"
  private_apt "$work"
  : >"$work/status"
  # shellcheck disable=SC2086
  pretend_installed "$work" $pretended
  while read -r mirror; do
    # Mirrors keep `sid` a little longer than its Release says: the signature is checked, the age is not.
    echo "deb [signed-by=$keyring check-valid-until=no] $mirror $suite main" >"$work/sources.list"
    say "  reading the package index of Debian $suite"
    if APT_CONFIG=$work/apt.conf apt-get -qq update >"$work/apt.log" 2>&1 && ! grep -q '^[EW]: .*\(Failed\|NO_PUBKEY\|not signed\)' "$work/apt.log"; then
      updated=1
      break
    fi
  done < <(debian_mirrors)
  [ -n "$updated" ] || die "no package index of Debian $suite from the archive this machine uses: $(tail -n 3 "$work/apt.log" 2>/dev/null || echo 'no archive is set up (set DEBIAN_MIRROR)')"
  say "  downloading $*"
  APT_CONFIG=$work/apt.conf apt-get -qq -y --download-only install "$@" >"$work/apt.log" 2>&1 ||
    die "cannot get the packages $* of Debian $suite: $(tail -n 5 "$work/apt.log")"
  say "  unpacking $(du -ch "$work"/cache/archives/*.deb | tail -n 1 | cut -f 1)"
  for package in "$work"/cache/archives/*.deb; do
    dpkg-deb -x "$package" "$tree" || die "cannot unpack $(basename "$package")"
  done
  (cd "$work/cache/archives" && sha256sum ./*.deb) >"$tree/packages.sha256"
  rm -rf "$tree"/usr/share/{doc,man,locale,lintian,bug,info}
}

# run_in_tree TREE NAME PROGRAM: TREE/bin/NAME runs TREE/PROGRAM with the tree's own loader and libraries. It execs
# twice and never forks, so the pid that the caller gets is the program's own.
run_in_tree() {
  local tree=$1 name=$2 program=$3
  mkdir -p "$tree/bin"
  cat >"$tree/bin/$name" <<END
#!/bin/sh
tree=\$(cd "\$(dirname "\$(readlink -f "\$0")")/.." && pwd)
libraries=\$tree/usr/lib/x86_64-linux-gnu:\$tree/lib/x86_64-linux-gnu
for loader in "\$tree/usr/lib64" "\$tree/lib64" "\$tree/usr/lib/x86_64-linux-gnu" "\$tree/lib/x86_64-linux-gnu"; do
  [ -e "\$loader/ld-linux-x86-64.so.2" ] && break
done
exec "\$loader/ld-linux-x86-64.so.2" --library-path "\$libraries" --argv0 "\$tree/$program" "\$tree/$program" "\$@"
END
  chmod +x "$tree/bin/$name"
}

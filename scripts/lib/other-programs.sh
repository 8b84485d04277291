# Sourced by scripts/fetch: the programs that are not MySQL.

program_haproxy() { echo "$1/bin/haproxy"; }
install_haproxy() {
  fetch_debian "$2" bookworm "$1" 'perl perl-base adduser init-system-helpers lsb-base sysvinit-utils' haproxy
  run_in_tree "$1" haproxy usr/sbin/haproxy
}
verify_haproxy() {
  printf 'defaults\n mode tcp\n timeout connect 1s\n timeout client 1s\n timeout server 1s\nlisten one\n bind 127.0.0.1:1\n server a 127.0.0.1:2\n' >"$2/haproxy.cfg"
  "$1/bin/haproxy" -c -f "$2/haproxy.cfg"
}

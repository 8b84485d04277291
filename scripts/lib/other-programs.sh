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

program_wrk() { echo "$1/bin/wrk"; }
install_wrk() {
  fetch_debian "$2" bookworm "$1" 'perl perl-base debconf openssl' wrk
  run_in_tree "$1" wrk usr/bin/wrk
}
# Nobody listens at port 1: that it says so is all that is asked.
verify_wrk() { { "$1/bin/wrk" -t1 -c1 -d1s http://127.0.0.1:1/ 2>&1 || true; } | grep -q 'unable to connect'; }

program_chromium() { echo "$1/bin/chromium"; }
install_chromium() {
  # The shell without windows needs neither the toolkit nor the graphics drivers of the browser. Chromium starts itself
  # again by /proc/self/exe, which would be the loader if the tree brought its own: so it runs on the C library of the
  # machine, which must be as new as Debian bookworm's.
  fetch_debian "$2" bookworm "$1" \
    'perl perl-base libc6 libgcc-s1 libstdc++6 debconf dpkg passwd adduser systemd xdg-utils x11-utils libpam0g libjson-perl' \
    chromium-headless-shell fonts-dejavu-core
  mkdir -p "$1/bin" "$1/etc/fonts"
  cat >"$1/etc/fonts/only-ours.conf" <<'END'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">../../usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>system-ui</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
END
  cat >"$1/bin/chromium" <<'END'
#!/bin/sh
tree=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
libraries=$tree/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$libraries:$libraries/nss:$libraries/pulseaudio:$tree/lib/x86_64-linux-gnu FONTCONFIG_FILE=$tree/etc/fonts/only-ours.conf
exec "$tree/usr/lib/chromium/chromium-headless-shell" "$@"
END
  chmod +x "$1/bin/chromium"
}
verify_chromium() {
  HOME=$2 "$1/bin/chromium" --no-sandbox --disable-gpu --screenshot="$2/page.png" 'data:text/html,<p id="seen">ok</p>'
  [ -s "$2/page.png" ] || { echo 'it drew no page' && return 1; }
}

program_zookeeper() { echo "$1/bin/zookeeper"; }
install_zookeeper() {
  # Only what a server of its own loads: no init scripts, no servlets, no tests, no fonts.
  fetch_debian "$2" bookworm "$1" \
    'perl perl-base debconf dpkg passwd adduser init-system-helpers systemd sysvinit-utils lsb-base ca-certificates-java java-common libcups2 libasound2 libfontconfig1 libfreetype6 libharfbuzz0b libgraphite2-3 liblcms2-2 libjpeg62-turbo junit4 libguava-java libfindbugs-annotations-java libjetty9-java libjetty9-extra-java libxerces2-java' \
    libzookeeper-java openjdk-17-jre-headless
  mkdir -p "$1/bin"
  cat >"$1/bin/zookeeper" <<'END'
#!/bin/sh
tree=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
for name in zookeeper zookeeper-jute slf4j-api slf4j-simple netty-all netty-handler netty-common netty-buffer netty-transport netty-codec netty-resolver commons-io commons-cli metrics-core snappy-java; do
  jars=${jars:+$jars:}$tree/usr/share/java/$name.jar
done
exec "$tree/usr/lib/jvm/java-17-openjdk-amd64/bin/java" -Xmx128m -Dzookeeper.admin.enableServer=false \
  -cp "$jars" org.apache.zookeeper.server.ZooKeeperServerMain "$@"
END
  chmod +x "$1/bin/zookeeper"
}
# It is told of a folder that is none: that it says so is all that is asked.
verify_zookeeper() { { timeout 20 "$1/bin/zookeeper" 1 /dev/null/data 2>&1 || true; } | grep -qi 'unable to access datadir\|Unable to create data directory'; }

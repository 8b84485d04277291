-- The accounts that every server of a topology needs, MySQL 8.4 and 9.x. Each grant says what stops without it.
-- Every server makes them for itself and out of its binary log, where they would be transactions that no other server has.
SET SESSION sql_log_bin = 0;

CREATE USER IF NOT EXISTS 'repl'@'%' IDENTIFIED BY 'repl';
GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%';

CREATE USER IF NOT EXISTS 'orchestrator'@'%' IDENTIFIED BY 'orch_topology_password';
-- SHOW REPLICA STATUS, SHOW BINARY LOG STATUS
GRANT REPLICATION CLIENT ON *.* TO 'orchestrator'@'%';
-- SHOW REPLICAS, by which the replicas of a server are found
GRANT REPLICATION SLAVE ON *.* TO 'orchestrator'@'%';
-- the replication sessions in the processlist; who else is connected to a server that is being fenced
GRANT PROCESS ON *.* TO 'orchestrator'@'%';
-- the last heartbeat and the state of the appliers; the copy of the processlist that takes no lock
GRANT SELECT ON performance_schema.* TO 'orchestrator'@'%';
-- START and STOP REPLICA and CHANGE REPLICATION SOURCE TO
GRANT REPLICATION_SLAVE_ADMIN ON *.* TO 'orchestrator'@'%';
-- RESET REPLICA, by which a new primary forgets that it was a replica
GRANT RELOAD ON *.* TO 'orchestrator'@'%';
-- SET GLOBAL read_only, super_read_only, offline_mode and the switches of semi-sync
GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO 'orchestrator'@'%';
-- to get in when max_connections is reached or offline_mode is on; to end client sessions of a server that is fenced
GRANT CONNECTION_ADMIN ON *.* TO 'orchestrator'@'%';
-- the account that a replica replicates with, to point a returning primary at the new one
GRANT SELECT ON mysql.slave_master_info TO 'orchestrator'@'%';
-- PURGE BINARY LOGS, when an operator asks for it
GRANT BINLOG_ADMIN ON *.* TO 'orchestrator'@'%';
-- empty transactions that stand for errant ones with a tag, when an operator asks for it
GRANT TRANSACTION_GTID_TAG ON *.* TO 'orchestrator'@'%';

SET SESSION sql_log_bin = 1;

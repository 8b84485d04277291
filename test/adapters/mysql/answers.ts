/** Answers of servers as they come from the driver: rows of cells under named fields. */
import type { Cell, ResultSet } from '../../../src/adapters/mysql/connection/link.js';
import { type Row, rowsOf } from '../../../src/adapters/mysql/table.js';

export function answer(...records: readonly Readonly<Record<string, Cell>>[]): ResultSet {
  const names = Object.keys(records[0] ?? {});
  return {
    fields: names.map((name) => ({ name })),
    rows: records.map((record) => names.map((name) => record[name] ?? null)),
  };
}

export function rows(...records: readonly Readonly<Record<string, Cell>>[]): readonly Row[] {
  return rowsOf(answer(...records));
}

/** SHOW REPLICA STATUS of 9.7, what a probe reads of it. */
export const MODERN_STATUS = {
  Source_Host: '127.0.0.1',
  Source_User: 'repl',
  Source_Port: 21100,
  Source_Log_File: 'binlog.000001',
  Read_Source_Log_Pos: '2870',
  Relay_Log_File: 'relay.000002',
  Relay_Log_Pos: '3081',
  Relay_Source_Log_File: 'binlog.000001',
  Replica_IO_Running: 'Yes',
  Replica_SQL_Running: 'Yes',
  Replicate_Do_DB: '',
  Exec_Source_Log_Pos: '2860',
  Source_SSL_Allowed: 'Yes',
  Seconds_Behind_Source: '3',
  Last_IO_Errno: 0,
  Last_IO_Error: '',
  Last_SQL_Errno: 0,
  Last_SQL_Error: '',
  Source_UUID: '99ec6843-e6d6-11f1-892d-02fc00000001',
  SQL_Delay: 0,
  Retrieved_Gtid_Set: '99ec6843-e6d6-11f1-892d-02fc00000001:1-10,\n99ec6843-e6d6-11f1-892d-02fc00000002:1',
  Auto_Position: 1,
  Channel_Name: '',
} as const;

/** SHOW SLAVE STATUS of 5.7, and of MySQL up to 8.0.22. */
export const OLD_STATUS = {
  Master_Host: 'db-1',
  Master_User: 'repl',
  Master_Port: 3306,
  Master_Log_File: 'bin.000009',
  Read_Master_Log_Pos: '4',
  Relay_Log_File: 'relay.000002',
  Relay_Log_Pos: '320',
  Relay_Master_Log_File: 'bin.000008',
  Slave_IO_Running: 'Connecting',
  Slave_SQL_Running: 'No',
  Replicate_Do_DB: '',
  Replicate_Wild_Ignore_Table: 'mysql.%',
  Exec_Master_Log_Pos: '77',
  Master_SSL_Allowed: 'No',
  Seconds_Behind_Master: null,
  Last_IO_Errno: 2003,
  Last_IO_Error: "error connecting to master 'repl@db-1:3306' - retry-time: 60  retries: 7",
  Last_SQL_Errno: 1062,
  Last_SQL_Error: 'Duplicate entry',
  Master_UUID: '',
  SQL_Delay: 3600,
  Retrieved_Gtid_Set: '',
  Auto_Position: 0,
  Channel_Name: '',
} as const;

/** SHOW ALL SLAVES STATUS of MariaDB 10.11. */
export const MARIADB_STATUS = {
  Connection_name: 'east',
  Master_Host: 'db-1',
  Master_User: 'repl',
  Master_Port: 3306,
  Master_Log_File: 'bin.000001',
  Read_Master_Log_Pos: '1810',
  Relay_Log_File: 'relay.000002',
  Relay_Log_Pos: '2106',
  Relay_Master_Log_File: 'bin.000001',
  Slave_IO_Running: 'Preparing',
  Slave_SQL_Running: 'Yes',
  Exec_Master_Log_Pos: '1810',
  Master_SSL_Allowed: 'No',
  Seconds_Behind_Master: '0',
  Last_IO_Errno: 0,
  Last_IO_Error: '',
  Last_SQL_Errno: 0,
  Last_SQL_Error: '',
  Using_Gtid: 'Slave_Pos',
  Gtid_IO_Pos: '0-21300-8',
  SQL_Delay: 0,
  Slave_heartbeat_period: '1.500',
} as const;

export const CONNECTION = {
  channel: '',
  heartbeat: '1.000',
  quiet: '1724000',
  host: '127.0.0.1',
  port: 21100,
  user: 'repl',
  auto_position: '1',
  tls: 'YES',
  source_uuid: '99ec6843-e6d6-11f1-892d-02fc00000001',
  io: 'CONNECTING',
  io_errno: 2003,
  io_error: 'Error connecting. This was attempt 4/86400, with a delay of 1 seconds between attempts. Message: no',
  received: 'x:1,\ny:2',
  applier: 'ON',
  delay: 5,
} as const;

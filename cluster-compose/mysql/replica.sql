-- Makes a new server a replica of main. It runs while the image makes the data directory, and replication starts with
-- the server's next start. The source may not answer yet: the replica tries again each second.
CHANGE REPLICATION SOURCE TO
  SOURCE_HOST = 'main',
  SOURCE_PORT = 3306,
  SOURCE_USER = 'repl',
  SOURCE_PASSWORD = 'repl',
  SOURCE_AUTO_POSITION = 1,
  SOURCE_HEARTBEAT_PERIOD = 1,
  SOURCE_CONNECT_RETRY = 1,
  SOURCE_RETRY_COUNT = 86400,
  GET_SOURCE_PUBLIC_KEY = 1;

/**
 * What is done to one server when an operator switches something there. Each is data of an intent, and each looks at the
 * server first: a leader that takes it up again does what is left of it and no more (SAFETY.md, "Steps, re-run and undone").
 */
export interface Threads {
  readonly io: boolean;
  readonly sql: boolean;
}

/**
 * `channel` null: every channel of the server, as the statement without a name has it. What is about one source says which of
 * several channels is meant, and nothing where there is but one.
 */
export type SwitchAction =
  /**
   * `until`: `file:position` of the source, or GTIDs; '' for no end. `acknowledges`: semi-sync is on before. `refetches`: its
   * source has all that it received, so that MariaDB may throw away what was not applied.
   */
  | {
      readonly do: 'start';
      readonly channel: string | null;
      readonly until: string;
      readonly acknowledges: boolean;
      readonly refetches: boolean;
    }
  /** `drainMs`: of MariaDB by GTID, which once it is stopped could never be started without losing what it has not applied. */
  | { readonly do: 'stop'; readonly channel: string | null; readonly drainMs?: number }
  /** Stops fetching, applies all that was received, stops applying. Not done in time: goes on as it did. */
  | { readonly do: 'drain'; readonly limitMs: number; readonly channel?: string }
  /** RESET REPLICA ALL of a server that has applied what it received; its account is remembered. */
  | { readonly do: 'forget-source'; readonly channel: string | null; readonly limitMs: number }
  /** What the applier fails at: a GTID, or a place in the log of its source. */
  | { readonly do: 'see-failure'; readonly channel?: string }
  /** Only while it still fails at `failure`. */
  | { readonly do: 'skip'; readonly failure: string; readonly channel?: string }
  /** Where it goes on is told by GTID from now on, or no more. */
  | { readonly do: 'follow-by-gtid'; readonly on: boolean; readonly running: Threads; readonly channel?: string }
  | { readonly do: 'delay'; readonly seconds: number; readonly running: Threads; readonly channel?: string }
  /** The account as ReplicationCredentialsQuery tells it on the source, or as the others have it. */
  | { readonly do: 'credentials'; readonly running: Threads; readonly channel?: string }
  /** Semi-sync, the side of the replica; its IO thread is restarted if it runs. */
  | { readonly do: 'acknowledge'; readonly on: boolean }
  /** Semi-sync, the side of the source. Off only while nobody waits for an acknowledgement, unless `forced`. */
  | { readonly do: 'ask'; readonly on: boolean; readonly forced: boolean }
  /** `stopsAsking`: and semi-sync source off, when it is closed. */
  | { readonly do: 'close'; readonly superToo: boolean; readonly stopsAsking: boolean }
  | { readonly do: 'open'; readonly asks: AskTerms | null }
  /** super_read_only alone. */
  | { readonly do: 'shut'; readonly on: boolean }
  /** Begins a new log; with `to`, as often as it takes until that one is written, a hundred times at most. */
  | { readonly do: 'flush-logs'; readonly to: string }
  /** `before` '': all but the one that is written. */
  | { readonly do: 'purge-logs'; readonly before: string }
  /** What the connection runs, as a digest. Refused for those that are no client's. */
  | { readonly do: 'see-query'; readonly connection: number }
  /** Only while it still runs what was seen. */
  | { readonly do: 'kill-query'; readonly connection: number; readonly query: string };

/** As of a promotion: what the server asks of its replicas before it acknowledges a write. */
export interface AskTerms {
  readonly timeoutMs: number;
  readonly waitCount: number;
  readonly ackers: number;
}

type ActionOf<K extends SwitchAction['do']> = Extract<SwitchAction, { do: K }>;

/** With the statement as MySQL 8.4 and later have it; older servers are told the same in their own words. */
const TEXTS: { readonly [K in SwitchAction['do']]: (action: ActionOf<K>, server: string) => string } = {
  start: ({ channel, until, acknowledges }, server) =>
    `${acknowledges ? 'make it acknowledge (semi-sync) and ' : ''}start the replication of ${server}` +
    `${until === '' ? '' : ` until ${until}`}: START REPLICA${until === '' ? '' : ' SQL_THREAD UNTIL ...'}${on(channel)}`,
  stop: ({ channel, drainMs }, server) =>
    `stop the replication of ${server}` +
    `${drainMs === undefined ? '' : ` once it has applied what it received, within ${String(drainMs / 1000)} s`}: STOP REPLICA${on(channel)}`,
  drain: ({ limitMs, channel }, server) =>
    `stop the replication of ${server} once it has applied what it received, within ${limitMs / 1000} s: ` +
    `STOP REPLICA IO_THREAD${on(channel)}; STOP REPLICA${on(channel)}`,
  'forget-source': ({ channel }, server) =>
    `let ${server} apply what it received and forget its source: STOP REPLICA; RESET REPLICA ALL${on(channel)}`,
  'see-failure': ({ channel }, server) => `read what the replication of ${server} fails at${over(channel)}`,
  skip: ({ failure, channel }, server) =>
    `let ${server} skip ${failure === '' ? 'the transaction that it fails at' : failure}${over(channel)}: an empty transaction under its ` +
    'GTID, or SET GLOBAL sql_replica_skip_counter = 1',
  'follow-by-gtid': ({ on: byGtid, channel }, server) =>
    `let ${server} follow ${byGtid ? 'by GTID' : 'by file and position'}: CHANGE REPLICATION SOURCE TO ` +
    `SOURCE_AUTO_POSITION = ${byGtid ? '1' : '0, SOURCE_LOG_FILE = ..., SOURCE_LOG_POS = ...'}${on(channel)}`,
  delay: ({ seconds, channel }, server) =>
    `let ${server} apply ${String(seconds)} s late: CHANGE REPLICATION SOURCE TO SOURCE_DELAY = ${String(seconds)}${on(channel)}`,
  credentials: ({ channel }, server) =>
    `give ${server} the replication account again: CHANGE REPLICATION SOURCE TO SOURCE_USER = ..., SOURCE_PASSWORD = ...${on(channel)}`,
  acknowledge: ({ on: isOn }, server) =>
    `make ${server} acknowledge what it receives${isOn ? '' : ' no more'}: SET GLOBAL rpl_semi_sync_replica_enabled = ${flag(isOn)}`,
  ask: ({ on: isOn }, server) =>
    `let ${server} wait for acknowledgements${isOn ? '' : ' no more'}: SET GLOBAL rpl_semi_sync_source_enabled = ${flag(isOn)}`,
  close: ({ superToo }, server) =>
    `close ${server} for writes: SET GLOBAL read_only = 1${superToo ? '; SET GLOBAL super_read_only = 1' : ''}`,
  open: (_, server) => `open ${server} for writes: SET GLOBAL read_only = 0`,
  shut: ({ on: isOn }, server) =>
    `${isOn ? 'keep administrators from writing to' : 'let administrators write again to'} ${server}: SET GLOBAL super_read_only = ${flag(isOn)}`,
  'flush-logs': ({ to }, server) =>
    `let ${server} begin a new binary log${to === '' ? '' : `, until it is ${to}`}: FLUSH BINARY LOGS`,
  'purge-logs': ({ before }, server) =>
    `delete the binary logs of ${server} before ${before === '' ? 'the one that is written' : before}: PURGE BINARY LOGS TO ...`,
  'see-query': ({ connection }, server) => `read what connection ${String(connection)} of ${server} runs`,
  'kill-query': ({ connection }, server) =>
    `end the statement of connection ${String(connection)} of ${server}: KILL QUERY ${String(connection)}`,
};

export function describeAction(action: SwitchAction, server: string): string {
  return textOf(action.do, action as never, server);
}

function textOf<K extends SwitchAction['do']>(kind: K, action: ActionOf<K>, server: string): string {
  return TEXTS[kind](action, server);
}

function on(channel: string | null = null): string {
  return channel === null || channel === '' ? '' : ` FOR CHANNEL '${channel}'`;
}

function over(channel: string | undefined): string {
  return channel === undefined ? '' : ` over channel "${channel}"`;
}

function flag(isOn: boolean): string {
  return isOn ? '1' : '0';
}

// What may be switched on a server, and every reason why not, in the words that users know.
import { beforeEach, describe, expect, it } from 'vitest';
import { openSwitch } from '../../../../src/core/recovery/openings/switch.js';
import type { SwitchWish } from '../../../../src/core/recovery/openings/switches/wish.js';
import type { Opening } from '../../../../src/core/recovery/openings/opening.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import { describeAction } from '../../../../src/core/recovery/requests/switch-action.js';
import { restartStatements } from '../../../../src/core/recovery/requests/restart-statements.js';
import type { Server, ServerFacts } from '../../../../src/core/topology/server.js';
import type { Vitals } from '../../../../src/core/topology/vitals.js';
import { replicaVitals, vitalsOf } from '../../../adapters/http/fake-service.js';
import { channelTo, factsOf, observed, serverId } from '../../../support/facts.js';
import { FedLedger } from '../../../support/ledger.js';
import { policyOf } from '../../../support/policy.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'ann' };

let fed: FedLedger;
let vitals: Map<string, Vitals>;

function see(name: string, source: string | null, facts: Partial<ServerFacts> = {}): void {
  const serverNumber = name.charCodeAt(0);
  const usual = { serverNumber, readOnly: source !== null };
  fed.feed({ kind: 'topology-observed', servers: [observed(name, source, { ...usual, ...facts })] });
}

/** p over m and s; m over a. */
beforeEach(() => {
  fed = new FedLedger();
  vitals = new Map();
  see('p', null);
  for (const [name, source] of Object.entries({ m: 'p', s: 'p', a: 'm' })) see(name, source);
});

function ask(command: SwitchWish['command'], server: string, changes: Partial<SwitchWish> = {}): Opening {
  const wish: SwitchWish = {
    command,
    server: serverId(server),
    channel: null,
    seconds: null,
    binaryLog: '',
    connection: null,
    until: '',
    force: false,
    ...changes,
  };
  const soft = { answers: () => true, lagSeconds: () => 0 };
  const sights = (id: string) => ({ answers: true, seenAtMs: null, vitals: vitals.get(id) ?? null });
  return openSwitch(fed.state, policyOf(), wish, { soft, sights }, context);
}

function noes(opening: Opening): readonly string[] {
  return opening.ok ? [] : opening.refusals.map(({ message }) => message);
}

function server(name: string): Server {
  const found = fed.state.servers.get(serverId(name));
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found;
}

const broken = { number: 1062, text: 'Duplicate entry' };

describe('a switch', () => {
  it.each<readonly [SwitchWish['command'], string, Partial<SwitchWish>, string]>([
    ['start-replica', 'p', {}, 'instance is not a replica: p:3306'],
    ['stop-replica', 's', { channel: 'west' }, 's:3306 has no channel "west"'],
    ['start-replica', 's', { until: 'somewhere' }, '"somewhere" is no place at which s:3306 could stop'],
    ['skip-query', 's', {}, 'Replication SQL thread is running on s:3306'],
    ['enable-gtid', 's', {}, 's:3306 already uses GTID'],
    ['reset-replica', 'm', {}, 'a:3306 replicate from m:3306 and would get nothing'],
    ['delay-replication', 's', { seconds: 1.5 }, 'a delay is a whole number of seconds'],
    [
      'gtid-errant-reset-master',
      'm',
      {},
      'gtid-errant-reset-master will not operate on m:3306 because it has 1 replicas',
    ],
    ['gtid-errant-inject-empty', 'p', {}, 'p:3306 is the primary of its cluster'],
    ['set-writeable', 's', {}, 's:3306 is not the primary of its cluster, which is p:3306'],
    ['set-writeable', 's', { force: true }, 'p:3306 takes writes, and two of one cluster must not'],
    ['purge-binary-logs', 'p', { binaryLog: '../x' }, '"../x" is no name of a binary log of p:3306'],
    ['kill-query', 'p', { connection: -1 }, 'a connection is a number'],
    ['enable-semi-sync-master', 'p', {}, 'the semi-sync plugin of sources is not loaded on p:3306'],
  ])('%s of %s %j is refused: %s', (command, name, changes, text) => {
    expect(noes(ask(command, name, changes)).join()).toContain(text);
  });

  it.each(['gtid-errant-inject-empty', 'gtid-errant-reset-master'] as const)(
    '%s takes nothing that came from another source for errant',
    (command) => {
      see('s', 'p', { channels: [channelTo('p', { name: 'east' }), channelTo('m', { name: 'west' })] });
      expect(noes(ask(command, 's')).join()).toContain('s:3306 replicates from several sources');
    },
  );

  it('lets no replica wait for acknowledgements that nobody sends: what it applies would wait, too', () => {
    const plugins = { ...factsOf().semiSync, sourceAvailable: true, replicaAvailable: true, waitCount: 1 };
    const semiSync = { ...plugins, timeoutMs: 60_000 };
    for (const name of ['s', 'm']) see(name, 'p', { semiSync });
    see('a', 'm', { semiSync: { ...semiSync, replicaEnabled: true } });
    expect(noes(ask('enable-semi-sync-master', 's')).join()).toContain('0 replicas of s:3306 acknowledge');
    expect(ask('enable-semi-sync-master', 's', { force: true }).ok).toBe(true);
    expect(noes(ask('enable-semi-sync-master', 'm'))).toEqual([]);
    see('s', 'p', { semiSync: { ...plugins, timeoutMs: 10_000 } });
    expect(noes(ask('enable-semi-sync-master', 's'))).toEqual([]);
  });

  it('of a replica that has no error skips nothing, and of one that has one skips it', () => {
    const stopped = channelTo('p', { sqlThread: 'stopped' });
    see('s', 'p', { channels: [stopped] });
    expect(noes(ask('skip-query', 's'))).toEqual(['No SQL error on s:3306']);
    see('s', 'p', { channels: [{ ...stopped, sqlError: broken }] });
    expect(ask('skip-query', 's').ok).toBe(true);
  });

  it('to GTID needs it on both sides', () => {
    see('p', null, { gtidMode: 'OFF' });
    see('s', 'p', { channels: [channelTo('p', { autoPosition: false })] });
    expect(noes(ask('enable-gtid', 's'))).toEqual(['p:3306 has gtid_mode=OFF']);
    expect(noes(ask('disable-gtid', 's'))).toEqual(['s:3306 is not using GTID']);
  });

  it('of several channels is about one that is named, and about all where that may be meant', () => {
    const stopped = channelTo('e', { name: 'east', sqlThread: 'stopped', sqlError: broken });
    see('e', null);
    see('s', 'p', { channels: [channelTo('p'), stopped] });
    const commands = [
      'stop-replica-nice',
      'skip-query',
      'enable-gtid',
      'disable-gtid',
      'delay-replication',
      'change-master-credentials',
    ] as const;
    for (const command of commands) {
      const said = noes(ask(command, 's', { seconds: 1 })).join();
      const text = `s:3306 replicates over several channels ("" from p:3306, "east" from e:3306), and ${command} is about one`;
      expect(said).toContain(text);
    }
    expect(noes(ask('start-replica', 's', { until: 'log.000001:4' })).join()).toContain('is about one of them');
    expect(noes(ask('start-replica', 's'))).toEqual([]);
    const skipped = ask('skip-query', 's', { channel: 'east' });
    expect(skipped).toMatchObject({ recovery: { inputs: { participants: [{ channel: 'east' }] } } });
    expect(noes(ask('skip-query', 's', { channel: '' }))).toEqual(['Replication SQL thread is running on s:3306']);
    const delayed = ask('delay-replication', 's', { channel: 'east', seconds: 1 });
    const action = { do: 'delay', channel: 'east', running: { io: true, sql: false } };
    expect(delayed).toMatchObject({ recovery: { inputs: { switching: { steps: [{ action }] } } } });
    expect(noes(ask('set-read-only', 's', { channel: 'east' })).join()).toContain('about s:3306 as a whole');
  });

  it('to GTID over one channel asks its own source', () => {
    see('e', null, { gtidMode: 'OFF' });
    const east = channelTo('e', { name: 'east', autoPosition: false });
    see('s', 'p', { channels: [channelTo('p', { autoPosition: false }), east] });
    expect(noes(ask('enable-gtid', 's', { channel: 'east' }))).toEqual(['e:3306 has gtid_mode=OFF']);
    expect(noes(ask('enable-gtid', 's', { channel: '' }))).toEqual([]);
  });

  it('deletes no log that a replica needs, or that a replica nobody has seen may need', () => {
    const at = (file: string): Vitals => {
      const place = { file, position: 4 };
      const [channel] = replicaVitals().channels;
      return replicaVitals({ channels: channel === undefined ? [] : [{ ...channel, executed: place, read: place }] });
    };
    vitals.set('p', vitalsOf({ binlog: { file: 'binlog.000012', position: 4 } }));
    vitals.set('m', at('binlog.000011'));
    expect(noes(ask('purge-binary-logs', 'p', { binaryLog: 'latest' }))).toEqual([
      'm:3306 replicates from p:3306 and still needs binlog.000011',
      's:3306 replicates from p:3306 and was not seen, so that it may need all of them',
    ]);
    vitals.set('s', at('binlog.000009'));
    expect(ask('purge-binary-logs', 'p', { binaryLog: 'binlog.000009' }).ok).toBe(true);
    expect(noes(ask('purge-binary-logs', 'p', { binaryLog: 'binlog.000010' }))).toHaveLength(1);
    expect(ask('purge-binary-logs', 'p', { binaryLog: 'latest', force: true }).ok).toBe(true);
  });

  it('begins logs up to one that is near, of the same name', () => {
    vitals.set('p', vitalsOf({ binlog: { file: 'binlog.000012', position: 4 } }));
    expect(ask('flush-binary-logs', 'p', { binaryLog: 'binlog.000020' }).ok).toBe(true);
    expect(noes(ask('flush-binary-logs', 'p', { binaryLog: 'binlog.000999' }))).toEqual([
      'p:3306 writes binlog.000012, and binlog.000999 is 987 logs away',
    ]);
    expect(noes(ask('flush-binary-logs', 'p', { binaryLog: 'mysql-bin.000020' }))).toEqual([
      'p:3306 writes binlog.000012, and never mysql-bin.000020',
    ]);
  });

  it('starts no former primary that is not fenced, nor by a slip one that is set apart', () => {
    const refusedAs = (state: 'owed' | 'apart'): readonly string[] => {
      const demotion = { server: serverId('s'), clusterId: server('s').clusterId, epoch: 1 };
      const rest = { recoveryId: context.id, sinceMs: 0, extraGtids: '', keepStopped: false };
      (fed.state.demotions as Map<unknown, unknown>).set(serverId('s'), { ...demotion, ...rest, state });
      return noes(ask('start-replica', 's'));
    };
    expect(refusedAs('owed').join()).toContain('was not seen fenced');
    expect(refusedAs('apart').join()).toContain('transactions that its cluster lacks');
    expect(ask('start-replica', 's', { force: true }).ok).toBe(true);
    expect(noes(ask('set-writeable', 's', { force: true })).join()).toContain('only a takeover opens it again');
  });

  it('is told in words with the statement', () => {
    const delay = describeAction({ do: 'delay', seconds: 7, running: { io: true, sql: true } }, 's:3306');
    expect(delay).toBe('let s:3306 apply 7 s late: CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 7');
    const east = describeAction({ do: 'drain', limitMs: 1000, channel: 'east' }, 's:3306');
    expect(east).toContain("STOP REPLICA FOR CHANNEL 'east'");
  });
});

describe('the statements of a restart', () => {
  it.each([
    [{ version: { text: '9.7.0', major: 9, minor: 7, patch: 0 } }, 'replica'],
    [{ version: { text: '5.7.44', major: 5, minor: 7, patch: 44 } }, 'slave'],
    [{ flavor: 'MariaDB' as const, version: { text: '11.4.2-MariaDB', major: 11, minor: 4, patch: 2 } }, 'slave'],
  ])('of %j wrap one as far as threads run', (changes, word) => {
    const facts = factsOf({ ...changes, channels: [channelTo('p')] });
    expect(restartStatements(facts, 'select 1; ')).toEqual([
      `stop ${word} io_thread;`,
      `stop ${word} sql_thread;`,
      'select 1;',
      `start ${word} sql_thread;`,
      `start ${word} io_thread;`,
    ]);
    const stopped = factsOf({ ...changes, channels: [channelTo('p', { ioThread: 'stopped', sqlThread: 'stopped' })] });
    expect(restartStatements(stopped, '')).toEqual([]);
  });
});

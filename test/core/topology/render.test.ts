import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/topology/address.js';
import { renderTopology, type TopologyStyle } from '../../../src/core/topology/render.js';
import type { TopologyEntry } from '../../../src/core/topology/topology-entry.js';

const PLAIN: TopologyStyle = {
  layout: 'aligned',
  tags: false,
  historical: false,
  maintenanceLagSeconds: 20,
  firstRoot: null,
};

function at(name: string): Address {
  const [host = '', port = '3306'] = name.split(':');
  return { host, port: Number(port) };
}

function primary(name: string, changes: Partial<TopologyEntry> = {}): TopologyEntry {
  return {
    address: at(name),
    alias: '',
    source: null,
    isCoPrimary: false,
    isGroupSecondary: false,
    isReplica: false,
    isDetached: false,
    threadsRunning: false,
    isCheckValid: true,
    isRecentlyChecked: true,
    secondsBehind: null,
    lagSeconds: null,
    delaySeconds: 0,
    version: '5.7.36-log',
    readOnly: false,
    binlogEnabled: true,
    binlogFormat: 'ROW',
    logReplicaUpdates: true,
    gtid: false,
    errantGtids: '',
    pseudoGtid: false,
    semiSyncSource: false,
    semiSyncReplica: false,
    isDowntimed: false,
    tags: [],
    ...changes,
  };
}

function replica(name: string, source: string, changes: Partial<TopologyEntry> = {}): TopologyEntry {
  const running = { isReplica: true, threadsRunning: true, secondsBehind: 0, lagSeconds: 0 };
  return primary(name, { source: at(source), ...running, ...changes });
}

const draw = (entries: readonly TopologyEntry[], style: Partial<TopologyStyle> = {}): string[] =>
  renderTopology(entries, { ...PLAIN, ...style }).split('\n');

describe('a drawn topology', () => {
  it('looks as users know it', () => {
    const entries = [replica('read-replica-2', 'main'), primary('main'), replica('read-replica-1', 'main')];
    expect(draw(entries)).toEqual([
      'main:3306             [0s,ok,5.7.36-log,rw,ROW,>>]',
      '+ read-replica-1:3306 [0s,ok,5.7.36-log,rw,ROW,>>]',
      '+ read-replica-2:3306 [0s,ok,5.7.36-log,rw,ROW,>>]',
    ]);
  });

  it('indents chains by two', () => {
    const entries = [primary('a'), replica('b', 'a'), replica('c', 'b'), replica('d', 'c'), replica('e', 'a')];
    expect(draw(entries, { historical: true })).toEqual([
      'a:3306',
      '+ b:3306',
      '  + c:3306',
      '    + d:3306',
      '+ e:3306',
    ]);
  });

  it('orders by host, then by port as a number', () => {
    const entries = [primary('a:1'), replica('h:10000', 'a:1'), replica('h:9000', 'a:1'), replica('b:1', 'a:1')];
    expect(draw(entries, { historical: true })).toEqual(['a:1', '+ b:1', '+ h:9000', '+ h:10000']);
  });

  it('marks what does not replicate, and members of a group', () => {
    const entries = [
      primary('a'),
      replica('b', 'a', { threadsRunning: false }),
      replica('c', 'a', { isCheckValid: false }),
      replica('d', 'a', { isRecentlyChecked: false }),
      primary('e', { source: at('a'), isGroupSecondary: true }),
    ];
    expect(draw(entries)).toEqual([
      'a:3306     [0s,ok,5.7.36-log,rw,ROW,>>]',
      '- b:3306   [null,nonreplicating,5.7.36-log,rw,ROW,>>]',
      '- c:3306   [unknown,invalid,5.7.36-log,rw,ROW,>>]',
      '- d:3306   [unknown,unchecked,5.7.36-log,rw,ROW,>>]',
      // Two columns further left than the others: widths are counted in bytes, of which the marker has three.
      '‡ e:3306 [0s,ok,5.7.36-log,rw,ROW,>>]',
    ]);
  });

  it('shows an alias and every extra in its order', () => {
    const everything = { gtid: true, pseudoGtid: true, semiSyncSource: true, semiSyncReplica: true, isDowntimed: true };
    expect(draw([primary('a', { alias: 'the old one', ...everything })])).toEqual([
      'a:3306 (the old one) [0s,ok,5.7.36-log,rw,ROW,>>,GTID,P-GTID,semi:master,semi:replica,downtimed]',
    ]);
    expect(draw([primary('a', { gtid: true, errantGtids: 'x:1', binlogEnabled: false, readOnly: true })])).toEqual([
      'a:3306 [0s,ok,5.7.36-log,ro,nobinlog,GTID:errant]',
    ]);
    expect(draw([primary('a', { logReplicaUpdates: false, version: '' })])).toEqual(['a:3306 [0s,ok,rw,ROW]']);
  });

  it.each<[string, Partial<TopologyEntry>, string]>([
    ['at the limit', { secondsBehind: 20, lagSeconds: 20 }, '20s,ok'],
    ['beyond the limit', { secondsBehind: 21, lagSeconds: 21 }, '21s,lag'],
    ['shown by the custom query, judged by the status', { secondsBehind: 21, lagSeconds: 3 }, '3s,lag'],
    ['as late as its delay wants', { secondsBehind: 600, lagSeconds: 600, delaySeconds: 600 }, '600s,ok'],
    ['earlier than its delay wants', { secondsBehind: 0, lagSeconds: 0, delaySeconds: 600 }, '0s,lag'],
    ['unknown to the server', { secondsBehind: null, lagSeconds: null }, 'null,ok'],
    ['detached', { isDetached: true }, 'detached,ok'],
  ])('tells lag: %s', (_, changes, expected) => {
    expect(draw([primary('a'), replica('b', 'a', changes)])[1]).toBe(`+ b:3306 [${expected},5.7.36-log,rw,ROW,>>]`);
  });

  it('puts tags behind, empty ones too', () => {
    const entries = [primary('a', { tags: ['old', 'owner=x'] }), replica('b', 'a')];
    expect(draw(entries, { tags: true })).toEqual([
      'a:3306   [0s,ok,5.7.36-log,rw,ROW,>>] [old,owner=x]',
      '+ b:3306 [0s,ok,5.7.36-log,rw,ROW,>>] []',
    ]);
  });

  it('stands in columns, the lag to the right', () => {
    const entries = [
      primary('testhost:22293', { binlogFormat: 'STATEMENT', version: '5.6.28-log' }),
      replica('testhost:22294', 'testhost:22293', { secondsBehind: 7, lagSeconds: 7, pseudoGtid: true }),
      replica('testhost:22295', 'testhost:22294', { threadsRunning: false, binlogEnabled: false }),
    ];
    expect(draw(entries, { layout: 'tabulated' })).toEqual([
      'testhost:22293    |  0s|ok            |5.6.28-log|rw|STATEMENT|>>       ',
      '+ testhost:22294  |  7s|ok            |5.7.36-log|rw|ROW      |>>,P-GTID',
      '  - testhost:22295|null|nonreplicating|5.7.36-log|rw|nobinlog |         ',
    ]);
    const tagged = draw([primary('a', { tags: ['t'] }), replica('b', 'a')], { layout: 'tabulated', tags: true });
    expect(tagged).toEqual(['a:3306  |0s|ok|5.7.36-log|rw|ROW|>> [t]', '+ b:3306|0s|ok|5.7.36-log|rw|ROW|>> [] ']);
  });
});

describe('topologies that are no tree', () => {
  const names = (entries: readonly TopologyEntry[], firstRoot: string | null = null): string[] =>
    draw(entries, { historical: true, firstRoot: firstRoot === null ? null : at(firstRoot) });

  it('of several roots draws the last, or all with the chosen one first', () => {
    const entries = [primary('a'), replica('b', 'a'), primary('m'), replica('n', 'm'), replica('z', 'elsewhere')];
    expect(names(entries)).toEqual(['z:3306']);
    expect(names(entries, 'm')).toEqual(['m:3306', '+ n:3306', 'a:3306', '+ b:3306', 'z:3306']);
  });

  it('draws co-primaries side by side, each with its replicas', () => {
    const entries = [
      replica('a', 'b', { isCoPrimary: true }),
      replica('b', 'a', { isCoPrimary: true }),
      replica('c', 'a'),
      replica('d', 'b'),
    ];
    expect(names(entries)).toEqual(['+ a:3306', '  + c:3306', '+ b:3306', '  + d:3306']);
    expect(names(entries, 'a')).toEqual(names(entries));
  });

  it('draws each server of a ring once', () => {
    const ring = [replica('a', 'c'), replica('b', 'a'), replica('c', 'b'), replica('d', 'd')];
    expect(names(ring)).toEqual(['+ a:3306', '  + b:3306', '    + c:3306', '+ d:3306']);
    expect(names([primary('x'), ...ring], 'x')).toEqual(['x:3306', ...names(ring)]);
  });

  it('draws nothing of nothing', () => {
    expect(renderTopology([], PLAIN)).toBe('');
    expect(renderTopology([], { ...PLAIN, layout: 'tabulated' })).toBe('');
  });
});

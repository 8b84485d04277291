import { describe, expect, it } from 'vitest';
import { channelTo, observed } from '../../support/facts.js';
import { FedLedger, recoveryOf } from '../../support/ledger.js';

function withTopology(...servers: ReturnType<typeof observed>[]): FedLedger {
  const fed = new FedLedger();
  fed.feed({ kind: 'topology-observed', servers });
  return fed;
}

describe('placement of servers in clusters', () => {
  it('puts a primary and its replicas in one cluster that the primary heads', () => {
    const fed = withTopology(observed('p'), observed('r1', 'p'), observed('r2', 'r1'));
    expect([...fed.state.clusters.values()]).toMatchObject([{ primary: 'p', epoch: 0 }]);
    expect(fed.clusterOf('r2')).toBe(fed.clusterOf('p'));
  });

  it('gives up the cluster of a replica that was found before its primary', () => {
    const fed = withTopology(observed('r1', 'p'));
    expect(fed.state.clusters.size).toBe(1);
    fed.feed({ kind: 'topology-observed', servers: [observed('p')] });
    expect([...fed.state.clusters.values()]).toMatchObject([{ primary: 'p' }]);
    expect(fed.clusterOf('r1')).toBe(fed.clusterOf('p'));
  });

  it('moves a replica to the cluster of the source that it was pointed at, before it has met it', () => {
    const fed = withTopology(observed('p'), observed('q'), observed('r1', 'p'));
    const channels = [channelTo('q', { sourceId: null })];
    fed.feed({ kind: 'topology-observed', servers: [observed('r1', 'q', { channels })] });
    expect(fed.clusterOf('r1')).toBe(fed.clusterOf('q'));
  });

  it('keeps the id of a cluster whose primary was changed by hand, and its old name as a hint', () => {
    const fed = withTopology(observed('p'), observed('r1', 'p'), observed('r2', 'p'));
    const id = fed.clusterOf('p');
    fed.feed({ kind: 'topology-observed', servers: [observed('r1'), observed('p', 'r1'), observed('r2', 'r1')] });
    expect([...fed.state.clusters.values()]).toMatchObject([{ id, primary: 'r1', formerNames: ['p:3306'] }]);
  });

  it('lets a replica that was cut loose by hand found a cluster of its own', () => {
    const fed = withTopology(observed('p'), observed('r1', 'p'));
    fed.feed({ kind: 'topology-observed', servers: [observed('r1')] });
    expect(fed.state.clusters.size).toBe(2);
    expect(fed.clusterOf('r1')).not.toBe(fed.clusterOf('p'));
  });

  it('keeps a replica that was detached from its source where it was, also when it comes to lose the name', () => {
    const fed = withTopology(observed('p'), observed('r1', 'p'));
    const id = fed.clusterOf('p');
    const channels = [channelTo('//p', { sourceId: null, ioThread: 'stopped' })];
    fed.feed({ kind: 'topology-observed', servers: [observed('r1', 'p', { channels })] });
    expect(fed.clusterOf('r1')).toBe(id);
    expect([...fed.state.clusters.values()]).toMatchObject([{ id, primary: 'p' }]);
  });

  it('keeps a cut-loose server in its cluster while a recovery is at work there', () => {
    const fed = withTopology(observed('p'), observed('r1', 'p'));
    const id = fed.clusterOf('p');
    expect(id).toBeDefined();
    if (id === undefined) return;
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('1:a', id, 'p') });
    fed.feed({ kind: 'topology-observed', servers: [observed('r1')] });
    expect(fed.clusterOf('r1')).toBe(id);
  });

  it('shows a ring of co-primaries as one cluster under its writable member', () => {
    const fed = withTopology(
      observed('a', 'b', { readOnly: true }),
      observed('b', 'a', { readOnly: false, superReadOnly: false }),
    );
    expect([...fed.state.clusters.values()]).toMatchObject([{ primary: 'b' }]);
  });

  it('hands the cluster of a forgotten primary to the root that is left', () => {
    const fed = withTopology(observed('p'), observed('r1', 'p'));
    const id = fed.clusterOf('p');
    fed.feed({ kind: 'server-forgotten', address: { host: 'p', port: 3306 } });
    expect([...fed.state.clusters.values()]).toMatchObject([{ id, primary: 'r1' }]);
  });

  it('does not find a second server behind another name of the first', () => {
    const fed = withTopology(observed('p'));
    fed.feed({ kind: 'topology-observed', servers: [{ ...observed('p'), address: { host: '10.0.0.1', port: 3306 } }] });
    expect([...fed.state.servers.values()]).toMatchObject([
      { address: { host: 'p', port: 3306 }, aliases: [{ host: '10.0.0.1', port: 3306 }] },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { linkServers, serverAt } from '../../../src/core/analysis/links.js';
import { addressOf, channelTo, serverId } from '../../support/facts.js';
import { believe } from '../../support/topology.js';

function replicasOf(beliefs: ReturnType<typeof believe>, source: string): readonly string[] {
  return (linkServers(beliefs).replicasOf.get(serverId(source)) ?? []).map((link) => link.replica.id);
}

function seenAt(beliefs: ReturnType<typeof believe>, name: string, changedAtMs: number): void {
  const server = beliefs.servers.get(serverId(name));
  if (server === undefined) throw new Error(`${name} is believed`);
  beliefs.servers.set(server.id, { ...server, changedAtMs });
}

describe('who replicates from whom', () => {
  it('follows the address of the channel', () => {
    expect(replicasOf(believe({ p: null, r1: 'p', r2: 'p', below: 'r1' }), 'p')).toEqual(['r1', 'r2']);
  });

  it('prefers the uuid that the replica learnt to an address that leads elsewhere now', () => {
    const beliefs = believe(
      { p: null, q: null, r: 'p' },
      { r: { channels: [channelTo('q', { sourceId: serverId('p') })] } },
    );
    expect(replicasOf(beliefs, 'p')).toEqual(['r']);
    expect(replicasOf(beliefs, 'q')).toEqual([]);
  });

  it('goes by the address while the replica has not learnt the uuid of its source', () => {
    const beliefs = believe({ q: null, r: 'q' }, { r: { channels: [channelTo('q', { sourceId: null })] } });
    expect(replicasOf(beliefs, 'q')).toEqual(['r']);
  });

  it('goes by the uuid when the address is none that is known', () => {
    const beliefs = believe({ p: null, r: 'p' }, { r: { channels: [channelTo('vip', { sourceId: serverId('p') })] } });
    expect(replicasOf(beliefs, 'p')).toEqual(['r']);
  });

  it('finds a source by an address it had before, unless another server has it now', () => {
    const beliefs = believe({ p: null, q: null, r: 'old', s: 'q' });
    const p = beliefs.servers.get(serverId('p'));
    if (p === undefined) throw new Error('p is believed');
    beliefs.servers.set(p.id, { ...p, aliases: [addressOf('old'), addressOf('q')] });
    expect(replicasOf(beliefs, 'p')).toEqual(['r']);
    expect(replicasOf(beliefs, 'q')).toEqual(['s']);
    expect(serverAt(linkServers(beliefs), addressOf('old'))?.id).toBe('p');
  });

  it('counts a replica of two sources at both', () => {
    const channels = [channelTo('p', { name: 'one' }), channelTo('q', { name: 'two' })];
    const beliefs = believe({ p: null, q: null, r: 'p' }, { r: { channels } });
    expect(replicasOf(beliefs, 'p')).toEqual(['r']);
    expect(replicasOf(beliefs, 'q')).toEqual(['r']);
  });

  it('does not hang a promoted server below the one it replaced', () => {
    const beliefs = believe({ old: null, fresh: 'old', r: 'old' });
    beliefs.clusters.set('c1', { primary: serverId('fresh') });
    beliefs.demotions.set(serverId('old'), { recoveryId: '1:a' });
    expect(replicasOf(beliefs, 'old')).toEqual(['r']);
  });

  it('does not hang those below the replaced one any more whom its recovery has pointed elsewhere since they were seen', () => {
    const beliefs = believe({ old: null, fresh: 'old', r: 'old', left: 'old' });
    beliefs.clusters.set('c1', { primary: serverId('fresh') });
    beliefs.demotions.set(serverId('old'), { recoveryId: '1:a' });
    const pointed = (server: string, ok: boolean) => ({
      step: { kind: 'repoint', server: serverId(server) },
      outcome: { ok },
      finishedAtMs: 100,
    });
    const steps = [pointed('r', true), pointed('left', false)];
    beliefs.recoveries.set('1:a', { kind: 'dead-primary', failed: serverId('old'), closedAtMs: 100, steps });
    // Nobody has looked at either since.
    expect(replicasOf(beliefs, 'old')).toEqual([]);
    // Somebody has put it back by hand.
    seenAt(beliefs, 'r', 101);
    expect(replicasOf(beliefs, 'old')).toEqual(['r']);
  });

  it('does not hang below a former primary that is not back whom the failover left behind, whenever that was seen', () => {
    const beliefs = believe({ old: null, fresh: 'old', left: 'old', put: 'old' });
    beliefs.clusters.set('c1', { primary: serverId('fresh') });
    beliefs.demotions.set(serverId('old'), { recoveryId: '1:a', state: 'owed' });
    const lost = [{ server: serverId('left') }];
    beliefs.recoveries.set('1:a', { kind: 'dead-primary', failed: serverId('old'), closedAtMs: 100, lost, steps: [] });
    for (const name of ['left', 'put']) seenAt(beliefs, name, 200);
    expect(replicasOf(beliefs, 'old')).toEqual(['put']);
    beliefs.demotions.set(serverId('old'), { recoveryId: '1:a', state: 'rejoined' });
    expect(replicasOf(beliefs, 'old')).toEqual(['left', 'put']);
  });

  it('names those of a cluster that follow nobody, without its primary', () => {
    const beliefs = believe({ p: null, r: 'p', apart: null });
    expect(
      linkServers(beliefs)
        .loose.get('c1')
        ?.map(({ id }) => id),
    ).toEqual(['apart']);
  });
});

import { describe, expect, it } from 'vitest';
import { reachOf, type Sight, sightOfServer } from '../../../src/core/analysis/sight.js';
import type { ProbeResult } from '../../../src/core/topology/report.js';
import type { Server } from '../../../src/core/topology/server.js';
import { sightingOfServer } from '../../../src/runtime/ports/service.js';
import { SightingStore } from '../../../src/runtime/probing/sightings.js';
import { serverId } from '../../support/facts.js';
import { failedProbe, goodProbe } from '../../support/probes.js';
import { evidenceOf } from '../../support/evidence.js';

const SERVER: Server = evidenceOf().server;
const NOW = 1_000;

function sightOf(last: ProbeResult, good: ProbeResult = last): Sight {
  return { last, lastGood: good.ok ? good : null };
}

/** Answered by another at the same address. */
function stranger(): ProbeResult {
  const result = goodProbe('p', { atMs: NOW });
  return result.ok ? { ...result, report: { ...result.report, id: serverId('other') } } : result;
}

describe('a look at the address of a server', () => {
  it('is a sight of it when it answered itself, or nobody did', () => {
    for (const sight of [sightOf(goodProbe('p', { atMs: NOW })), sightOf(failedProbe('p', 'silent', NOW))]) {
      expect(sightOfServer(SERVER, sight)).toBe(sight);
    }
    expect(sightOfServer(SERVER, null)).toBeNull();
  });

  it('that another answered shows that it is not there', () => {
    const sight = sightOfServer(SERVER, sightOf(stranger()));
    expect(sight).toMatchObject({ last: { ok: false, failure: { code: 'ANOTHER_SERVER' } }, lastGood: null });
    expect(reachOf(sight, null, NOW + 1, 30_000)).toBe('unreachable');
  });

  it('that failed after another had answered brings nothing of that other', () => {
    const failed = failedProbe('p', 'refused', NOW + 5);
    expect(sightOfServer(SERVER, sightOf(failed, stranger()))).toEqual({ last: failed, lastGood: null });
  });
});

describe('what doors show of a server', () => {
  const store = new SightingStore({ self: 'n1', clock: { nowMs: () => NOW, wallMs: () => NOW } });
  store.record(goodProbe('p', { atMs: NOW }));
  const shown = store.sighting(SERVER.address);
  if (shown === null) throw new Error('it was seen');

  it('is what was seen at its address, when it was seen there', () => {
    expect(sightingOfServer(SERVER, shown)).toBe(shown);
    expect(sightingOfServer(SERVER, null)).toBeNull();
  });

  it('is not what another said there', () => {
    expect(sightingOfServer(SERVER, { ...shown, server: serverId('other') })).toMatchObject({
      valid: false,
      lastSeenAtMs: null,
      vitals: null,
      lastError: 'p:3306 answers as other, which is another server',
    });
  });
});

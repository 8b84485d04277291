import { expect, it } from 'vitest';
import { aftermathOf } from '../../../../src/core/recovery/telling/aftermath.js';
import { type Assumed, preview } from '../../../../src/core/recovery/preview/preview.js';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import type { HookTerms } from '../../../../src/core/recovery/telling/hook-terms.js';
import type { Step } from '../../../../src/core/recovery/step.js';
import {
  deadPrimaryOpening,
  deadPrimaryWorld,
  takeoverOpening,
  takeoverWorld,
} from '../../../support/worlds/plan-worlds.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { NO_FACTS } from '../../../support/recording-hooks.js';

const P = uuidOf(1);

/** With what follows its end. */
function shownOf(opening: Recovery, assumed: Assumed): readonly string[] {
  const { steps, ending, record } = preview(opening, assumed);
  return words([...steps, ...aftermathOf({ ...record, verdict: ending.verdict })]);
}

const words = (steps: readonly Step[]): readonly string[] =>
  steps.map((step) => (step.kind === 'hooks' ? step.list : step.kind));

it('a plan that is shown shows the hooks, in their places, and the stores that are told', () => {
  const { world, replicas } = deadPrimaryWorld([5, 5]);
  const hooks: HookTerms = {
    before: ['before-failover'],
    after: ['after-primary', 'after-success', 'after-failure'],
    facts: NO_FACTS,
  };
  const opening = deadPrimaryOpening(replicas, [], { hooks, publishes: true });
  const shown = shownOf(opening, (server) => (server === P ? null : world.findings(world.get(server))));
  expect(shown[0]).toBe('before-failover');
  expect(shown.slice(-3)).toEqual(['publish', 'after-primary', 'after-success']);
});

it('a takeover that is shown has its hooks after the looks and before the first change', () => {
  const world = takeoverWorld();
  const hooks: HookTerms = {
    before: ['before-takeover', 'before-failover'],
    after: ['after-takeover'],
    facts: NO_FACTS,
  };
  const shown = shownOf(takeoverOpening({ hooks }), (server) => world.findings(world.get(server)));
  const at = shown.indexOf('before-takeover');
  expect(shown.slice(0, at).every((kind) => kind === 'look')).toBe(true);
  expect(shown[at + 1]).toBe('before-failover');
  expect(shown.at(-1)).toBe('after-takeover');
});

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CATALOGUE, STRUCTURE_CATALOGUE } from '../../../src/core/analysis/catalogue.js';
import { play } from '../../support/scenarios/scenario.js';
import { loadScenarios } from '../../support/scenarios/scenario-form.js';

const SCENARIOS = loadScenarios(fileURLToPath(new URL('../../scenarios', import.meta.url)));

describe('scenarios', () => {
  it('there is one at least for every problem and every warning', () => {
    const expected = SCENARIOS.map(({ scenario }) => scenario.expect);
    const told = new Set(expected.flatMap(({ problems }) => Object.values(problems)));
    const warned = new Set(expected.flatMap(({ structure }) => Object.values(structure).flat()));
    expect(CATALOGUE.map(({ code }) => code).filter((code) => !told.has(code))).toEqual([]);
    expect(STRUCTURE_CATALOGUE.map(({ code }) => code).filter((code) => !warned.has(code))).toEqual([]);
  });

  it.each(SCENARIOS)('$name', ({ scenario }) => {
    const { problems, structure, recovers, refused } = play(scenario);
    const found = Object.fromEntries(problems.map((problem) => [problem.server, problem.code]));
    expect(found).toEqual(scenario.expect.problems);
    expect(structure).toEqual(scenario.expect.structure);
    expect(recovers).toEqual(scenario.expect.recovers);
    expect(refused).toEqual(scenario.expect.refused);
    const reasons = problems.flatMap((problem) => problem.because).join('\n');
    for (const words of scenario.expect.says) expect(reasons).toContain(words);
  });
});

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadScenarios, play } from '../../support/scenario.js';

const SCENARIOS = loadScenarios(fileURLToPath(new URL('../../scenarios', import.meta.url)));

describe('scenarios', () => {
  it('are found', () => {
    expect(SCENARIOS.length).toBeGreaterThan(20);
  });

  it.each(SCENARIOS)('$name', ({ scenario }) => {
    const { problems, structure } = play(scenario);
    const found = Object.fromEntries(problems.map((problem) => [problem.server, problem.code]));
    expect(found).toEqual(scenario.expect.problems);
    expect(structure).toEqual(scenario.expect.structure);
    const recovered = problems.filter((problem) => problem.reaction === 'recover-dead-primary');
    expect(recovered.map((problem) => problem.server)).toEqual(scenario.expect.recovers);
    const reasons = problems.flatMap((problem) => problem.because).join('\n');
    for (const words of scenario.expect.says) expect(reasons).toContain(words);
  });
});

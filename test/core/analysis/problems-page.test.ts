/** `docs/problems.md` must say what the catalogue says. `UPDATE=1` writes it anew. */
import { test } from 'vitest';
import { CATALOGUE, STRUCTURE_CATALOGUE } from '../../../src/core/analysis/catalogue.js';
import { REMEDIES } from '../../../src/core/analysis/remedies.js';
import { expectParts, tableOf } from '../../support/generated-page.js';

const PAGE = new URL('../../../docs/problems.md', import.meta.url);

/** All others have a recovery of their own. */
const WITHOUT_RECOVERY: Readonly<Record<string, string>> = { examine: 'looks closer', none: 'tells' };

test('the page on problems shows the catalogue as it is', async () => {
  await expectParts(PAGE, { problems: problems(), structure: structure() });
});

function problems(): string {
  // The first rule of a code is the most certain finding, and what that one calls for is what the code is known for.
  const named = CATALOGUE.filter((rule, at) => CATALOGUE.findIndex(({ code }) => code === rule.code) === at);
  const rows = named.map(({ code, sentence, severity, reaction }) => [
    `\`${code}\``,
    severity,
    sentence,
    WITHOUT_RECOVERY[reaction] ?? 'recovers',
    REMEDIES[code],
  ]);
  return tableOf(['Code', 'Severity', 'What it means', 'orchestrator', 'What you can do'], rows);
}

function structure(): string {
  const rows = STRUCTURE_CATALOGUE.map(({ code, severity, sentence }) => [`\`${code}\``, severity, sentence]);
  return tableOf(['Code', 'Severity', 'What it means'], rows);
}

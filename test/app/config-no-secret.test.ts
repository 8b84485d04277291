/**
 * Whatever a file says, nothing of a secret comes out: not in a fault, not in a remark, not in the configuration when
 * somebody prints it. Over all keys at once, with right and wrong values and with the secret wherever it could stand.
 */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultText } from '../../src/app/config/findings.js';
import { KEYS, keyNames, mayHoldSecret } from '../../src/app/config/keys/keys.js';
import { loadConfig } from '../../src/app/config/load.js';
import { writeConfig } from './config-files.js';

const SECRET = 'open-sesame-7361';

const holdingSecret = fc.oneof(
  fc.constantFrom(
    SECRET,
    `a${SECRET}`,
    `\${${SECRET}}`,
    `\${SECRET}`,
    `x\${SECRET}`,
    `http://u:${SECRET}@h/x`,
    `(${SECRET}`,
  ),
  fc.constantFrom([SECRET], [[SECRET]], [1, SECRET], { a: SECRET }, { [SECRET]: 1 }, { a: { b: [SECRET] } }),
);

const secretNames = keyNames().filter(mayHoldSecret);
const otherNames = keyNames().filter((name) => !mayHoldSecret(name));

const documents = fc.record({
  secrets: fc.dictionary(fc.constantFrom(...secretNames), holdingSecret),
  others: fc.dictionary(
    fc.constantFrom(...otherNames),
    fc.oneof(
      fc.constantFrom('', 0, 1, true, false, null, [], {}, 'x', ['x'], '${SECRET}', ['${SECRET}', 1], {
        a: '${SECRET}',
      }),
      fc.constantFrom(`https://user:${SECRET}@host:1/path`, [`http://user:${SECRET}@host:1`]),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  ),
  misspelled: fc.dictionary(fc.constantFrom('HTTPAuthPasswort', 'mysqlPassword', 'Consul'), holdingSecret),
});

function shown(config: unknown): string {
  return JSON.stringify(config) + inspect(config, { depth: 20 });
}

test('nothing of a secret is printed, whatever stands in the file', async () => {
  expect(secretNames).toEqual(
    expect.arrayContaining(['MySQLTopologyPassword', 'HTTPAuthPassword', 'ConsulAclToken', 'PostFailoverProcesses']),
  );
  await fc.assert(
    fc.asyncProperty(documents, async ({ secrets, others, misspelled }) => {
      const content = { ...others, ...secrets, ...misspelled };
      const loaded = await loadConfig({
        file: await writeConfig(content),
        environment: { SECRET },
        resolve: () => Promise.reject(new Error('no name server in tests')),
      });
      if (!loaded.ok) expect(loaded.error.map(faultText).join('\n')).not.toContain(SECRET);
      else expect(loaded.value.remarks.map(({ text }) => text).join('\n')).not.toContain(SECRET);
    }),
    { numRuns: 500 },
  );
});

test('a configuration with every password in it shows none of them', async () => {
  const content: Record<string, unknown> = { AuthenticationMethod: 'basic', HTTPAuthUser: 'u' };
  for (const name of secretNames) {
    content[name] = Array.isArray(KEYS[name].standard) ? [`echo ${SECRET}`] : SECRET;
  }
  const loaded = await loadConfig({ file: await writeConfig(content), environment: {} });
  expect(loaded.ok && loaded.value.config.mysql.password.reveal()).toBe(SECRET);
  expect(shown(loaded.ok && loaded.value.config)).not.toContain(SECRET);
});

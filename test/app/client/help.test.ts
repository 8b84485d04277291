/** The help of every command: what it says can be run as it stands. */
import { describe, expect, it } from 'vitest';
import { COMMAND_GROUPS, commandNames, findCommand, isSpecial } from '../../../src/app/client/commands/catalogue.js';
import { fillPath, readGiven, withPorts } from '../../../src/app/client/given.js';
import { parseOptions } from '../../../src/app/client/options.js';
import type { Dialect } from '../../../src/app/client/surroundings.js';
import { run } from './client-run.js';

const NOWHERE = 'http://127.0.0.1:1';
const BOTH = (['script', 'program'] as const).flatMap((dialect) =>
  commandNames(dialect)
    .filter((name) => name !== 'help')
    .map((name): [string, Dialect] => [name, dialect]),
);

/** As a shell splits them. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, twice, once, plain]) => twice ?? once ?? plain ?? '');
}

describe('help', () => {
  it.each(BOTH)('of %s (%s) has an example that is a call of it', async (name, dialect) => {
    const program = dialect === 'script' ? 'orchestrator-client' : 'orchestrator';
    const { code, out } = await run(NOWHERE, ['-c', name, '--help'], {}, '/nonexistent', { dialect });
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^${name}: .+\n {2}${program} -c ${name}`));
    const [, example = ''] = new RegExp(`\nExample:\n {2}${program} (.*)\n$`).exec(out) ?? [];
    const options = parseOptions(wordsOf(example));
    if (!options.ok) throw new Error(`${example}: ${options.error}`);
    expect(options.value.command).toBe(name);
    const command = findCommand(name, dialect);
    if (command === null || isSpecial(command)) return;
    const given = withPorts(readGiven(options.value), 3306);
    expect(fillPath(command.path, given, 3306), example).toMatchObject({ ok: true });
    for (const blank of command.needs ?? []) expect(given[blank], example).not.toBe('');
  });

  it('tells of exit codes, of --watch and --dry-run where they are taken, and is data with --json', async () => {
    const { out } = await run(NOWHERE, ['-c', 'help']);
    expect(out).toMatch(/Exit codes:\n {2}0 {4}done[\s\S]* {2}1 {4}refused[\s\S]* {2}130 {2}ended by \^C/);
    expect((await run(NOWHERE, ['-c', 'topology', '-h'])).out).toContain(
      '(-i HOST[:PORT] | -a CLUSTER) [--watch[=SECONDS]]',
    );
    expect((await run(NOWHERE, ['-c', 'relocate', '-h'])).out).toContain('[--dry-run]');
    const listed = JSON.parse((await run(NOWHERE, ['-c', 'help', '--json'])).out) as { command: string }[];
    expect(listed.map(({ command }) => command)).toEqual(commandNames().filter((name) => name !== 'help'));
  });

  it('of the program lists its own commands beside', async () => {
    const { out } = await run(NOWHERE, ['-c', 'help'], {}, '/nonexistent', { dialect: 'program' });
    expect(out).toMatch(/^orchestrator -c COMMAND/);
    expect(out).toContain('show-resolve-hosts');
  });

  it('has every command in one group', () => {
    expect(COMMAND_GROUPS.flatMap(({ commands }) => commands.map(({ name }) => name)).sort()).toEqual(
      commandNames()
        .filter((name) => name !== 'help')
        .sort(),
    );
  });
});

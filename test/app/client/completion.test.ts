/** Completion, asked by a real bash: its words, its colons, and names that a node was asked for. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeProgram } from '../../../src/app/cli/completion.js';
import { shellScript } from '../../../src/app/client/completion/shell-scripts.js';
import { FakeService } from '../../adapters/http/fake-service.js';
import { type Listening, run, serve } from './client-run.js';

const bash = promisify(execFile);

let node: Listening;
let folder: string;

beforeAll(async () => {
  node = await serve(new FakeService());
  folder = await mkdtemp(join(tmpdir(), 'completion-'));
});

afterAll(async () => {
  await node.close();
  await rm(folder, { recursive: true });
});

/** What the program answers to the shell, a line each. */
async function asked(...words: string[]): Promise<readonly string[]> {
  const { code, out } = await run(node.url, ['completion', 'words', ...words]);
  expect(code).toBe(0);
  return out.split('\n').slice(0, -1);
}

async function askedOfProgram(...words: string[]): Promise<readonly string[]> {
  let out = '';
  const asker = { out: (text: string) => void (out += text), err: () => undefined, profileFile: '/nonexistent' };
  await completeProgram(['words', ...words], { ...asker, environment: { ORCHESTRATOR_API: node.url } });
  return out.split('\n').slice(0, -1);
}

describe('of a line of orchestrator-client', () => {
  it.each([
    [
      ['-c', 'which-cl'],
      [
        'which-cluster',
        'which-cluster-alias',
        'which-cluster-gh-ost-replicas',
        'which-cluster-instances',
        'which-cluster-master',
        'which-cluster-osc-replicas',
        'which-cluster-osc-running-replicas',
      ],
    ],
    [['-c', 'stat'], ['status']],
    [['--command=hist'], ['--command=history']],
    [
      ['-c', 'topology', '-i', 'read'],
      ['read-replica-1:3306', 'read-replica-2:3306'],
    ],
    [['-c', 'topology', '-i', 'read-replica-1:33'], ['read-replica-1:3306']],
    [['-c', 'relocate', '-i', 'x', '-d', 'ma'], ['main:3306']],
    [['-c', 'topology', '-a', ''], ['main:3306']],
    [['-c', 'topology', '--alias=m'], ['--alias=main:3306']],
    [
      ['-c', 'register-candidate', '-R', 'prefer'],
      ['prefer', 'prefer_not'],
    ],
    [['-c', 'clusters', '--tls-ca', '/et'], [':files']],
    [['-c', 'topology', '--w'], ['--watch']],
    [['-c', 'forget', '--w'], []],
    [['-c', 'clusters', '-U', ''], []],
    [['comp'], ['completion']],
  ])('%j can end so', async (words, expected) => {
    expect(await asked(...words)).toEqual(expected);
  });

  it('the options that the command takes can follow, and none that was given', async () => {
    expect(await asked('-c', 'graceful-master-takeover', '-a', 'shop', '-')).toEqual([
      '-i',
      '-d',
      '-U',
      '-b',
      '--dry-run',
      '--no-color',
      '--json',
      '--help',
    ]);
    expect(await asked('-c', 'history', '-')).toContain('-a');
  });

  it('names are left out, and nothing is said, when nobody answers', async () => {
    const { code, out, err } = await run('http://127.0.0.1:9', ['completion', 'words', '-c', 'topology', '-i', '']);
    expect({ code, out, err }).toEqual({ code: 0, out: '', err: '' });
  });

  it('and of no shell that is not known', async () => {
    const { code, err } = await run(node.url, ['completion', 'fish']);
    expect(code).toBe(1);
    expect(err).toContain('it is "orchestrator-client completion bash|zsh"');
  });
});

describe('of a line of orchestrator', () => {
  it.each([
    [['co'], ['config', 'completion']],
    [['config', ''], ['check']],
    [
      ['raft', 're'],
      ['remove', 'replace', 'recover'],
    ],
    [['help', 'raft', 'sn'], ['snapshot']],
    [
      ['completion', ''],
      ['bash', 'zsh'],
    ],
    [['--config', 'orch'], [':files']],
    [['-c', 'find'], ['find']],
    [['-c', 'topology', '--alias', 'ma'], ['main:3306']],
    [['-c', 'relocate', '-i', 'read-replica-2'], ['read-replica-2:3306']],
    [['-c', 'register-candidate', '--pro'], ['--promotion-rule']],
  ])('%j can end so', async (words, expected) => {
    expect(await askedOfProgram(...words)).toEqual(expected);
  });
});

describe('in a real bash', () => {
  /** Sources the script, puts the line where bash puts it when TAB is pressed, and prints what bash would offer. */
  async function offered(line: string, wordBreaks?: string): Promise<readonly string[]> {
    const program = join(folder, 'orchestrator-client');
    // Answers with words that it was asked for before, as the program did.
    const words = line.slice('orchestrator-client '.length).split(' ');
    const answer = (await asked(...words)).join('\n');
    await writeFile(program, `#!/bin/bash\nprintf '%s\\n' "$@" > ${folder}/given\nprintf '%s\\n' '${answer}'\n`);
    await chmod(program, 0o755);
    const script = `
      source <(cat <<'SCRIPT'
${shellScript('bash', 'orchestrator-client')}
SCRIPT
      )
      ${wordBreaks === undefined ? '' : `COMP_WORDBREAKS='${wordBreaks}'`}
      COMP_LINE='${line}' COMP_POINT=${String(line.length)}
      _orchestrator_client ${program} '' ''
      printf '%s\\n' "\${COMPREPLY[@]}"
      complete -p orchestrator-client >&2`;
    const { stdout, stderr } = await bash('bash', ['--norc', '-c', script]);
    expect(stderr).toContain('complete -F _orchestrator_client orchestrator-client');
    return stdout.split('\n').filter((word) => word !== '');
  }

  it('commands are offered', async () => {
    expect(await offered('orchestrator-client -c raft-l')).toEqual(['raft-leader', 'raft-leader-hostname']);
  });

  it('what stands before a colon is not put in twice', async () => {
    expect(await offered('orchestrator-client -c topology -i read-replica-1:')).toEqual(['3306']);
    expect(await offered('orchestrator-client -c topology -i read-replica-1:', ' =')).toEqual(['read-replica-1:3306']);
    expect(await offered('orchestrator-client -c topology --alias=ma')).toEqual(['main:3306']);
  });

  it('files are offered where a file is meant', async () => {
    await writeFile(join(folder, 'ca.pem'), '');
    expect(await offered(`orchestrator-client -c clusters --tls-ca ${folder}/ca`)).toEqual([`${folder}/ca.pem`]);
  });

  it.each(['orchestrator', 'orchestrator-client'])('the script of %s is one that bash can read', async (program) => {
    await expect(bash('bash', ['-n', '-c', shellScript('bash', program)])).resolves.toMatchObject({ stderr: '' });
    // No zsh stands here: that its function and its command are named is all that can be seen.
    expect(shellScript('zsh', program)).toMatch(
      new RegExp(`^#compdef ${program}\n[\\s\\S]*_${program.replace('-', '_')}\\(\\) \\{`),
    );
  });
});

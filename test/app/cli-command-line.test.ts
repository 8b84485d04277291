import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../src/app/cli/command-line.js';

const parsed = (line: string): unknown => {
  const request = parseCommandLine(line.split(' ').filter((word) => word !== ''));
  return request.ok ? request.value : request.error;
};

describe('running a node', () => {
  const node = { verb: 'http', file: 'a.json', logLevel: null, stacks: false, observesOnly: false };
  test.each([
    '--config a.json http',
    '-config a.json http',
    '--config=a.json http',
    '-config=a.json http',
    'http -config a.json',
  ])('%s', (line) => {
    expect(parsed(line)).toEqual(node);
  });

  test.each([
    ['http', { file: null }],
    ['--debug http', { logLevel: 'debug', stacks: true }],
    ['-verbose http', { logLevel: 'info' }],
    ['--quiet http', { logLevel: 'error' }],
    ['--quiet --debug http', { logLevel: 'debug', stacks: true }],
    ['--debug=false --stack http', { logLevel: null, stacks: true }],
    ['--observe-only http', { observesOnly: true }],
    ['--ignore-raft-setup --skip-continuous-registration --grab-election http', { logLevel: null }],
  ])('%s', (line, part) => {
    expect(parsed(line)).toEqual({ ...node, file: null, ...part });
  });
});

describe('other requests', () => {
  test.each([
    ['config check a.json', { verb: 'config-check', file: 'a.json' }],
    ['--config a.json config check', { verb: 'config-check', file: 'a.json' }],
    ['config check', { verb: 'config-check', file: null }],
    ['grants', { verb: 'grants', file: null, server: null }],
    ['grants --version 5.6', { verb: 'grants', file: null, server: '5.6' }],
    ['--config f grants --version=10.11', { verb: 'grants', file: 'f', server: '10.11' }],
    ['--version grants', { verb: 'version' }],
    ['version', { verb: 'version' }],
    ['--version http', { verb: 'version' }],
    ['help', { verb: 'help', topic: null }],
    ['help config', { verb: 'help', topic: 'config' }],
    ['http -h', { verb: 'help', topic: 'http' }],
    ['help relocate', { verb: 'command', command: 'relocate', options: new Map([['help', '']]) }],
    [
      '-c relocate --help',
      {
        verb: 'command',
        command: 'relocate',
        options: new Map([
          ['c', 'relocate'],
          ['help', ''],
        ]),
      },
    ],
  ])('%s', (line, request) => {
    expect(parsed(line)).toEqual(request);
  });

  test.each(['-c topology -i db1', 'cli -c topology -i db1', '-c=topology -i=db1'])('%s is a command', (line) => {
    expect(parsed(line)).toMatchObject({ verb: 'command', command: 'topology' });
  });
});

describe('a wrong call is answered with a sentence', () => {
  test.each([
    ['', 'nothing was asked for; "orchestrator http" runs a node'],
    ['htttp', '"htttp" is not something this program does; is http meant?'],
    ['zebra', '"zebra" is not something this program does'],
    ['--confg=secret http', '--confg is not an option; is --config meant?'],
    ['--config', '--config needs a value'],
    ['--debug=perhaps http', '--debug=perhaps: allowed are true and false'],
    ['http now', 'http takes nothing after it, and "now" was given'],
    ['config', 'config is followed by "check" and a file'],
    ['config check a b', 'one file is checked at a time, and "b" was given as well'],
    ['-c relocate -d a -s b', '-s and -d mean the same; give one of them'],
    ['--discovery=false http', '--discovery=false is not supported: a node always looks at the servers it knows'],
    ['--5 http', '--5 is not an option'],
  ])('%s', (line, sentence) => {
    expect(parsed(line)).toBe(sentence);
  });
});

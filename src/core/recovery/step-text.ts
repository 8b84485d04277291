/** A step in words, for the plan that is shown before it runs and for the log of a person. */
import { binlogPositionText } from '../topology/binlog-position.js';
import type { ServerId } from '../topology/server.js';
import { HOOK_KEYS } from './telling/hook-terms.js';
import type { Step, StepKind } from './step.js';
import { describeAction } from './requests/switch-action.js';

const THREADS = { io: 'IO thread', sql: 'applier' } as const;

type NameOf = (server: ServerId) => string;
type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;

const TEXTS: { readonly [K in StepKind]: (step: StepOf<K>, server: string, nameOf: NameOf) => string } = {
  look: ({ again }, server) =>
    again === true ? `read once more how far ${server} has come` : `read the state of ${server}`,
  'stop-io': ({ again }, server) =>
    `stop the IO thread of ${server}${again === true ? ' again' : ''} and read what it has received`,
  'await-applied': ({ limitMs }, server) => `wait until ${server} has applied all of it, at most ${limitMs / 1000} s`,
  'await-received': ({ limitMs }, server) => `wait until ${server} has received all of it, at most ${limitMs / 1000} s`,
  'run-until': ({ until, limitMs }, server) =>
    `let ${server} apply up to ${until} and stand there, within ${limitMs / 1000} s`,
  repoint: (step, server, nameOf) => `point ${server} at ${nameOf(step.source)}${placeIn(step)}${restIn(step)}`,
  locate: ({ source }, server, nameOf) => `search the binary log of ${nameOf(source)} for where ${server} would go on`,
  'promise-promotion': ({ epoch }, server) =>
    `commit ${server} as the primary of epoch ${epoch}: the point of no return`,
  detach: (_, server) => `make ${server} forget its source`,
  open: (_, server) => `open ${server} for writes`,
  close: (_, server) => `close ${server} for writes and read its last transactions`,
  fence: (_, server) => `fence ${server}: no client session, read-only`,
  acknowledge: ({ on }, server) => `make ${server} acknowledge what it receives ${on ? '' : 'no more '}(semi-sync)`,
  release: (_, server) => `let commits on ${server} go on that wait for an acknowledgement (semi-sync)`,
  sever: (_, server) => `detach ${server} from its source`,
  reattach: (_, server) => `let ${server} reach its source again`,
  'inject-empty': ({ gtids }, server) => `commit empty transactions on ${server} under ${gtids}`,
  'keep-binary-logs': ({ gtids }, server) => `copy the binary logs of ${server} that hold ${gtids} to this node`,
  'reset-gtids': ({ gtids, drops }, server) =>
    `empty the binary logs of ${server} and let it know ${gtids || 'nothing'}, without ${drops}`,
  'prepare-clone': (_, server) => `make sure that ${server} has the CLONE plugin`,
  clone: ({ source }, server, nameOf) => `replace all data of ${server} by a copy of ${nameOf(source)}`,
  'start-replica': ({ rests }, server) =>
    `start the replication of ${server} where it is${rests === undefined ? '' : `, without its ${THREADS[rests]}`}`,
  'restart-io': (_, server) => `restart the IO thread of ${server} to learn whether its source still speaks`,
  hooks: ({ list }) => `run the hooks of ${HOOK_KEYS[list]}`,
  switch: ({ action }, server) => describeAction(action, server),
  publish: (_, server) => `write ${server} as the primary to the key-value stores`,
};

export function describeStep(step: Step, nameOf: NameOf): string {
  return textOf(step.kind, step as never, nameOf(step.server), nameOf);
}

function textOf<K extends StepKind>(kind: K, step: StepOf<K>, server: string, nameOf: NameOf): string {
  return TEXTS[kind](step, server, nameOf);
}

function restIn({ start, rests }: StepOf<'repoint'>): string {
  if (!start) return ' and leave its replication stopped';
  return rests === undefined ? '' : ` and leave its ${THREADS[rests]} stopped`;
}

function placeIn({ begin }: StepOf<'repoint'>): string {
  return begin === undefined ? '' : ` from ${binlogPositionText(begin.at)} on`;
}

/** A step in words, for the plan that is shown before it runs and for the log of a person. */
import { binlogPositionText } from '../topology/binlog-position.js';
import type { ServerId } from '../topology/server.js';
import { HOOK_KEYS } from './hook-terms.js';
import type { Step } from './step.js';

export function describeStep(step: Step, nameOf: (server: ServerId) => string): string {
  const server = nameOf(step.server);
  switch (step.kind) {
    case 'look':
      return step.again === true
        ? `make sure that nothing was written to ${server} meanwhile`
        : `read the state of ${server}`;
    case 'stop-io':
      return `stop the IO thread of ${server} and read what it has received`;
    case 'await-applied':
      return `wait until ${server} has applied all of it, at most ${step.limitMs / 1000} s`;
    case 'repoint':
      return `point ${server} at ${nameOf(step.source)}${placeIn(step)}${step.start ? '' : ' and leave its replication stopped'}`;
    case 'promise-promotion':
      return `commit ${server} as the primary of epoch ${step.epoch}: the point of no return`;
    case 'detach':
      return `make ${server} forget its source`;
    case 'open':
      return `open ${server} for writes`;
    case 'close':
      return `close ${server} for writes and read its last transactions`;
    case 'fence':
      return `fence ${server}: no client session, read-only`;
    case 'restart-io':
      return `restart the IO thread of ${server} to learn whether its source still speaks`;
    case 'hooks':
      return `run the hooks of ${HOOK_KEYS[step.list]}`;
    case 'publish':
      return `write ${server} as the primary to the key-value stores`;
  }
}

function placeIn({ begin }: Extract<Step, { kind: 'repoint' }>): string {
  return begin === undefined ? '' : ` from ${binlogPositionText(begin.at)} on`;
}

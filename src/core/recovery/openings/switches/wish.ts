/** A switch as it is asked for, and what an answer to it is made of. */
import { addressText } from '../../../topology/address.js';
import { type Channel, mainChannel, type Server, type ServerId } from '../../../topology/server.js';
import { indexServers, sourceOf } from '../../../topology/sources.js';
import { type Belief, refusal, type Refusal } from '../../belief.js';
import { gtidsIn, isNone, minus } from '../../gtids.js';
import type { RecoveryPolicy } from '../../policy.js';
import type { Sights } from '../../sights.js';
import type { Step } from '../../step.js';
import type { SwitchAction, Threads } from '../../switch-action.js';
import type { SwitchCommand } from '../../switching.js';

export interface SwitchWish {
  readonly command: SwitchCommand;
  readonly server: ServerId;
  /** Null: all of them where several may be meant, else the main one. */
  readonly channel: string | null;
  /** delay-replication: seconds. */
  readonly seconds: number | null;
  /** purge-binary-logs: the first that stays, or `latest`. flush-binary-logs: the one that is to be written; '' for the next. */
  readonly binaryLog: string;
  /** kill-query: the connection, as the server's process list numbers it. */
  readonly connection: number | null;
  /** start-replica: `file:position` or GTIDs at which the applier stops; '' for no end. */
  readonly until: string;
  /** Passes what protects operators from themselves, and never what protects their data. */
  readonly force: boolean;
}

export interface Asked {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly sights: Sights;
  readonly server: Server;
  /** `host:port`. */
  readonly name: string;
  /** Whom its main channel leads to, where that is a server that is known. */
  readonly source: Server | null;
  readonly wish: SwitchWish;
}

/** What is to be done, and everything that speaks against it. */
export interface Switching {
  readonly steps: readonly Step[];
  readonly afterwards?: readonly Step[];
  /** Beside the server itself: looked at or changed too, under their barriers. */
  readonly others?: readonly Server[];
  readonly refusals: readonly (Refusal | null)[];
}

export type Judge = (asked: Asked) => Switching;

export function askedOf(question: Pick<Asked, 'belief' | 'policy' | 'sights' | 'server' | 'wish'>): Asked {
  const { belief, server } = question;
  const source = sourceOf(indexServers(belief.servers.values()), server);
  return { ...question, name: addressText(server.address), source };
}

export function step({ server }: Pick<Asked, 'server'>, action: SwitchAction): Step {
  return { kind: 'switch', server: server.id, action };
}

/** The refusal, if that is so. */
export function when(is: boolean, code: string, message: string, mend: string): Refusal | null {
  return is ? refusal(code, message, mend) : null;
}

/** The one that is asked for, or that the others are beside. */
export function channelOf({ server, wish }: Asked): Channel | null {
  if (wish.channel === null) return mainChannel(server.facts);
  return server.facts.channels.find(({ name }) => name === wish.channel) ?? null;
}

/** Every switch of replication begins with it. */
export function noReplica(asked: Asked): Refusal | null {
  const { name, wish, server } = asked;
  if (server.facts.channels.length === 0) {
    return refusal('not-a-replica', `instance is not a replica: ${name}`, 'name a server that replicates');
  }
  if (channelOf(asked) !== null) return null;
  const known = server.facts.channels.map((channel) => `"${channel.name}"`).join(', ');
  return refusal('no-channel', `${name} has no channel "${wish.channel ?? ''}"`, `name one of ${known}`);
}

/** Commands that are about one source take the main channel. */
export function mainChannelOnly({ wish, name }: Asked): Refusal | null {
  const text = `${wish.command} of ${name} is about its main channel, and no other may be named`;
  return when(wish.channel !== null && wish.channel !== '', 'no-channel', text, 'leave the channel out');
}

/** The main channel, as it was. */
export function startAgain(asked: Asked): Step {
  const channel = channelOf(asked)?.name ?? '';
  return step(asked, { do: 'start', channel, until: '', acknowledges: false, refetches: canRefetch(asked) });
}

/** As they are to be again afterwards. One that is connecting runs. */
export function threadsOf(asked: Asked): Threads {
  const channel = channelOf(asked);
  return { io: channel !== null && channel.ioThread !== 'stopped', sql: channel?.sqlThread === 'running' };
}

/** The source lives and has all that was received from it: what is thrown away is fetched again. */
export function canRefetch({ server, source, sights }: Asked): boolean {
  const own = sights(server.id).vitals;
  const other = source === null ? null : sights(source.id);
  if (own === null || other?.vitals == null || !other.answers) return false;
  const received = own.channels.map(({ retrievedGtids }) => retrievedGtids).filter((set) => set !== '');
  return isNone(minus(gtidsIn(received.join(',')), other.vitals.executedGtids));
}

export function withoutGroup({ server, name }: Asked): Refusal | null {
  const { group } = server.facts;
  const text = `${name} is a member of a replication group, which says itself who replicates and who takes writes`;
  return when(group !== null, 'group', text, 'use the statements of group replication');
}

/** A switch as it is asked for, and what an answer to it is made of. */
import { addressText } from '../../../topology/address.js';
import { type Channel, isGroupMember, mainChannel, type Server, type ServerId } from '../../../topology/server.js';
import { indexServers, sourceOf, sourceOfChannel } from '../../../topology/sources.js';
import { type Belief, refusal, type Refusal } from '../../belief.js';
import { namedIn } from '../../channels.js';
import { gtidsIn, isNone, minus } from '../../progress/gtids.js';
import type { RecoveryPolicy } from '../../policy.js';
import type { Sights } from '../../sights.js';
import type { Step } from '../../step.js';
import type { SwitchAction, Threads } from '../../requests/switch-action.js';
import type { SwitchCommand } from '../../requests/switching.js';

export interface SwitchWish {
  readonly command: SwitchCommand;
  readonly server: ServerId;
  /** Null: all of them where several may be meant, else the only one. */
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
  /** Whom the channel that is meant leads to, or its main one, where that is a server that is known. */
  readonly source: Server | null;
  readonly wish: SwitchWish;
}

/** What is to be done, and everything that speaks against it. */
export interface Switching {
  readonly steps: readonly Step[];
  readonly afterwards?: readonly Step[];
  /** Beside the server itself: looked at or changed too, under their barriers. */
  readonly others?: readonly Server[];
  /** One: it is about one source, and the other channels run on. Any: about those that are named, or all. Absent: no channel may be named. */
  readonly channels?: 'one' | 'any';
  readonly refusals: readonly (Refusal | null)[];
}

export type Judge = (asked: Asked) => Switching;

export function askedOf(question: Pick<Asked, 'belief' | 'policy' | 'sights' | 'server' | 'wish'>): Asked {
  const { belief, server, wish } = question;
  const index = indexServers(belief.servers.values());
  const named = wish.channel === null ? null : channelOf(question);
  const source = named === null ? sourceOf(index, server) : sourceOfChannel(index, named);
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
export function channelOf({ server, wish }: Pick<Asked, 'server' | 'wish'>): Channel | null {
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

/** What is about one source, where nobody has said which of several is meant. */
export function unclearChannel({ wish, name, server }: Asked): Refusal | null {
  const { channels } = server.facts;
  const names = channels.map((channel) => `"${channel.name}" from ${addressText(channel.source)}`).join(', ');
  const text = `${name} replicates over several channels (${names}), and ${wish.command} is about one of them`;
  const mend = `name one of them with --channel (?channel= over HTTP), ${DEFAULT_CHANNEL}`;
  return when(wish.channel === null && channels.length > 1, 'several-channels', text, mend);
}

const DEFAULT_CHANNEL = '`default` for the one without a name';

/** What is about the whole server is not narrowed by naming a channel. */
export function noChannelMeant({ wish, name }: Asked): Refusal | null {
  const text = `${wish.command} is about ${name} as a whole, and not about one of its channels`;
  return when(wish.channel !== null, 'no-channel', text, 'leave the channel out');
}

/** What its actions say of the channel: nothing of a server with a single one, which is meant without being named. */
export function channelNamed(asked: Asked): { readonly channel?: string } {
  return namedIn(asked.server.facts, channelOf(asked));
}

/** The channel that is meant, as it was. */
export function startAgain(asked: Asked): Step {
  const channel = channelOf(asked)?.name ?? '';
  return step(asked, { do: 'start', channel, until: '', acknowledges: false, refetches: canRefetch(asked) });
}

/** As they are to be again afterwards. One that is connecting runs. */
export function threadsOf(asked: Asked): Threads {
  const channel = channelOf(asked);
  return { io: channel !== null && channel.ioThread !== 'stopped', sql: channel?.sqlThread === 'running' };
}

/** The sources live and have all that was received from them: what is thrown away is fetched again. */
export function canRefetch({ belief, server, wish, sights }: Asked): boolean {
  const own = sights(server.id).vitals;
  const index = indexServers(belief.servers.values());
  const { channels } = server.facts;
  const meant = wish.channel === null ? channels : channels.filter(({ name }) => name === wish.channel);
  return meant.every((channel) => {
    const source = sourceOfChannel(index, channel);
    const other = source === null ? null : sights(source.id);
    if (own === null || other?.vitals == null || !other.answers) return false;
    const received = own.channels.find(({ name }) => name === channel.name)?.retrievedGtids ?? '';
    return isNone(minus(gtidsIn(received), other.vitals.executedGtids));
  });
}

export function withoutGroup({ server, name }: Asked): Refusal | null {
  const text = `${name} is a member of a replication group, which says itself who replicates and who takes writes`;
  return when(isGroupMember(server.facts), 'group', text, 'use the statements of group replication');
}

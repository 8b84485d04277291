/**
 * Opens an operator's change of one server, or says why not, with every reason, before anything is touched. Whoever asks
 * passes what holds automation back; nobody passes what keeps data, or two servers of one cluster from taking writes.
 */
import { addressText } from '../../topology/address.js';
import { type Belief, refusal, type Refusal } from '../belief.js';
import { placeParticipant } from '../choice/candidates.js';
import type { RecoveryPolicy } from '../policy.js';
import type { Sights } from '../sights.js';
import type { SwitchCommand } from '../requests/switching.js';
import type { SoftState } from './graceful-takeover.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';
import { ERRANT } from './switches/errant.js';
import { LOGS } from './switches/logs.js';
import { REPLICATION } from './switches/replication.js';
import { SEMI_SYNC } from './switches/semi-sync.js';
import { askedOf, channelNamed, type Judge, noChannelMeant, type SwitchWish } from './switches/wish.js';
import { WRITES } from './switches/writes.js';

const JUDGES: Readonly<Record<SwitchCommand, Judge>> = {
  ...REPLICATION,
  ...SEMI_SYNC,
  ...WRITES,
  ...LOGS,
  ...ERRANT,
};

export interface SwitchEyes {
  readonly soft: SoftState;
  readonly sights: Sights;
}

export function openSwitch(
  belief: Belief,
  policy: RecoveryPolicy,
  wish: SwitchWish,
  { soft, sights }: SwitchEyes,
  context: OpeningContext,
): Opening {
  const server = belief.servers.get(wish.server);
  if (server === undefined) {
    const mend = 'discover it: orchestrator-client -c discover -i HOST:PORT';
    return refused(refusal('unknown-server', `server ${wish.server} is not known`, mend));
  }
  const asked = askedOf({ belief, policy, sights, server, wish });
  const { steps, afterwards = [], others = [], channels, refusals } = JUDGES[wish.command](asked);
  const silent = [server, ...others].filter(({ id }) => !soft.answers(id));
  const found: readonly Refusal[] = [
    ...[...refusals, channels === undefined ? noChannelMeant(asked) : null].filter((one) => one !== null),
    ...silent.map(({ address }) =>
      refusal('does-not-answer', `${addressText(address)} does not answer`, 'bring it back first'),
    ),
  ];
  if (found.length > 0) return refused(...found);
  return opened(
    context,
    {
      kind: 'switch',
      clusterId: server.clusterId,
      code: 'Switch',
      description: `${wish.command} on ${asked.name}`,
      failed: server.id,
    },
    {
      participants: [
        { ...placeParticipant(server, 0, 0), ...(channels === 'one' ? channelNamed(asked) : {}) },
        ...others.map((one) => placeParticipant(one, 0, 0)),
      ],
      epoch: (belief.clusters.get(server.clusterId)?.epoch ?? 0) + 1,
      requestedCandidate: null,
      startFormerPrimary: false,
      applyLimitMs: policy.applyLimitMs,
      semiSync: null,
      forced: true,
      switching: { command: wish.command, steps, afterwards },
    },
  );
}

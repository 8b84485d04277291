/**
 * What goes on about the primary at this moment, told with the explanation: who asks why nothing happens while a primary
 * cannot be reached is told what its death lacks to be proven, and what would mend that. And what could keep a death from
 * being noticed or acted upon later: a leader that does not see the primary, a data centre that would fall silent as a whole.
 */
import type { Judgement, Lack } from '../../analysis/corroborate.js';
import { addressText } from '../../topology/address.js';
import type { Server } from '../../topology/server.js';
import { refusal, type Refusal } from '../belief.js';

/**
 * judged: by this node, which leads and collects the votes. told: this node follows, and knows the name alone under which
 * the leader has put it into the log.
 */
export type Emergency =
  | { readonly kind: 'judged'; readonly judgement: Judgement }
  | { readonly kind: 'told'; readonly code: string; readonly leader: string | null };

/** The name of the primary takes the place of CLUSTER. */
const FORCE = 'if it is dead for certain: orchestrator-client -c force-master-failover -i CLUSTER';

const MENDS: Readonly<Record<Lack, string>> = {
  reached: 'mend the way to it from those who cannot reach it',
  'too-young': 'wait a second',
  disagreement: `bring the other orchestrators back, or mend their way to it; ${FORCE}`,
  grace: `wait, or lower PrimaryRestartGraceSeconds; ${FORCE}`,
  'isolated-site': `set RecoverSilentDataCenterClusterFilters, or the durability policy cross-zone; ${FORCE}`,
  'site-unread': 'wait a second',
  receiving: 'mend the way to it from the orchestrators: it lives',
  'undecided-replica': `wait for the heartbeats of its replicas, or lower SOURCE_HEARTBEAT_PERIOD; ${FORCE}`,
  'stopped-replicas': `start replication on one of them; ${FORCE}`,
};

export function doubts(
  primary: Server,
  emergency: Emergency | null,
): { readonly refusals: readonly Refusal[]; readonly warnings: readonly Refusal[] } {
  if (emergency === null) return { refusals: [], warnings: [] };
  const name = addressText(primary.address);
  if (emergency.kind === 'told') return { refusals: told(name, emergency), warnings: [] };
  const { judgement } = emergency;
  const { lack, missing, nodes, blindness } = judgement;
  const blind =
    blindness === null
      ? []
      : [
          refusal(
            'blind-leader',
            `${name}: ${blindness}`,
            'mend its way there, or let another lead: orchestrator raft transfer',
          ),
        ];
  if (lack === null || missing === null || !judgement.settled) return { refusals: [], warnings: blind };
  const code = lack === 'isolated-site' || lack === 'grace' ? lack : 'unproven';
  const mend = MENDS[lack].replace('CLUSTER', name);
  return { refusals: [refusal(code, `${name}: ${missing} (${nodes.words})`, mend)], warnings: blind };
}

/** A death that is proven is acted upon, or the reasons why not are among the others. */
function told(name: string, { code, leader }: Extract<Emergency, { kind: 'told' }>): readonly Refusal[] {
  if (!code.startsWith('Unreachable')) return [];
  const who = leader ?? 'the leader';
  const message = `${name} is ${code} by the votes that ${who} collects, which is no proof of its death`;
  return [refusal('unproven', message, `ask ${who}, who knows what is missing`)];
}

/** Once the whole data centre of the primary falls silent with it, that is not taken for a death. */
export function siteWarning(
  primary: Server,
  replicas: readonly Server[],
  recoversSilentSite: boolean,
): readonly Refusal[] {
  const { dataCenter } = primary.facts;
  const isElsewhere = replicas.some(({ facts }) => facts.dataCenter !== '' && facts.dataCenter !== dataCenter);
  if (dataCenter === '' || recoversSilentSite || !isElsewhere) return [];
  return [
    refusal(
      'silent-site',
      `if all of data centre "${dataCenter}" fell silent together with ${addressText(primary.address)}, that would be taken for a cut, and nobody promoted`,
      'set RecoverSilentDataCenterClusterFilters, or the durability policy cross-zone',
    ),
  ];
}

/** The replica's side of semi-sync as an operator asks for it: one that is stopped is switched and stays stopped. */
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { acknowledge } from '../replica/acknowledge.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { readReplica } from '../reading/replica-state.js';
import { semiSyncVariables } from '../primary/semi-sync.js';

export async function switchAcknowledging(hold: Hold, on: boolean): Promise<StepFindings> {
  const replica = await readReplica(hold, READ_MS);
  if (replica !== null && replica.io !== 'No') return await acknowledge(hold, on);
  const variables = await semiSyncVariables(hold);
  const names = hold.dialect.semiSyncPrefixes.find((one) => variables.has(`${one.replica}_enabled`));
  if (names === undefined) {
    throw new StepFailed(
      'state',
      `${addressText(hold.address)}: the plugin of semi-sync replicas is not loaded`,
      false,
    );
  }
  if ((variables.get(`${names.replica}_enabled`) === 'ON') === on) return { text: 'it was so' };
  await hold.change(`SET GLOBAL ${names.replica}_enabled = ${on ? '1' : '0'}`, CHANGE_MS);
  return { text: 'it is so when its replication is started' };
}

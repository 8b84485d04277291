/** By which name this node signs the errors it answers with (PrependMessagesWithOrcIdentity of Percona's fork). */
import { lookup, lookupService } from 'node:dns/promises';
import { hostname } from 'node:os';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';

/** '' for none. */
export async function readIdentity(values: Values, findings: Findings): Promise<string> {
  switch (values.PrependMessagesWithOrcIdentity) {
    case 'none':
      return '';
    case 'hostname':
      return hostname();
    case 'fqdn':
      return await fullName();
    case 'custom':
      if (values.CustomOrcIdentity === '') {
        findings.fault(
          'CustomOrcIdentity',
          'nothing was given, and PrependMessagesWithOrcIdentity is "custom"; allowed: a text',
        );
      }
      return values.CustomOrcIdentity;
  }
}

/** Where no name server tells it, the name that the machine has is as good as any. */
async function fullName(): Promise<string> {
  const name = hostname();
  if (name.includes('.')) return name;
  try {
    const { address } = await lookup(name);
    return (await lookupService(address, 0)).hostname;
  } catch {
    return name;
  }
}

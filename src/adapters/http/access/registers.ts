/** Where the authentication methods look things up: groups on the machine, access tokens in the replicated state. */
import type { Clock } from '../../../runtime/ports/clock.js';
import type { Service } from '../../../runtime/ports/service.js';
import type { Registers } from './authorization.js';
import { UnixGroups } from './unix-groups.js';

export function openRegisters(service: Pick<Service, 'state'>, clock: Clock): Registers {
  const groups = new UnixGroups(clock);
  return {
    groupsOf: (user) => groups.groupsOf(user),
    holdsToken: (publicToken, secretDigest) => {
      const token = service.state.accessTokens.get(publicToken);
      return token?.secretDigest === secretDigest && token.expiresAtMs > clock.wallMs();
    },
  };
}

/** The log of what happens, wired: it looks again whenever the service tells of more than a look at a server. */
import { randomBytes } from 'node:crypto';
import { HappeningLog } from '../../runtime/happenings/happening-log.js';
import type { NodeService } from '../../runtime/service/service.js';

type Sources = Omit<ConstructorParameters<typeof HappeningLog>[0], 'life'>;

export function composeHappenings(sources: Sources, service: NodeService): HappeningLog {
  const happenings = new HappeningLog({ ...sources, life: randomBytes(6).toString('hex') });
  service.subscribe(({ kind }) => {
    if (kind !== 'sighting') happenings.notice();
  });
  return happenings;
}

/** The audit: what the log says happened, newest first. It needs no switching on; every node has the same. */
import type { AuditLine } from '../../../core/ledger/state.js';
import { resolveServer } from '../hints.js';
import { instanceKey, timestamp } from '../legacy/values.js';
import { HTTP_LIMITS } from '../limits.js';
import { bare, type Reply, refused } from '../reply.js';
import { type Call, type Door, each, type Route, read } from '../route.js';

export const AUDIT_ROUTES: readonly Route[] = [
  ...each(['/api/audit', '/api/audit/:page'], (path) =>
    read(path, (call, door) => page(door.service.state.audit, call, door)),
  ),
  ...each(['/api/audit/instance/:host/:port', '/api/audit/instance/:host/:port/:page'], (path) =>
    read(path, (call, door) => {
      const found = resolveServer(door.views.index(), call.param('host'), call.param('port'), 'reading');
      if (!found.ok) return refused(found.error);
      const { id } = found.value;
      return page(
        door.service.state.audit.filter((line) => line.server === id),
        call,
        door,
      );
    }),
  ),
];

/** Null when the path says something that is no number; the first page is 0. */
export function pageNumber(call: Call): number | null {
  const text = call.param('page');
  if (text === '') return 0;
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function page(lines: readonly AuditLine[], call: Call, door: Door): Reply {
  const number = pageNumber(call);
  if (number === null) return refused(`"${call.param('page')}" is not the number of a page`);
  const end = lines.length - number * HTTP_LIMITS.pageRows;
  const rows = end <= 0 ? [] : lines.slice(Math.max(0, end - HTTP_LIMITS.pageRows), end).reverse();
  return bare(
    rows.map((line) => ({
      AuditId: line.number,
      AuditTimestamp: timestamp(line.atMs),
      AuditType: line.kind,
      AuditInstanceKey: instanceKey(line.server === null ? null : door.service.state.servers.get(line.server)?.address),
      Message: line.text,
    })),
  );
}

/** What leaves this node besides its answers: audit lines to a file and to the system's log, figures to Graphite. */
import { join } from 'node:path';
import { AuditFile } from '../../adapters/outlets/audit-file.js';
import { Graphite } from '../../adapters/outlets/graphite.js';
import { AuditToSystemLog, type SystemLog } from '../../adapters/outlets/system-log.js';
import type { HttpServer } from '../../adapters/http/server.js';
import { AuditTrail } from '../../runtime/audit/audit-trail.js';
import type { AuditOutlet } from '../../runtime/ports/audit-outlets.js';
import { systemClock } from '../../runtime/ports/clock.js';
import type { Config } from '../config/config.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';
import type { ComposedNode } from './node.js';

export interface Outlets {
  start(): void;
  stop(): void;
}

export interface OutletsParts {
  readonly live: LiveConfig;
  readonly log: Log;
  readonly systemLog: SystemLog | null;
  readonly node: ComposedNode;
  readonly figures: HttpServer['figures'];
}

/** Opened anew when a reload says that they lead elsewhere. */
export function openOutlets({ live, ...parts }: OutletsParts): Outlets {
  const opened = live.derivedBy(
    () => openThese({ ...parts, config: live.config }),
    ({ outlets }) => JSON.stringify(outlets),
  );
  let current = opened();
  let isRunning = false;
  live.subscribe(() => {
    if (!isRunning || current === opened()) return;
    current.stop();
    current = opened();
    current.start();
  });
  return {
    start: () => {
      isRunning = true;
      current = opened();
      current.start();
    },
    stop: () => {
      isRunning = false;
      current.stop();
    },
  };
}

interface OpenParts extends Omit<OutletsParts, 'live'> {
  readonly config: Config;
}

function openThese(parts: OpenParts): Outlets {
  const { config, log, node } = parts;
  const trail = new AuditTrail({
    clock: systemClock,
    state: () => node.service.state,
    outlets: auditOutlets(parts),
    onTrouble: (err) => {
      if (err === null) log.info('the audit is written again');
      else log.error({ err }, 'AuditLogFile: the audit cannot be written; it is tried again, and /api/audit has it');
    },
  });
  const { graphite } = config.outlets;
  const sender =
    graphite === null
      ? null
      : new Graphite({
          ...graphite,
          clock: systemClock,
          figures: parts.figures,
          onTrouble: (reason) => {
            if (reason === null) log.info('GraphiteAddr: figures are sent again');
            else log.warn(`GraphiteAddr: figures cannot be sent: ${reason}`);
          },
        });
  let unsubscribe = (): void => undefined;
  return {
    start: () => {
      unsubscribe = node.service.subscribe(({ kind }) => {
        if (kind === 'state') trail.noticeApplied();
      });
      trail.noticeApplied();
      sender?.start();
    },
    stop: () => {
      unsubscribe();
      trail.stop();
      sender?.stop();
    },
  };
}

function auditOutlets({ config, systemLog, node }: OpenParts): readonly AuditOutlet[] {
  const { auditFile, auditToSystemLog } = config.outlets;
  const startedAtMs = Date.now();
  const outlets: AuditOutlet[] = [];
  if (auditFile !== '') {
    outlets.push(new AuditFile({ file: auditFile, markFile: join(config.raft.dataDir, 'audit-written') }));
  }
  if (auditToSystemLog && systemLog !== null) {
    const isMine = ({ atMs }: { readonly atMs: number }): boolean =>
      atMs >= startedAtMs && node.service.node().role === 'leader';
    outlets.push(new AuditToSystemLog(systemLog, isMine));
  }
  return outlets;
}

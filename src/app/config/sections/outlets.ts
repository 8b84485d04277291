/** Where audit and figures go, from the incumbent's keys. */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { graphitePath } from '../../../adapters/outlets/graphite.js';
import { parseAddress } from '../../../core/topology/address.js';
import type { OutletsConfig } from '../config.js';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';

const GRAPHITE_PORT = 2003;

export function readOutlets(values: Values, findings: Findings): OutletsConfig {
  return {
    syslog: values.EnableSyslog,
    auditToSystemLog: values.AuditToSyslog,
    auditFile: values.AuditLogFile === '' ? '' : resolve(values.AuditLogFile),
    graphite: readGraphite(values, findings),
  };
}

function readGraphite(values: Values, findings: Findings): OutletsConfig['graphite'] {
  if (values.GraphiteAddr === '') return null;
  const address = parseAddress(values.GraphiteAddr, GRAPHITE_PORT);
  if (!address.ok) {
    const given = JSON.stringify(values.GraphiteAddr);
    findings.fault('GraphiteAddr', `${given} was given; allowed: host or host:port, or "" for none`);
    return null;
  }
  const path = graphitePath(values.GraphitePath, hostname(), values.GraphiteConvertHostnameDotsToUnderscores);
  if (path === '') {
    findings.fault('GraphitePath', 'nothing was given, and GraphiteAddr is of no use without it; allowed: a prefix');
    return null;
  }
  if (values.GraphitePollSeconds > 0) return { ...address.value, path, everyMs: values.GraphitePollSeconds * 1000 };
  findings.warn('GraphitePollSeconds is 0: nothing is sent to GraphiteAddr');
  return null;
}

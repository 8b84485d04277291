/** A prober as a node has it, for servers of the lab. */
import { Connector } from '../../../src/adapters/mysql/connection/connect.js';
import type { TlsSettings } from '../../../src/adapters/mysql/connection/dial.js';
import { CachingResolver } from '../../../src/adapters/mysql/connection/host-resolver.js';
import { DEFAULT_PROBER_LIMITS, MysqlProber } from '../../../src/adapters/mysql/probe/prober.js';
import type { Address } from '../../../src/core/topology/address.js';
import type { ProbeFailure, ProbeResult, ServerReport } from '../../../src/core/topology/report.js';
import { type Account, ORCHESTRATOR_ACCOUNT } from '../../../tools/lab/lab-server.js';

/** Far longer than a probe takes on a busy machine. */
export const PATIENT_MS = 20_000;

/** A connection and a login are waited for as long as the rest: on a busy machine they take seconds, too. */
export const PATIENT_LIMITS = { ...DEFAULT_PROBER_LIMITS, connectTimeoutMs: PATIENT_MS };

export interface Eyes {
  readonly connector: Connector;
  readonly prober: MysqlProber;
  readonly lost: string[];
  close(): Promise<void>;
}

export function openEyes(account: Account = ORCHESTRATOR_ACCOUNT, tls: Partial<TlsSettings> = {}): Eyes {
  const { user, password } = account;
  const settings = { user, password, tlsMemoryMs: 500_000, programName: 'orchestrator-test' };
  const mixed = { mode: 'where-required', skipVerify: true } as const;
  const connector = new Connector({ ...settings, tls: { ...mixed, ...tls } }, new CachingResolver());
  const prober = new MysqlProber(connector, PATIENT_LIMITS);
  const lost: string[] = [];
  prober.onConnectionLost((address, reason) => lost.push(`${String(address.port)}: ${reason}`));
  return {
    connector,
    prober,
    lost,
    close: async () => {
      await prober.close();
      connector.close();
    },
  };
}

export function addressIn({ host, port }: Address): Address {
  return { host, port };
}

export function reportIn(result: ProbeResult): ServerReport {
  if (!result.ok) throw new Error(`the probe failed: ${result.failure.message}`);
  return result.report;
}

export function failureIn(result: ProbeResult): ProbeFailure {
  if (result.ok) throw new Error('the probe succeeded');
  return result.failure;
}

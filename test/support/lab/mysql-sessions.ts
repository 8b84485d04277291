/** Sessions on the lab's real servers, as the leader opens them. */
import { tmpdir } from 'node:os';
import { Connector } from '../../../src/adapters/mysql/connection/connect.js';
import type { HostResolver } from '../../../src/adapters/mysql/connection/host-resolver.js';
import { DEFAULT_PROBER_LIMITS, MysqlProber } from '../../../src/adapters/mysql/probe/prober.js';
import { ReplicationAccounts } from '../../../src/adapters/mysql/session/replication-account.js';
import { MysqlSessionOpener } from '../../../src/adapters/mysql/session/session-opener.js';
import type { Step, StepFindings, StepOutcome } from '../../../src/core/recovery/step.js';
import type { ClusterId, ServerId } from '../../../src/core/topology/server.js';
import type { Authority, ServerSession } from '../../../src/runtime/ports/mysql.js';
import { type LabServer, ORCHESTRATOR_ACCOUNT } from '../../../tools/lab/lab-server.js';

export const CLUSTER = 'b5f1c2d4-0000-4000-8000-000000000001' as ClusterId;

const literalAddresses: HostResolver = { resolve: (host) => Promise.resolve(host) };

export function labConnector(): Connector {
  return new Connector(
    {
      ...ORCHESTRATOR_ACCOUNT,
      tls: { mode: 'never', skipVerify: true },
      tlsMemoryMs: 1000,
      programName: 'orchestrator-test',
    },
    literalAddresses,
  );
}

/** A connection and a login may take seconds where many servers share a machine, and are waited for as long as the rest. */
export function patientProber(connector: Connector, connectTimeoutMs: number): MysqlProber {
  return new MysqlProber(connector, { ...DEFAULT_PROBER_LIMITS, connectTimeoutMs });
}

/** ReplicationCredentialsQuery, for servers that do not give their account: the lab's. */
export const REPLICATION_QUERY = "SELECT 'repl', 'repl'";

/** `keepDirectory`: where binary logs are copied to, if they are at all. */
export function labOpener(
  connector: Connector = labConnector(),
  accountQuery = '',
  keepDirectory = tmpdir(),
): MysqlSessionOpener {
  return new MysqlSessionOpener(connector, new ReplicationAccounts(connector, () => accountQuery), keepDirectory);
}

export async function openOn(
  opener: MysqlSessionOpener,
  server: LabServer,
  authority: Authority,
  meant?: ServerId,
): Promise<ServerSession> {
  const { host, port } = server;
  return await opener.open({
    server: meant ?? (await identityOn(server)),
    address: { host, port },
    clusterId: CLUSTER,
    authority,
    timeoutMs: 30_000,
    barrierTimeoutMs: 30_000,
  });
}

/** As the leader would know it: what a probe of it reports. */
export async function identityOn({ host, port }: LabServer): Promise<ServerId> {
  const prober = patientProber(labConnector(), 30_000);
  try {
    const probed = await prober.probe({ host, port }, 30_000);
    if (!probed.ok) throw new Error(probed.failure.message);
    return probed.report.id;
  } finally {
    await prober.close();
  }
}

/** The step's server is of no interest to a session: it is the one it was opened on. */
export const HERE = 'here' as ServerId;

const PATIENCE_MS = 60_000;

/**
 * As the driver does: on a machine that stood still it is said again. What the server judged to be late was not done, and a
 * replica that was made to connect anew may take longer than the step listens.
 */
export async function take(...taken: Parameters<typeof takeOnce>): Promise<StepOutcome> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const outcome = await takeOnce(...taken);
    if (outcome.ok || performance.now() > deadlineMs) return outcome;
    const isSlow = outcome.retriable && outcome.error.includes('its IO thread does not connect again');
    if (outcome.code !== 'late' && !isSlow) return outcome;
  }
}

export async function takeOnce(
  session: ServerSession,
  step: Step,
  other: LabServer | null = null,
  siblings: readonly LabServer[] = [],
): Promise<StepOutcome> {
  const addressOf = ({ host, port }: LabServer) => ({ host, port });
  const named =
    step.kind === 'repoint' && step.source === HERE && other !== null
      ? { ...step, source: await identityOn(other) }
      : step;
  return await session.execute(named, {
    address: { host: '127.0.0.1', port: 0 },
    other: other === null ? null : addressOf(other),
    siblings: siblings.map(addressOf),
  });
}

export async function found(outcome: Promise<StepOutcome>): Promise<StepFindings> {
  const settled = await outcome;
  if (!settled.ok) throw new Error(`${settled.code}: ${settled.error}`);
  return settled.findings;
}

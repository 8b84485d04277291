/** One server under our barrier: takes the steps of a plan one after the other, and answers each with an outcome. */
import { assertNever } from '../../../core/base/assert.js';
import type { ReturnStep, Step, StepFindings, StepOutcome } from '../../../core/recovery/step.js';
import type { SwitchAction } from '../../../core/recovery/requests/switch-action.js';
import { type Address, addressText } from '../../../core/topology/address.js';
import type { ClusterId } from '../../../core/topology/server.js';
import type { ServerSession, StepContext } from '../../../runtime/ports/mysql.js';
import type { BinaryLogKeeper } from '../binary-log/binary-log-keeper.js';
import type { Connector } from '../connection/connect.js';
import type { Dialect } from '../dialect.js';
import type { Hold } from './hold.js';
import type { ReplicationAccounts } from './replication-account.js';
import { outcomeOfError, StepFailed } from './step-failed.js';
import { acknowledge, countAcknowledgers, release } from '../steps/replica/acknowledge.js';
import { awaitApplied } from '../steps/replica/await-applied.js';
import { awaitReceived } from '../steps/replica/await-received.js';
import { clone, prepareClone } from '../steps/history/clone.js';
import { fence } from '../steps/primary/fence.js';
import { injectEmpty } from '../steps/history/inject-empty.js';
import { locate } from '../steps/replica/locate.js';
import { close, detach, obstacleToOpening, open } from '../steps/primary/primary.js';
import { readFindings } from '../steps/reading/findings.js';
import { restartIo, stopIo } from '../steps/replica/replication.js';
import { repoint, startReplication } from '../steps/replica/repoint.js';
import { resetGtids } from '../steps/history/reset-gtids.js';
import { runUntil } from '../steps/replica/run-until.js';
import { readReplicaOf } from '../steps/reading/replica-state.js';
import { READ_MS } from '../steps/limits.js';
import { reattach, sever } from '../steps/replica/sever.js';
import { takeSwitch } from '../steps/switches/switch.js';

/** What some steps need beside the session itself. */
export interface SessionTools {
  readonly accounts: ReplicationAccounts;
  readonly connector: Connector;
  readonly keeper: BinaryLogKeeper;
}

type RoleStep = Exclude<
  Step,
  {
    kind:
      | 'look'
      | 'stop-io'
      | 'start-replica'
      | 'reattach'
      | 'restart-io'
      | 'await-applied'
      | 'await-received'
      | 'run-until'
      | 'repoint'
      | 'locate'
      | 'acknowledge'
      | 'switch';
  }
>;

export class MysqlSession implements ServerSession {
  readonly #hold: Hold;
  readonly #clusterId: ClusterId;
  readonly #accounts: ReplicationAccounts;
  readonly #tools: SessionTools;
  /** The step that is under way, and those that wait for it. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(hold: Hold, clusterId: ClusterId, tools: SessionTools) {
    const { accounts } = tools;
    this.#tools = tools;
    this.#hold = hold;
    this.#clusterId = clusterId;
    this.#accounts = accounts;
  }

  get alive(): boolean {
    return this.#hold.link.alive;
  }

  async execute(step: Step, context: StepContext): Promise<StepOutcome> {
    const outcome = this.#queue.then(() => this.#take(step, context));
    this.#queue = outcome;
    return await outcome;
  }

  close(): Promise<void> {
    this.#hold.link.close();
    return Promise.resolve();
  }

  async #take(step: Step, context: StepContext): Promise<StepOutcome> {
    try {
      assertSupported(this.#hold.address, this.#hold.dialect);
      return { ok: true, findings: await this.#findings(step, context) };
    } catch (error) {
      return outcomeOfError(error);
    }
  }

  async #findings(step: Step, context: StepContext): Promise<StepFindings> {
    const hold = this.#hold.about(context);
    switch (step.kind) {
      case 'look':
        return await this.#look(hold, step);
      case 'stop-io': {
        // Before, because from its first statement on the server is without its source.
        const obstacle = await obstacleToOpening(hold);
        return { ...(await stopIo(hold, step.hop !== undefined)), ...obstacle };
      }
      case 'restart-io':
        return await restartIo(hold);
      case 'start-replica':
        return await startReplication(hold, step.rests ?? null);
      case 'reattach':
        return await reattach(hold);
      case 'await-applied':
        return await awaitApplied(hold, step.gtids, step.limitMs, step.hop !== undefined);
      case 'await-received':
        return await awaitReceived(hold, step.gtids, step.limitMs);
      case 'run-until':
        return await runUntil(hold, step.until, step.limitMs);
      case 'repoint':
        return await this.#repoint(hold, step, context);
      case 'locate':
        return await this.#locate(step, context);
      case 'acknowledge':
        return await acknowledge(hold, step.on);
      case 'switch':
        return await this.#switch(hold, step.action, context);
      default:
        return await this.#roleFindings(hold, step, context);
    }
  }

  async #switch(hold: Hold, action: SwitchAction, { other, siblings }: StepContext): Promise<StepFindings> {
    return await takeSwitch(hold, action, {
      remember: () => this.#accounts.remember(this.#clusterId, hold),
      credentials: async () => {
        const replica = await readReplicaOf(hold, READ_MS);
        const source = other ?? { host: replica.host, port: replica.port };
        return await this.#accounts.current(hold.address, source, siblings);
      },
    });
  }

  /** Steps on what is, was or becomes a primary; the rest are none for a server. */
  async #roleFindings(hold: Hold, step: RoleStep, context: StepContext): Promise<StepFindings> {
    switch (step.kind) {
      case 'detach':
        return await detach(hold, context.other, () => this.#accounts.remember(this.#clusterId, hold));
      case 'open':
        return await open(hold, step.semiSync);
      case 'close':
        return await close(hold, step.limitMs);
      case 'fence':
        return await fence(hold, step.since ?? null);
      case 'release':
        return await release(hold);
      case 'promise-promotion':
        throw new StepFailed('state', 'a promotion is promised in the log, not on a server', false);
      case 'hooks':
      case 'publish':
        throw new StepFailed('state', 'the step is not one for a server', false);
      default:
        return await this.#return(hold, step, context);
    }
  }

  /** Steps of the ways back of one server. */
  async #return(hold: Hold, step: ReturnStep, { other, tell }: StepContext): Promise<StepFindings> {
    switch (step.kind) {
      case 'sever':
        return await sever(hold);
      case 'inject-empty':
        return await injectEmpty(hold, step.gtids);
      case 'keep-binary-logs':
        return { text: await this.#tools.keeper.keep(hold.address, step.gtids) };
      case 'reset-gtids':
        return await resetGtids(hold, step.gtids, step.drops);
      case 'prepare-clone':
        return await prepareClone(hold);
      case 'clone':
        if (other === null) throw new StepFailed('state', 'the step does not say whose copy', false);
        return await clone(hold, other, step.lastCopy, this.#tools.connector, tell ?? (() => undefined));
      default:
        return assertNever(step);
    }
  }

  async #look(hold: Hold, { acknowledgers, hop }: Extract<Step, { kind: 'look' }>): Promise<StepFindings> {
    const findings = { ...(await readFindings(hold, hop !== undefined)), ...(await obstacleToOpening(hold)) };
    return acknowledgers === true ? { ...findings, acknowledgers: await countAcknowledgers(hold) } : findings;
  }

  async #locate(step: Extract<Step, { kind: 'locate' }>, { other }: StepContext): Promise<StepFindings> {
    if (other === null) throw new StepFailed('state', 'the step does not say where to search', false);
    return await locate(this.#hold, step, other, this.#tools.connector);
  }

  async #repoint(
    hold: Hold,
    { source, start, begin, asItFollows, rests }: Extract<Step, { kind: 'repoint' }>,
    { other, siblings, lender = this.#clusterId }: StepContext,
  ): Promise<StepFindings> {
    if (other === null) throw new StepFailed('state', 'the step does not say where to', false);
    const { address } = hold;
    const how = { start, begin: begin ?? null, asItFollows: asItFollows === true, rests: rests ?? null };
    const to = { source: other, sourceId: source, ...how };
    return await repoint(hold, to, () => this.#accounts.find(lender, address, other, siblings));
  }
}

/** Older servers have neither GTID nor a replica's account to read; they were not tried. */
function assertSupported(address: Address, { flavor, version, gtid }: Dialect): void {
  if (gtid !== 'none') return;
  const text = `${addressText(address)}: servers of ${flavor} ${version.text} are watched and cannot be changed`;
  throw new StepFailed('state', text, false);
}

/**
 * Replaces a server's data by a copy of another's, with the CLONE plugin. The statement runs in a session of its own beside
 * the one that holds the barrier: the barrier's holder is killed by a new leader, and a copy of hours would be lost with
 * it. It is guarded by the same conditions, so a leader that was deposed cannot begin one; and performance_schema.clone_status
 * says what became of it, whoever asks.
 *
 * When the data is there the server restarts, or stops where nobody would start it again (error 3707). Both end this
 * session; the step is taken again until the server is back, and then closes it, whatever its configuration says.
 */
import type { StepFindings } from '../../../../core/recovery/step.js';
import { type Address, addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import type { Connector } from '../../connection/connect.js';
import { quoted } from '../../dialect.js';
import { StatementFailed } from '../../connection/failure.js';
import { assertLease, CHANGE_DEADLINE_MS, condition, confirmed, type Hold, takeDeadline } from '../../session/hold.js';
import { StepFailed, statementFailed } from '../../session/step-failed.js';
import { readFindings } from '../reading/findings.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { close } from '../primary/primary.js';

/** The copy of the largest database that anybody would copy this way. */
const COPY_MS = 7 * 24 * 3600 * 1000;
const LOOK_EVERY_MS = 1000;
/** The data is there, and the server was told to start anew by nobody who could. */
const NOT_SUPERVISED = 3707;

export type Tell = (text: string) => void;

/** The beginning of the last copy that was made here; the next one has another. */
export async function prepareClone(hold: Hold): Promise<StepFindings> {
  const [plugin] = await hold.read(
    "SELECT PLUGIN_STATUS AS status FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'clone'",
    READ_MS,
  );
  if (plugin?.['status'] === 'ACTIVE') {
    const { state, begun } = await readStatus(hold);
    // One that an earlier plan began, and had to leave, is as good as a new one.
    return { lastCopy: state === 'In Progress' ? '' : begun };
  }
  // Closed as it is it takes no new plugin; read_only stays on meanwhile.
  const row = await hold.readRow('SELECT @@GLOBAL.super_read_only AS closed', READ_MS);
  if (row['closed'] === '1') await hold.change('SET GLOBAL super_read_only = 0, GLOBAL read_only = 1', CHANGE_MS);
  try {
    await hold.change("INSTALL PLUGIN clone SONAME 'mysql_clone.so'", CHANGE_MS);
  } finally {
    if (row['closed'] === '1') await hold.change('SET GLOBAL super_read_only = 1', CHANGE_MS);
  }
  return { lastCopy: (await readStatus(hold)).begun, text: 'the CLONE plugin was installed' };
}

export async function clone(
  hold: Hold,
  donor: Address,
  lastCopy: string,
  connector: Connector,
  tell: Tell,
): Promise<StepFindings> {
  const before = await readStatus(hold);
  if (before.begun === lastCopy || before.state === 'Failed') {
    await keepOut(hold);
    try {
      await watch(hold, begin(hold, donor, connector, tell), tell, before.begun);
    } catch (error) {
      if (hold.link.alive) await letIn(hold);
      throw error;
    }
  } else if (before.state !== 'Completed') {
    await watch(hold, null, tell, lastCopy);
  }
  // Its own configuration may have opened it again.
  await close(hold, CHANGE_MS);
  await letIn(hold);
  return { ...(await readFindings(hold)), text: `it is a copy of ${addressText(donor)}` };
}

/**
 * A copy is not received under super_read_only (error 1290). So clients are kept out another way: offline_mode until the
 * data is there, and read_only beyond the restart, which would otherwise open a server whose configuration says so.
 */
async function keepOut(hold: Hold): Promise<void> {
  const [own] = await hold.read(PERSISTED, READ_MS);
  await hold.change('SET GLOBAL offline_mode = 1', CHANGE_MS);
  if (own === undefined) await hold.change(`SET PERSIST read_only = 1`, CHANGE_MS);
  await hold.change('SET GLOBAL super_read_only = 0', CHANGE_MS);
}

async function letIn(hold: Hold): Promise<void> {
  await close(hold, CHANGE_MS);
  const [own] = await hold.read(PERSISTED, READ_MS);
  if (own?.['user'] === own?.['self']) await hold.change('RESET PERSIST IF EXISTS read_only', CHANGE_MS);
  await hold.change('SET GLOBAL offline_mode = 0', CHANGE_MS);
}

/** One that somebody else wrote stays. */
const PERSISTED =
  "SELECT v.SET_USER AS user, SUBSTRING_INDEX(USER(), '@', 1) AS self FROM performance_schema.persisted_variables p " +
  "JOIN performance_schema.variables_info v USING (VARIABLE_NAME) WHERE p.VARIABLE_NAME = 'read_only'";

/** Settles when the statement has, which is at the end of the copy at the earliest. */
async function begin(hold: Hold, donor: Address, connector: Connector, tell: Tell): Promise<Error | null> {
  const { user, password } = connector.account;
  await hold.change(`SET GLOBAL clone_valid_donor_list = ${quoted(addressText(donor))}`, CHANGE_MS);
  const link = await connector.connect(hold.address, READ_MS);
  const statement = `CLONE INSTANCE FROM ${quoted(user)}@${quoted(donor.host)}:${String(donor.port)} IDENTIFIED BY ${quoted(password)}`;
  try {
    await takeDeadline(link, CHANGE_DEADLINE_MS, READ_MS);
    await confirmed(hold.authority);
    const guarded = `${condition(`AND IS_USED_LOCK(${quoted(hold.lock)}) = ${String(hold.link.threadId)}`)}; ${statement}`;
    assertLease(hold.authority);
    await link.run(guarded, COPY_MS);
    return null;
  } catch (error) {
    if (!(error instanceof StatementFailed)) throw error;
    if (error.number !== NOT_SUPERVISED) return statementFailed(hold.address, statement, error);
    tell(`all data is there; nobody supervises ${addressText(hold.address)}, which has stopped: start it`);
    return null;
  } finally {
    link.close();
  }
}

/** Until the copy has ended, well or not. `begun`: the statement of this leader; null when an earlier one sent it. */
async function watch(hold: Hold, begun: Promise<Error | null> | null, tell: Tell, lastCopy: string): Promise<void> {
  const server = addressText(hold.address);
  const failure: { error: unknown } = { error: null };
  begun?.then(
    (error) => {
      failure.error = error;
    },
    (error: unknown) => {
      failure.error = error;
    },
  );
  const deadlineMs = monotonicNowMs() + COPY_MS;
  for (let told = ''; monotonicNowMs() < deadlineMs; ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    const { state, begun: at, error } = await readStatus(hold);
    if (failure.error instanceof StepFailed) throw failure.error;
    if (at !== lastCopy && state === 'Failed')
      throw new StepFailed('state', `${server}: the copy failed: ${error}`, false);
    if (at !== lastCopy && state === 'Completed') return;
    const progress = await readProgress(hold);
    if (progress !== '' && progress !== told) tell(progress);
    told = progress;
  }
  throw new StepFailed('limit', `${server}: the copy has not ended`, false);
}

interface Status {
  readonly state: string;
  /** Of the last copy; '' when there was none. */
  readonly begun: string;
  readonly error: string;
}

async function readStatus(hold: Hold): Promise<Status> {
  const [row] = await hold.read(
    'SELECT STATE AS state, BEGIN_TIME AS begun, ERROR_MESSAGE AS error FROM performance_schema.clone_status',
    READ_MS,
  );
  return { state: row?.['state'] ?? '', begun: row?.['begun'] ?? '', error: row?.['error'] ?? '' };
}

/** In whole tenths of what is to be copied, so that it is worth a line each time it changes. */
async function readProgress(hold: Hold): Promise<string> {
  const rows = await hold.read(
    "SELECT STAGE AS stage, ESTIMATE AS whole, DATA AS done FROM performance_schema.clone_progress WHERE STATE = 'In Progress'",
    READ_MS,
  );
  const [row] = rows;
  if (row === undefined) return '';
  const whole = Number(row['whole'] ?? '0');
  const tenths = whole > 0 ? Math.floor((Number(row['done'] ?? '0') * 10) / whole) * 10 : 0;
  const size = whole > 0 ? `, ${String(Math.min(100, tenths))} % of ${(whole / 2 ** 30).toFixed(1)} GiB` : '';
  return `${(row['stage'] ?? '').toLowerCase()}${size}`;
}

/**
 * From what went wrong to what it proves (SAFETY.md, "Is it dead?"). Only three things prove anything: a fresh connection
 * that was refused, silence, and any word from MySQL, an error included. The rest (a name that does not resolve, TLS, a
 * reset, our own lack of sockets) is no opinion: counting it as death would let our own fault kill a healthy primary.
 */
import type { Address } from '../../../core/topology/address.js';
import { addressText } from '../../../core/topology/address.js';
import type { FailureKind, ProbeFailure } from '../../../core/topology/report.js';
import { OperationalError } from '../../../runtime/errors.js';

/** How far a connection had come. The deadline of our own means silence only while MySQL has not said its first word. */
export type Phase = 'resolve' | 'dial' | 'greeting' | 'login' | 'query';

/** The connection could not be had, or ended. */
export class LinkFailed extends OperationalError {
  readonly failure: ProbeFailure;

  constructor(failure: ProbeFailure, cause?: unknown) {
    super('MYSQL_CONNECT', failure.message, cause);
    this.failure = failure;
  }
}

/** MySQL answered a statement with an error. The connection goes on unless the number says otherwise. */
export class StatementFailed extends OperationalError {
  /** MySQL's error number. */
  readonly number: number;
  /** What MySQL said, without our words around it. */
  readonly text: string;
  /** Which of several statements sent at once; those after it were not run. */
  readonly index: number;
  /** The GRANT without which nothing goes on; '' where none is known. */
  readonly mend: string;

  constructor(address: Address, statement: string, number: number, text: string, index: number, mend = '') {
    super('MYSQL_STATEMENT', `${addressText(address)}: ${shown(statement)}: error ${String(number)}: ${text}`);
    this.number = number;
    this.text = text;
    this.index = index;
    this.mend = mend;
  }
}

/**
 * Errors about rights, of which MySQL and MariaDB give a session those that its account had when it connected: what is
 * granted afterwards shows only over a new connection.
 */
export const DENIALS: ReadonlySet<number> = new Set([1044, 1045, 1142, 1143, 1144, 1227, 1370]);

const SHOWN_CHARACTERS = 300;

/** A statement as it may stand in logs and in the ledger: passwords out, not endless. */
export function shown(statement: string): string {
  const safe = statement.replaceAll(/(PASSWORD\s*=\s*|IDENTIFIED BY\s+)'(?:[^'\\]|\\.)*'/gi, "$1'...'");
  return safe.length > SHOWN_CHARACTERS ? `${safe.slice(0, SHOWN_CHARACTERS)}...` : safe;
}

const SILENT = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN']);

/** What a code means for a person who has to mend it. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is mysqld running?',
  EHOSTUNREACH: 'check the route to the host',
  ENETUNREACH: 'check the route to the host',
  ENOTFOUND: 'the name does not resolve on this node',
  EAI_AGAIN: 'the name server of this node does not answer',
  EMFILE: 'this node has no file descriptors left: raise its limit',
  HANDSHAKE_NO_SSL_SUPPORT: 'TLS is asked for and the server has none: see MySQLTopologyUseMixedTLS',
  HANDSHAKE_SSL_ERROR: 'TLS failed: see MySQLTopologySSLCAFile and MySQLTopologySSLSkipVerify',
  AUTH_SWITCH_PLUGIN_ERROR:
    'the account uses an authentication plugin that is not supported: use caching_sha2_password',
  '1040': 'all its connections are taken',
  '1045': 'check MySQLTopologyUser and MySQLTopologyPassword, and the account on that server',
  '1129': 'the server has blocked this host: run FLUSH HOSTS there',
  '1130': 'no account allows this host',
  '1203': 'the account has all the connections it may have',
  '3159': 'the account requires TLS: set MySQLTopologyUseMixedTLS or the certificate keys',
};

const BROKEN = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'PROTOCOL_CONNECTION_LOST']);

/** The connection ended without a word of why: it proves nothing, and asks to be followed by a fresh one. */
export function isBroken(failure: ProbeFailure): boolean {
  return BROKEN.has(failure.code);
}

export function failureAt(address: Address, phase: Phase, error: unknown): ProbeFailure {
  const { code, text, spoken } = described(error);
  const kind = spoken ? 'alive' : kindOf(code);
  const step = NEXT_STEPS[code];
  const message = `${addressText(address)}: ${PHASES[phase]}: ${text}${step === undefined ? '' : ` (${step})`}`;
  return { kind, code, message };
}

/** Our deadline passed. From the first word on the server is alive, only too slow for us. */
export function deadlineAt(address: Address, phase: Phase, timeoutMs: number): ProbeFailure {
  const kinds: Record<Phase, FailureKind> = {
    resolve: 'none',
    dial: 'silent',
    greeting: 'silent',
    login: 'alive',
    query: 'silent',
  };
  const message = `${addressText(address)}: ${PHASES[phase]}: no answer within ${String(Math.round(timeoutMs))} ms`;
  return { kind: kinds[phase], code: 'ETIMEDOUT', message };
}

const PHASES: Record<Phase, string> = {
  resolve: 'resolving the name',
  dial: 'connecting',
  greeting: 'waiting for the greeting',
  login: 'logging in',
  query: 'waiting for an answer',
};

function kindOf(code: string): FailureKind {
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'AUTH_SWITCH_PLUGIN_ERROR') return 'alive';
  return SILENT.has(code) ? 'silent' : 'none';
}

interface Described {
  readonly code: string;
  readonly text: string;
  /** True when it is MySQL's own error packet. */
  readonly spoken: boolean;
}

function described(error: unknown): Described {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', text: String(error), spoken: false };
  const fields = error as Error & { readonly code?: unknown; readonly errno?: unknown; readonly sqlState?: unknown };
  const number = serverErrorNumber(error);
  if (number !== null) return { code: String(number), text: `error ${String(number)}: ${error.message}`, spoken: true };
  const code = typeof fields.code === 'string' ? fields.code : 'UNKNOWN';
  return { code, text: error.message === '' ? code : error.message, spoken: false };
}

/** The number when the error is a packet from MySQL; the errors of sockets carry negative numbers and no SQL state. */
export function serverErrorNumber(error: unknown): number | null {
  if (!(error instanceof Error)) return null;
  const fields = error as Error & { readonly errno?: unknown; readonly sqlState?: unknown };
  return typeof fields.errno === 'number' && fields.errno > 0 && typeof fields.sqlState === 'string'
    ? fields.errno
    : null;
}

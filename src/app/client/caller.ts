/** As whom the cluster is asked: user and password, a header that names somebody, certificates. */
import { failed, ok, type Result } from '../../core/base/result.js';
import type { Environment } from './environment.js';
import type { Options } from './options.js';
import { readTls } from './tls-files.js';
import type { Caller } from './transport.js';

const AUTH_HEADER = 'ORCHESTRATOR_AUTH_USER_HEADER';

/** The error is a sentence. */
export function callerOf(options: Options, environment: Environment): Result<Caller, string> {
  const tls = readTls(options, environment);
  if (!tls.ok) return tls;
  const headers: Record<string, string> = { 'user-agent': 'orchestrator-client', accept: 'application/json' };
  const user = environment['ORCHESTRATOR_AUTH_USER'] ?? '';
  const basic = options.auth ?? (user === '' ? '' : `${user}:${environment['ORCHESTRATOR_AUTH_PASSWORD'] ?? ''}`);
  if (basic !== '') headers['authorization'] = `Basic ${Buffer.from(basic).toString('base64')}`;
  const given = options.headersAuth === undefined ? AUTH_HEADER : '--headers-auth';
  const header = readHeader(options.headersAuth ?? environment[AUTH_HEADER] ?? '', given);
  return header.ok ? ok({ headers: { ...headers, ...header.value }, tls: tls.value }) : header;
}

/** A line as `X-Forwarded-User: bob`; none for an empty one. `given`: the option or variable. The error is a sentence. */
export function readHeader(line: string, given: string): Result<Readonly<Record<string, string>>, string> {
  if (line === '') return ok({});
  const [, name, value] = /^([\w-]+):\s*([ -~]*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined)
    return failed(`${given}: "${line}" is no header; give it as NAME:VALUE`);
  return ok({ [name.toLowerCase()]: value });
}

/** As whom the cluster is asked: user and password, a header that names somebody, certificates. */
import { failed, ok, type Result } from '../../core/base/result.js';
import type { Environment } from './environment.js';
import type { Options } from './options.js';
import { readTls } from './tls-files.js';
import type { Caller } from './transport.js';

/** The error is a sentence. */
export function callerOf(options: Options, environment: Environment): Result<Caller, string> {
  const tls = readTls(options, environment);
  if (!tls.ok) return tls;
  const headers: Record<string, string> = { 'user-agent': 'orchestrator-client', accept: 'application/json' };
  const user = environment['ORCHESTRATOR_AUTH_USER'] ?? '';
  const basic = options.auth ?? (user === '' ? '' : `${user}:${environment['ORCHESTRATOR_AUTH_PASSWORD'] ?? ''}`);
  if (basic !== '') headers['authorization'] = `Basic ${Buffer.from(basic).toString('base64')}`;
  const line = options.headersAuth ?? environment['ORCHESTRATOR_AUTH_USER_HEADER'] ?? '';
  if (line === '') return ok({ headers, tls: tls.value });
  const [, name, value] = /^([\w-]+):\s*([ -~]*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) return failed(`"${line}" is no header; give it as NAME:VALUE`);
  headers[name.toLowerCase()] = value;
  return ok({ headers, tls: tls.value });
}

/** What HTTPS needs of the command line and of the environment: files, read before anything is asked. */
import { readFileSync } from 'node:fs';
import { failed, ok, type Result } from '../../core/base/result.js';
import type { Environment } from './environment.js';
import type { Options } from './options.js';
import type { ClientTls } from './transport.js';

type Files = Readonly<Record<'ca' | 'cert' | 'key', string>>;

/** `prefix`: of the variables of the environment, where it is about another orchestrator. The error is a sentence. */
export function readTls(
  options: Options,
  environment: Environment,
  prefix = 'ORCHESTRATOR_TLS',
): Result<ClientTls, string> {
  const files = filesOf(options, environment, prefix);
  if (files.key !== '' && files.cert === '') {
    return failed('--tls-key needs the certificate that it is for: --tls-cert FILE');
  }
  const read: { -readonly [Part in keyof ClientTls]: ClientTls[Part] } = {};
  for (const part of ['ca', 'cert', 'key'] as const) {
    if (files[part] === '') continue;
    try {
      read[part] = readFileSync(files[part], 'utf8');
    } catch (error) {
      return failed(`--tls-${part} ${files[part]} cannot be read: ${(error as NodeJS.ErrnoException).code ?? ''}`);
    }
  }
  const believesAll = options.insecure !== undefined || /^(1|true|yes)$/i.test(environment[`${prefix}_INSECURE`] ?? '');
  return ok(believesAll ? { ...read, rejectUnauthorized: false } : read);
}

/** '' where none is given. Certificate and key often stand in one file. */
function filesOf({ tlsCa, tlsCert, tlsKey }: Options, environment: Environment, prefix: string): Files {
  const around = (name: string): string => environment[`${prefix}_${name}`] ?? '';
  const cert = tlsCert ?? around('CERT');
  const key = tlsKey ?? around('KEY');
  return { ca: tlsCa ?? around('CA'), cert, key: key === '' ? cert : key };
}

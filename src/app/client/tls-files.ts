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
    const cert = options.tlsKey === undefined ? `${prefix}_CERT` : '--tls-cert FILE';
    return failed(`${givenBy('key', options, prefix)} needs the certificate that it is for: ${cert}`);
  }
  const read: { -readonly [Part in keyof ClientTls]: ClientTls[Part] } = {};
  for (const part of ['ca', 'cert', 'key'] as const) {
    if (files[part] === '') continue;
    try {
      read[part] = readFileSync(files[part], 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      return failed(`${givenBy(part, options, prefix)} ${files[part]} cannot be read: ${code}`);
    }
  }
  const believesAll = options.insecure !== undefined || /^(1|true|yes)$/i.test(environment[`${prefix}_INSECURE`] ?? '');
  return ok(believesAll ? { ...read, rejectUnauthorized: false } : read);
}

/** The option or the variable that named the file: there a mistake is mended. */
function givenBy(part: keyof Files, options: Options, prefix: string): string {
  const { tlsCa, tlsCert, tlsKey } = options;
  const option = { ca: tlsCa, cert: tlsCert, key: tlsKey }[part];
  return option === undefined ? `${prefix}_${part.toUpperCase()}` : `--tls-${part}`;
}

/** '' where none is given. Certificate and key often stand in one file. */
function filesOf({ tlsCa, tlsCert, tlsKey }: Options, environment: Environment, prefix: string): Files {
  const around = (name: string): string => environment[`${prefix}_${name}`] ?? '';
  const cert = tlsCert ?? around('CERT');
  const key = tlsKey ?? around('KEY');
  return { ca: tlsCa ?? around('CA'), cert, key: key === '' ? cert : key };
}

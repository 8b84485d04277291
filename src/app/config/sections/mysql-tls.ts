/** TLS towards the monitored servers. The files are read at the start, so that a wrong path is found then and not in a failover. */
import { readFile } from 'node:fs/promises';
import type { MysqlTls } from '../config.js';
import { errorCode } from '../notations/documents.js';
import type { Findings } from '../findings.js';
import type { KeyName, Values } from '../keys/keys.js';
import { Secret } from '../secret.js';

export async function readMysqlTls(values: Values, findings: Findings): Promise<MysqlTls> {
  const when = values.MySQLTopologyUseMutualTLS
    ? 'always'
    : values.MySQLTopologyUseMixedTLS
      ? 'where-required'
      : 'never';
  const certificateFile = values.MySQLTopologySSLCertFile;
  const keyFile = values.MySQLTopologySSLPrivateKeyFile;
  if ((certificateFile === '') !== (keyFile === '') || (when === 'always' && certificateFile === '')) {
    const [missing, why] =
      certificateFile === ''
        ? (['MySQLTopologySSLCertFile', keyFile === '' ? 'MySQLTopologyUseMutualTLS' : 'its key'] as const)
        : (['MySQLTopologySSLPrivateKeyFile', 'the certificate'] as const);
    findings.fault(missing, `nothing was given, and ${why} is of no use without it; allowed: a PEM file`);
  }
  if (when === 'never') return { when };
  const key = await readPem('MySQLTopologySSLPrivateKeyFile', keyFile, findings);
  return {
    when,
    verify: !values.MySQLTopologySSLSkipVerify,
    ca: await readPem('MySQLTopologySSLCAFile', values.MySQLTopologySSLCAFile, findings),
    certificate: await readPem('MySQLTopologySSLCertFile', certificateFile, findings),
    key: key === null ? null : new Secret(key),
  };
}

async function readPem(name: KeyName, file: string, findings: Findings): Promise<string | null> {
  if (file === '') return null;
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
    findings.fault(name, `${JSON.stringify(file)} was given and holds no PEM text; allowed: a PEM file`);
  } catch (error) {
    findings.fault(
      name,
      `${JSON.stringify(file)} was given and cannot be read (${errorCode(error)}); allowed: a PEM file`,
    );
  }
  return null;
}

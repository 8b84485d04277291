/**
 * TLS at the HTTP port, and at the gRPC port where the nodes have no TLS of their own. The files are looked into at the
 * start: a key of another certificate, or one that has expired, is a fault of the file and not of the night in which the
 * first client comes.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { HttpTls } from '../config.js';
import { errorCode } from '../notations/documents.js';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';
import { Secret } from '../secret.js';

const DAY_MS = 86_400_000;
const WARN_DAYS = 30;

type FileKey = 'SSLCertFile' | 'SSLPrivateKeyFile' | 'SSLCAFile';

/** Null: without TLS. */
export async function readHttpTls(values: Values, now: Date, findings: Findings): Promise<HttpTls | null> {
  if (!values.UseSSL) {
    if (values.UseMutualTLS) {
      findings.fault(
        'UseMutualTLS',
        'true was given without UseSSL, and nobody could come in; allowed: both, or neither',
      );
    }
    return null;
  }
  const certificate = await readPem('SSLCertFile', values, findings);
  const key = await readPem('SSLPrivateKeyFile', values, findings);
  const needsAuthority = values.UseMutualTLS || values.SSLCAFile !== '';
  const authority = needsAuthority ? await readPem('SSLCAFile', values, findings) : null;
  const own = certificate === null ? null : checkCertificate(certificate, key, values, now, findings);
  checkMutual(values, own, findings);
  if (certificate === null || key === null) return null;
  if (findings.faults.length === 0)
    checkTogether({ cert: certificate, key, ...(authority === null ? {} : { ca: authority }) }, findings);
  return {
    certificate,
    key: new Secret(key),
    authority,
    mutual: values.UseMutualTLS ? { validUnits: values.SSLValidOUs, healthToo: values.StatusOUVerify } : null,
    skipsVerifying: values.SSLSkipVerify,
  };
}

async function readPem(name: FileKey, values: Values, findings: Findings): Promise<string | null> {
  const file = values[name];
  if (file === '') {
    findings.fault(name, 'nothing was given, and TLS takes it; allowed: a PEM file');
    return null;
  }
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
    findings.fault(name, `${JSON.stringify(file)} was given and holds no PEM text; allowed: a PEM file`);
  } catch (error) {
    const why = `cannot be read (${errorCode(error)})`;
    findings.fault(name, `${JSON.stringify(file)} was given and ${why}; allowed: a PEM file`);
  }
  return null;
}

function checkCertificate(
  text: string,
  keyText: string | null,
  values: Values,
  now: Date,
  findings: Findings,
): X509Certificate | null {
  const file = JSON.stringify(values.SSLCertFile);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(text);
  } catch {
    findings.fault(
      'SSLCertFile',
      `${file} was given and holds no certificate that can be understood; allowed: a PEM file`,
    );
    return null;
  }
  const leftMs = Date.parse(certificate.validTo) - now.getTime();
  if (leftMs <= 0) {
    findings.fault(
      'SSLCertFile',
      `${file} was given and has expired on ${certificate.validTo}; allowed: one that is valid`,
    );
  } else if (leftMs < WARN_DAYS * DAY_MS) {
    findings.warn(`SSLCertFile: ${values.SSLCertFile} EXPIRES on ${certificate.validTo}`);
  }
  if (keyText !== null) checkKey(certificate, keyText, values, findings);
  return certificate;
}

function checkKey(certificate: X509Certificate, text: string, values: Values, findings: Findings): void {
  const file = JSON.stringify(values.SSLPrivateKeyFile);
  try {
    if (certificate.checkPrivateKey(createPrivateKey(text))) return;
    findings.fault(
      'SSLPrivateKeyFile',
      `${file} was given and is not the key of ${values.SSLCertFile}; allowed: its key`,
    );
  } catch {
    findings.fault('SSLPrivateKeyFile', `${file} was given and holds no key without a passphrase; allowed: a PEM file`);
  }
}

/** What only the library finds: a key that it takes for too weak, an authority that is none. */
function checkTogether(context: SecureContextOptions, findings: Findings): void {
  try {
    createSecureContext(context);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    findings.fault(
      'SSLCertFile',
      `it cannot be used with SSLPrivateKeyFile and SSLCAFile (${why}); allowed: PEM files`,
    );
  }
}

function checkMutual(values: Values, own: X509Certificate | null, findings: Findings): void {
  if (!values.UseMutualTLS) return;
  const units = values.SSLValidOUs;
  if (units.length === 0) {
    findings.warn('SSLValidOUs is empty: every certificate of the authority in SSLCAFile may come in');
    return;
  }
  const subject = own?.subject.split('\n') ?? [];
  if (own !== null && !units.some((unit) => subject.includes(`OU=${unit}`))) {
    findings.warn(
      `SSLCertFile: ${values.SSLCertFile} names none of SSLValidOUs: the other nodes will refuse what this one passes on`,
    );
  }
}

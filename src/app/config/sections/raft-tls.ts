/**
 * TLS among the nodes. All or nothing: the Raft port and the gRPC port then speak TLS only, and only with callers that
 * show a certificate of our authority. The files are looked into at the start: what would keep the nodes apart (a key of
 * another certificate, one that has expired) is a fault of the file, found by `config check`, and not of the network,
 * found in the night when the first connection breaks.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RaftTls } from '../config.js';
import { errorCode } from '../notations/documents.js';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';
import { Secret } from '../secret.js';

const DAY_MS = 86_400_000;
/** Long enough to plan a renewal. */
const WARN_DAYS = 30;

const KEYS = ['RaftTLSCAFile', 'RaftTLSCertFile', 'RaftTLSKeyFile'] as const;
type TlsKey = (typeof KEYS)[number];

/** What was given for them. */
export type TlsFiles = Pick<Values, TlsKey>;

/** `ownHost` is the host by which the others reach this node. */
export async function readRaftTls(
  values: TlsFiles,
  ownHost: string,
  now: Date,
  findings: Findings,
): Promise<RaftTls | null> {
  const missing = KEYS.filter((key) => values[key] === '');
  if (missing.length === KEYS.length) return null;
  if (missing.length > 0) {
    for (const key of missing) {
      findings.fault(key, 'nothing was given; TLS among the nodes takes all three; allowed: a PEM file');
    }
    return null;
  }
  const authority = await readText('RaftTLSCAFile', values, findings);
  const authorities = certificatesIn('RaftTLSCAFile', authority, values, findings);
  const certificate = await readText('RaftTLSCertFile', values, findings);
  const [own, ...chain] = certificatesIn('RaftTLSCertFile', certificate, values, findings) ?? [];
  const keyText = await readText('RaftTLSKeyFile', values, findings);
  const key = keyIn(keyText, values, findings);
  if (own !== undefined && authorities !== null) {
    checkDates('RaftTLSCertFile', own, now, findings);
    for (const authority of authorities) checkDates('RaftTLSCAFile', authority, now, findings);
    checkIssuer(own, [...chain, ...authorities], values, findings);
    checkHost(own, ownHost, values, findings);
    if (key !== null && !own.checkPrivateKey(key)) {
      const files = `${JSON.stringify(values.RaftTLSKeyFile)} was given and is not the key of ${values.RaftTLSCertFile}`;
      findings.fault('RaftTLSKeyFile', `${files}; allowed: the key with which that certificate was asked for`);
    }
  }
  // A fault was told then, and the configuration is not used.
  if (authority === null || certificate === null || keyText === null) return null;
  return {
    authorityFile: values.RaftTLSCAFile,
    certificateFile: values.RaftTLSCertFile,
    keyFile: values.RaftTLSKeyFile,
    authority,
    certificate,
    key: new Secret(keyText),
  };
}

async function readText(name: TlsKey, values: TlsFiles, findings: Findings): Promise<string | null> {
  try {
    return await readFile(values[name], 'utf8');
  } catch (error) {
    refuse(name, values, `cannot be read (${errorCode(error)})`, findings);
    return null;
  }
}

/** All in the file, in its order; null when there is a fault. */
function certificatesIn(
  name: TlsKey,
  text: string | null,
  values: TlsFiles,
  findings: Findings,
): X509Certificate[] | null {
  if (text === null) return null;
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) {
    refuse(name, values, 'holds no certificate', findings);
    return null;
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    refuse(name, values, 'holds a certificate that cannot be understood', findings);
    return null;
  }
}

function keyIn(text: string | null, values: TlsFiles, findings: Findings): KeyObject | null {
  if (text === null) return null;
  try {
    return createPrivateKey(text);
  } catch (error) {
    const isEncrypted = /passphrase|ENCRYPTED/i.test(`${String(error)} ${text}`);
    const what = isEncrypted ? 'is protected by a passphrase, which nobody could be asked for' : 'holds no private key';
    refuse('RaftTLSKeyFile', values, what, findings);
    return null;
  }
}

function checkDates(name: TlsKey, certificate: X509Certificate, now: Date, findings: Findings): void {
  const { validFrom, validTo } = certificate;
  const leftMs = Date.parse(validTo) - now.getTime();
  const whose = `the certificate of ${nameOf(certificate)}`;
  if (leftMs <= 0) {
    findings.fault(name, `${whose} has expired on ${validTo}; allowed: one that is valid`);
  } else if (Date.parse(validFrom) > now.getTime()) {
    findings.fault(name, `${whose} is valid from ${validFrom} on; allowed: one that is valid now`);
  } else if (leftMs < WARN_DAYS * DAY_MS) {
    const days = String(Math.floor(leftMs / DAY_MS));
    findings.warn(`${name}: ${whose} EXPIRES IN ${days} DAYS, on ${validTo}: the nodes will refuse each other then`);
  }
}

function checkIssuer(
  own: X509Certificate,
  others: readonly X509Certificate[],
  values: TlsFiles,
  findings: Findings,
): void {
  if (others.some((other) => own.checkIssued(other) && own.verify(other.publicKey))) return;
  const issuer = own.issuer.replaceAll('\n', ', ');
  refuse('RaftTLSCertFile', values, `was signed by ${issuer}, which is not in ${values.RaftTLSCAFile}`, findings);
}

function checkHost(own: X509Certificate, host: string, values: TlsFiles, findings: Findings): void {
  const bare = host.replace(/^\[|\]$/g, '');
  if (own.checkHost(bare) !== undefined || own.checkIP(bare) !== undefined) return;
  findings.warn(
    `RaftTLSCertFile: ${values.RaftTLSCertFile} is for ${own.subjectAltName ?? nameOf(own)} and not for ${bare}, under ` +
      'which the other nodes call this one: THEY WILL REFUSE IT',
  );
}

function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}

function refuse(name: TlsKey, values: TlsFiles, what: string, findings: Findings): void {
  findings.fault(name, `${JSON.stringify(values[name])} was given and ${what}; allowed: a PEM file`);
}

/**
 * Mutual TLS between peers: each side shows a certificate of the same authority. All or nothing: a peer port that takes
 * a caller without a certificate lets anyone on the network write into the log.
 */
import { ChannelCredentials, type Server, ServerCredentials } from '@grpc/grpc-js';
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { rootCertificates, type TLSSocket } from 'node:tls';
import { OperationalError } from '../../runtime/errors.js';

/** Paths of PEM files. */
export interface PeerTls {
  readonly authorityFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export interface PeerCredentials {
  readonly client: ChannelCredentials;
  readonly server: ServerCredentials;
}

export async function loadCredentials(tls: PeerTls | null): Promise<PeerCredentials> {
  if (tls === null) return { client: ChannelCredentials.createInsecure(), server: ServerCredentials.createInsecure() };
  const [authority, certificate, key] = await Promise.all([
    readPem(tls.authorityFile),
    readPem(tls.certificateFile),
    readPem(tls.keyFile),
  ]);
  return {
    client: ChannelCredentials.createSsl(authority, key, certificate),
    server: ServerCredentials.createSsl(authority, [{ private_key: key, cert_chain: certificate }], true),
  };
}

/** PEM texts of the HTTP door, for a gRPC port whose nodes have no certificates of their own. */
export interface DoorTls {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string | null;
  readonly isMutual: boolean;
  readonly skipsVerifying: boolean;
}

export function doorCredentials(tls: DoorTls): PeerCredentials {
  const [certificate, key] = [Buffer.from(tls.certificate), Buffer.from(tls.key)];
  const authority = tls.authority === null ? null : Buffer.from(tls.authority);
  const known = tls.authority === null ? null : Buffer.from([...rootCertificates, tls.authority].join('\n'));
  return {
    client: ChannelCredentials.createSsl(known, key, certificate, { rejectUnauthorized: !tls.skipsVerifying }),
    server: ServerCredentials.createSsl(authority, [{ private_key: key, cert_chain: certificate }], tls.isMutual),
  };
}

/**
 * Tells of each caller whose handshake fails. grpc-js has no door for this and drops such a caller without a word, which
 * leaves a person with two nodes that do not connect and no reason at either; so its listeners are looked up where it keeps
 * them. Should a later version keep them elsewhere, the words are missing and nothing else (a test would tell).
 */
export function onHandshakeFailed(server: Server, tell: (from: string, reason: string) => void): void {
  const listeners: unknown = Reflect.get(server, 'http2Servers');
  if (!(listeners instanceof Map)) return;
  for (const listener of listeners.keys()) {
    if (!(listener instanceof EventEmitter)) continue;
    listener.on('tlsClientError', (error: Error, socket: TLSSocket) => {
      tell(`${String(socket.remoteAddress)}:${String(socket.remotePort)}`, handshakeTrouble(error, socket));
    });
  }
}

function handshakeTrouble(error: Error, socket: TLSSocket): string {
  const code = 'code' in error ? String(error.code) : '';
  // Node has it as text here, whatever its types say.
  const verdict: unknown = socket.authorizationError;
  const named = verdict instanceof Error ? verdict.message : typeof verdict === 'string' ? verdict : '';
  if (code.includes('HTTP_REQUEST') || code.includes('WRONG_VERSION'))
    return 'it does not speak TLS, and this node takes nothing else';
  if (code.includes('DID_NOT_RETURN_A_CERTIFICATE')) return 'it shows no certificate';
  if (named !== '') return `its certificate is not of the authority in RaftTLSCAFile, or not valid now (${named})`;
  return `the TLS handshake failed: ${error.message}`;
}

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new OperationalError('CONFIGURATION', `cannot read the TLS file ${path}: ${detail}`, error);
  }
}

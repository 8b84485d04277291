/**
 * Mutual TLS between peers: each side shows a certificate of the same authority. All or nothing: a peer port that takes
 * a caller without a certificate lets anyone on the network write into the log.
 */
import { ChannelCredentials, ServerCredentials } from '@grpc/grpc-js';
import { readFile } from 'node:fs/promises';
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

async function readPem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new OperationalError('CONFIGURATION', `cannot read the TLS file ${path}: ${detail}`, error);
  }
}

/**
 * Mutual TLS between peers: each side shows a certificate of the same authority. All or nothing: a peer port that takes
 * a caller without a certificate lets anyone on the network write into the log.
 */
import { ChannelCredentials, type Server, ServerCredentials } from '@grpc/grpc-js';
import { EventEmitter } from 'node:events';
import { readFile } from 'node:fs/promises';
import { rootCertificates, type TLSSocket } from 'node:tls';
import { OperationalError } from '../../../runtime/errors.js';
import { HeldCertificates, type HeldPems } from '../held-certificates.js';

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

/** PEM texts; of a door, what its callers are asked for may be missing. */
export type PeerPems = Omit<HeldPems, 'authority'> & { readonly authority: string | null };

export interface RenewableCredentials extends PeerCredentials {
  /** For new connections; those that are open go on with what they were made with. */
  readonly renew: (pems: PeerPems) => void;
}

export async function loadCredentials(tls: PeerTls | null): Promise<RenewableCredentials> {
  if (tls === null) {
    return {
      client: ChannelCredentials.createInsecure(),
      server: ServerCredentials.createInsecure(),
      renew: () => undefined,
    };
  }
  const [authority, certificate, key] = await Promise.all([
    readPem(tls.authorityFile),
    readPem(tls.certificateFile),
    readPem(tls.keyFile),
  ]);
  const held = new HeldCertificates({ authority, certificate, key });
  return {
    client: held.forClient(),
    server: held.forServer(true),
    renew: ({ authority: anew, ...own }) => {
      held.renew({ ...own, authority: anew ?? authority });
    },
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

export function doorCredentials(tls: DoorTls): RenewableCredentials {
  const verify = { rejectUnauthorized: !tls.skipsVerifying };
  const asked = new HeldCertificates({ ...tls, authority: tls.authority ?? '' });
  const asking = new HeldCertificates(knowing(tls));
  return {
    // Without an authority of one's own nobody is asked for a certificate, and those that everybody knows do not change.
    client: tls.authority === null ? ChannelCredentials.createSsl(null, null, null, verify) : asking.forClient(verify),
    server: asked.forServer(tls.isMutual),
    renew: (pems) => {
      asked.renew({ ...pems, authority: pems.authority ?? '' });
      asking.renew(knowing(pems));
    },
  };
}

/** Beside the authorities that everybody knows. */
function knowing({ authority, certificate, key }: PeerPems): HeldPems {
  return { authority: [...rootCertificates, authority ?? ''].join('\n'), certificate, key };
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

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new OperationalError('CONFIGURATION', `cannot read the TLS file ${path}: ${detail}`, error);
  }
}

/**
 * The socket and the driver over it. The socket is ours, so that we see its end at once and can destroy it: the driver
 * only half-closes, which on a frozen server leaves it open for good.
 */
import { connect, type Socket } from 'node:net';
import { type Connection, createConnection, type SslOptions } from 'mysql2';
import type { Address } from '../../../core/topology/address.js';

export interface TlsSettings {
  /** where-required: plain first, TLS for a server that insists (MySQLTopologyUseMixedTLS). */
  readonly mode: 'never' | 'where-required' | 'always';
  /** Contents of PEM files, not paths. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly skipVerify: boolean;
}

export interface ConnectSettings {
  readonly user: string;
  readonly password: string;
  readonly tls: TlsSettings;
  /** How long it is remembered that a server insists on TLS, milliseconds. */
  readonly tlsMemoryMs: number;
  /** Shown in the server's table of connection attributes. */
  readonly programName: string;
}

export function openSocket(ip: string, port: number): Socket {
  const socket = connect({ host: ip, port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 10_000);
  return socket;
}

export class Driver {
  readonly settings: ConnectSettings;
  /** One object for all connections: the driver keeps parsed certificates and TLS sessions by its identity. */
  #ssl: { readonly of: TlsSettings; readonly options: SslOptions } | null = null;

  /** Settings may change: each connection is opened by those of its moment. */
  constructor(settings: ConnectSettings) {
    this.settings = settings;
  }

  get #sslOptions(): SslOptions {
    const { tls } = this.settings;
    if (this.#ssl?.of !== tls) this.#ssl = { of: tls, options: sslOptions(tls) };
    return this.#ssl.options;
  }

  logIn(address: Address, socket: Socket, tls: boolean): Connection {
    return createConnection({
      host: address.host,
      port: address.port,
      stream: socket,
      user: this.settings.user,
      password: this.settings.password,
      // Our own deadline holds; the driver's would not tell how far the connection had come.
      connectTimeout: 0,
      multipleStatements: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      trace: false,
      // None is ever prepared, and the driver lays out the room for all of them at once: half a megabyte a connection.
      maxPreparedStatements: 1,
      connectAttributes: { program_name: this.settings.programName },
      flags: ['-LOCAL_FILES', '-FOUND_ROWS', '-SESSION_TRACK'],
      ...(tls ? { ssl: this.#sslOptions } : {}),
    });
  }
}

function sslOptions({ ca, cert, key, skipVerify }: TlsSettings): SslOptions {
  return {
    rejectUnauthorized: !skipVerify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/**
 * How this node gets a connection to a MySQL server. Every one, be it for probing or for changing a server, is opened
 * here and so runs under the same session settings: no sql_mode of the server's choice, UTC, an idle limit of our own.
 * It is handed out with its dialect, because nothing can be asked without knowing which words the server understands.
 */
import type { Socket } from 'node:net';
import type { Address } from '../../../core/topology/address.js';
import { flavorOf, parseVersion } from '../../../core/topology/version.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import { isBinlogServer } from '../probe/binlog-server.js';
import { type ConnectSettings, Driver, openSocket, type TlsSettings } from './dial.js';
import { dialectOf } from '../dialect.js';
import { deadlineAt, failureAt, LinkFailed, type Phase, StatementFailed } from './failure.js';
import type { HostResolver } from './host-resolver.js';
import { type Knock, knock } from '../probe/knock.js';
import { cellText, Link } from './link.js';
import { TlsNeed } from './tls-need.js';
import { WaitingRoom } from './waiting-room.js';

/** An abandoned session must not hold its locks for MySQL's usual eight hours; a probe asks far more often than this. */
const SESSION_IDLE_SECONDS = 3600;

const INTRODUCTION =
  `SET SESSION sql_mode='', time_zone='+00:00', wait_timeout=${String(SESSION_IDLE_SECONDS)}; ` +
  'SELECT @@global.version, @@global.version_comment';

export class Connector {
  readonly #driver: Driver;
  readonly #resolver: HostResolver;
  #learnt: { readonly with: TlsSettings; readonly need: TlsNeed };
  readonly #room = new WaitingRoom();

  constructor(settings: ConnectSettings, resolver: HostResolver) {
    this.#driver = new Driver(settings);
    this.#resolver = resolver;
    this.#learnt = learning(settings);
  }

  /** What was learnt with other certificates, or in another mode, says nothing. */
  get #tlsNeed(): TlsNeed {
    const { settings } = this.#driver;
    if (this.#learnt.with !== settings.tls) this.#learnt = learning(settings);
    return this.#learnt.need;
  }

  /** As whom it logs in, for a server that is to log in to another as the same. */
  get account(): { readonly user: string; readonly password: string } {
    const { user, password } = this.#driver.settings;
    return { user, password };
  }

  /** Rejects with LinkFailed, whose `failure` is this node's evidence on the server. */
  async connect(address: Address, timeoutMs: number): Promise<Link> {
    const deadlineMs = monotonicNowMs() + timeoutMs;
    const tls = this.#tlsNeed.wants(address);
    try {
      return await this.#open(address, tls, timeoutMs);
    } catch (error) {
      if (!this.#tlsNeed.worthTrying(address, tls, error)) {
        throw withTrouble(error, this.#tlsNeed.troubleOf(address, error));
      }
      return await this.#openWithTls(address, deadlineMs - monotonicNowMs(), error);
    }
  }

  /** One fresh connection, up to the server's first word. Never rejects. */
  async knock(address: Address, timeoutMs: number): Promise<Knock> {
    return await knock(address, timeoutMs, {
      room: this.#room,
      resolve: (host) => this.#resolver.resolve(host),
      logIn: (socket) => this.#driver.logIn(address, socket, this.#tlsNeed.wants(address)),
    });
  }

  /** Ends what waits for a first word; connections that were handed out are their holders' own. */
  close(): void {
    this.#room.close();
  }

  async #openWithTls(address: Address, timeoutMs: number, plainError: unknown): Promise<Link> {
    try {
      const link = await this.#open(address, true, timeoutMs);
      this.#tlsNeed.works(address);
      return link;
    } catch (error) {
      const failure = error instanceof LinkFailed ? error.failure : failureAt(address, 'login', error);
      // MySQL's own word came through TLS: it is wrong for another reason, a password say.
      if (failure.kind === 'alive' && failure.code !== 'ETIMEDOUT') {
        this.#tlsNeed.works(address);
        throw error;
      }
      this.#tlsNeed.fails(address, failure.message);
      throw withTrouble(plainError, failure.message);
    }
  }

  async #open(address: Address, tls: boolean, timeoutMs: number): Promise<Link> {
    const deadlineMs = monotonicNowMs() + timeoutMs;
    const leftMs = (): number => Math.max(1, deadlineMs - monotonicNowMs());
    if (!this.#room.mayDial(address) && (await this.#room.word(address, timeoutMs)) === 'silent') {
      throw new LinkFailed(deadlineAt(address, 'greeting', timeoutMs));
    }
    const link = await this.#logIn(address, tls, leftMs());
    if (isBinlogServer(link.greeting)) {
      link.introduce(dialectOf('unknown', parseVersion(link.greeting)));
      return link;
    }
    try {
      const sets = await link.run(INTRODUCTION, leftMs());
      const row = sets[1]?.rows[0];
      const version = cellText(row?.[0]);
      link.introduce(dialectOf(flavorOf(version, cellText(row?.[1])), parseVersion(version)));
      return link;
    } catch (error) {
      link.destroy();
      throw duringLogin(address, error, timeoutMs);
    }
  }

  async #logIn(address: Address, tls: boolean, timeoutMs: number): Promise<Link> {
    return await new Promise<Link>((resolve, reject) => {
      let phase: Phase = 'resolve';
      let over = false;
      let socket: Socket | null = null;
      const fail = (failure: LinkFailed): void => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        reject(failure);
      };
      const failed = (error: unknown): void => {
        socket?.destroy();
        fail(new LinkFailed(failureAt(address, phase, error), error));
      };
      const timer = setTimeout(() => {
        if (phase === 'greeting' && socket !== null) this.#room.leave(address, socket);
        else socket?.destroy();
        fail(new LinkFailed(deadlineAt(address, phase, timeoutMs)));
      }, timeoutMs);
      const go = (ip: string): void => {
        if (over) return;
        phase = 'dial';
        const opened = openSocket(ip, address.port);
        socket = opened;
        const connection = this.#driver.logIn(address, opened, tls);
        opened.once('connect', () => {
          phase = 'greeting';
        });
        opened.once('data', () => {
          phase = 'login';
        });
        opened.once('error', failed);
        // Stays for good: an error that nobody listens to would end the process.
        connection.on('error', failed);
        connection.once('connect', (greeting: unknown) => {
          if (over) {
            connection.end(() => opened.destroy());
            return;
          }
          over = true;
          clearTimeout(timer);
          resolve(new Link(address, connection, opened, versionIn(greeting)));
        });
      };
      this.#resolver.resolve(address.host).then(go, failed);
    });
  }
}

/** MySQL answered the plain attempt, which is what counts as evidence; what ails TLS is what has to be mended. */
function withTrouble(error: unknown, trouble: string): unknown {
  if (trouble === '' || !(error instanceof LinkFailed)) return error;
  const { failure } = error;
  return new LinkFailed({ ...failure, message: `${trouble}; without TLS: ${failure.message}` }, error);
}

/** The driver hands over the packet with which the server began. */
function versionIn(greeting: unknown): string {
  const version: unknown = (greeting as { readonly serverVersion?: unknown } | undefined)?.serverVersion;
  return typeof version === 'string' ? version : '';
}

/** The server had greeted us and let us in, so its slowness is not silence. */
function duringLogin(address: Address, error: unknown, timeoutMs: number): LinkFailed {
  if (error instanceof StatementFailed) {
    return new LinkFailed({ kind: 'alive', code: String(error.number), message: error.message }, error);
  }
  if (!(error instanceof LinkFailed)) return new LinkFailed(failureAt(address, 'login', error), error);
  return error.failure.code === 'ETIMEDOUT' ? new LinkFailed(deadlineAt(address, 'login', timeoutMs), error) : error;
}

function learning({ tls, tlsMemoryMs }: ConnectSettings): { readonly with: TlsSettings; readonly need: TlsNeed } {
  return { with: tls, need: new TlsNeed(tls.mode, tlsMemoryMs) };
}

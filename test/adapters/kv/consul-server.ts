/**
 * A small Consul that keeps what its documentation promises of the key-value store: indexes that rise with every change and
 * stay when nothing changed, check-and-set by index (0: only if there is no such key), transactions that are made whole or
 * not at all, flags, data centres, tokens.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Entry {
  readonly value: string;
  readonly flags: number;
  readonly index: number;
}

interface Operation {
  readonly KV: {
    readonly Verb: string;
    readonly Key: string;
    readonly Value: string;
    readonly Flags: number;
    readonly Index: number;
  };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export class ConsulServer {
  readonly datacenters = new Map<string, Map<string, Entry>>([['dc1', new Map()]]);
  /** `PUT /v1/kv/a/b`, in order. */
  readonly requests: string[] = [];
  token = '';
  /** Called before a change is made, to let somebody else be faster. */
  beforeWrite: () => void | Promise<void> = () => undefined;
  /** Nothing answers any more. */
  isDown = false;
  #index = 10;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#take(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
      });
    });
  }

  static async start(): Promise<ConsulServer> {
    const consul = new ConsulServer();
    await new Promise<void>((resolve) => consul.#server.listen(0, '127.0.0.1', resolve));
    return consul;
  }

  get address(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  values(datacenter = 'dc1'): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#entries(datacenter)].map(([key, { value }]) => [key, value]));
  }

  /** As somebody else would, without conditions. */
  put(key: string, value: string, flags = 0, datacenter = 'dc1'): void {
    this.#set(this.#entries(datacenter), key, value, flags);
  }

  #entries(datacenter: string): Map<string, Entry> {
    const entries = this.datacenters.get(datacenter);
    if (entries === undefined) throw new Error(`there is no data centre ${datacenter}`);
    return entries;
  }

  async #take(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://consul');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    this.requests.push(`${request.method ?? ''} ${pathname}`);
    if (this.isDown) return { status: 500, body: 'No cluster leader' };
    if (this.token !== '' && request.headers['x-consul-token'] !== this.token) {
      return { status: 403, body: 'Permission denied' };
    }
    if (pathname === '/v1/catalog/datacenters') return { status: 200, body: [...this.datacenters.keys()] };
    const entries = this.#entries(searchParams.get('dc') ?? 'dc1');
    if (pathname === '/v1/txn') return await this.#transact(entries, JSON.parse(body) as Operation[]);
    const key = decodeURIComponent(pathname.replace('/v1/kv/', ''));
    if (request.method === 'GET') return read(entries, key);
    await this.beforeWrite();
    const expected = Number(searchParams.get('cas'));
    if ((entries.get(key)?.index ?? 0) !== expected) return { status: 200, body: 'false' };
    this.#set(entries, key, body, Number(searchParams.get('flags') ?? 0));
    return { status: 200, body: 'true' };
  }

  async #transact(entries: Map<string, Entry>, operations: readonly Operation[]): Promise<Answer> {
    await this.beforeWrite();
    if (operations.length > 64) return { status: 413, body: 'too many operations' };
    const stale = operations.findIndex(({ KV }) => KV.Verb !== 'cas' || (entries.get(KV.Key)?.index ?? 0) !== KV.Index);
    if (stale >= 0) return { status: 409, body: { Errors: [{ OpIndex: stale, What: 'index is stale' }] } };
    this.#index += 1;
    for (const { KV } of operations) {
      this.#set(entries, KV.Key, Buffer.from(KV.Value, 'base64').toString('utf8'), KV.Flags, false);
    }
    return { status: 200, body: { Results: [], Errors: null } };
  }

  /** The index of an entry that is written as it stands does not move. */
  #set(entries: Map<string, Entry>, key: string, value: string, flags: number, isNext = true): void {
    const known = entries.get(key);
    if (known?.value === value && known.flags === flags) return;
    if (isNext) this.#index += 1;
    entries.set(key, { value, flags, index: this.#index });
  }
}

function read(entries: ReadonlyMap<string, Entry>, prefix: string): Answer {
  const found = [...entries].filter(([key]) => key.startsWith(prefix));
  if (found.length === 0) return { status: 404, body: '' };
  return {
    status: 200,
    body: found.map(([key, { value, flags, index }]) => ({
      Key: key,
      Value: value === '' ? null : Buffer.from(value).toString('base64'),
      Flags: flags,
      ModifyIndex: index,
    })),
  };
}

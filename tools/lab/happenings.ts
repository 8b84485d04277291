// What a node tells over server-sent events, with the moment at which each was heard here.
export interface HeardHappening {
  /** performance.now(). */
  readonly heardAtMs: number;
  readonly kind: string;
  readonly server: string;
  readonly code: string;
  readonly text: string;
  readonly reasons: readonly string[];
  readonly id: string;
}

export class HappeningFollower {
  readonly heard: HeardHappening[] = [];
  readonly #end = new AbortController();
  #text = '';

  private constructor() {}

  /** Resolves when the node answers. `after`: the id to go on from. */
  static async follow(url: string, after = ''): Promise<HappeningFollower> {
    const follower = new HappeningFollower();
    const headers = after === '' ? {} : { 'last-event-id': after };
    const response = await fetch(`${url}/api/v1/happenings`, { headers, signal: follower.#end.signal });
    if (response.status !== 200 || response.body === null) {
      throw new Error(`${url}/api/v1/happenings: ${String(response.status)}`);
    }
    void follower.#read(response.body).catch(() => undefined);
    return follower;
  }

  get lastId(): string {
    return this.heard.findLast(({ id }) => id !== '')?.id ?? '';
  }

  stop(): void {
    this.#end.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      this.#text += decoder.decode(chunk, { stream: true });
      const frames = this.#text.split('\n\n');
      this.#text = frames.pop() ?? '';
      for (const frame of frames) this.#take(frame);
    }
  }

  #take(frame: string): void {
    const data = /^data: (.*)$/m.exec(frame)?.[1];
    if (data === undefined) return;
    const said = JSON.parse(data) as Omit<HeardHappening, 'heardAtMs' | 'id'>;
    this.heard.push({ ...said, id: /^id: (.*)$/m.exec(frame)?.[1] ?? '', heardAtMs: performance.now() });
  }
}

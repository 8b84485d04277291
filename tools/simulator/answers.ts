// Whole answers to whole query texts, written once for each server: all servers are asked the same few texts for ever,
// so that an answer costs no more than finding it and renewing its digits. A simulator that took as much of the machine
// as the nodes that it is there to measure would be measured with them.
import { type Answer, PacketWriter, renew, writeError, writeOk, writeResultSet } from './packets.js';
import { isNeverTaught, type ResultSet, SqlError } from './result-set.js';
import type { SimulatedServer } from './simulated-world.js';
import { statementsIn } from './sql-text.js';
import { answerTo } from './statements.js';

const BINARY_LOG_END = 'SHOW BINARY LOG STATUS';

/** A server is asked a handful of texts; one that is asked ever new ones must not fill the memory. */
const TEXTS_MAX = 64;

export class Answers {
  readonly #written = new Map<string, Map<string, Answer>>();
  readonly #onUntaught: (what: string) => void;

  constructor(onUntaught: (what: string) => void) {
    this.#onUntaught = onUntaught;
  }

  /** The bytes are good until the next call. */
  to(query: string, server: SimulatedServer, deprecateEof: boolean): Buffer {
    let texts = this.#written.get(server.address);
    if (texts === undefined) {
      texts = new Map();
      this.#written.set(server.address, texts);
    }
    const key = deprecateEof ? query : `${query};`;
    let answer = texts.get(key);
    if (answer === undefined) {
      answer = this.#write(query, server, deprecateEof);
      if (texts.size >= TEXTS_MAX) texts.clear();
      texts.set(key, answer);
    }
    return renew(answer);
  }

  /** What was written of these servers is no longer so. */
  forget(servers: readonly SimulatedServer[]): void {
    for (const { address } of servers) this.#written.delete(address);
  }

  #write(query: string, server: SimulatedServer, deprecateEof: boolean): Answer {
    const writer = new PacketWriter(1);
    const statements = statementsIn(query);
    for (const [at, statement] of statements.entries()) {
      if (server.fault === 'full-disk' && statement === BINARY_LOG_END) break;
      const moreFollows = at < statements.length - 1;
      const result = this.#resultOf(statement, server);
      if (result instanceof SqlError) {
        // As with a real server, an error is the last word of a query, whatever else was asked.
        writeError(writer, result);
        break;
      }
      if (result === null) writeOk(writer, 0, moreFollows);
      else writeResultSet(writer, result, { moreFollows, deprecateEof });
    }
    return writer.done();
  }

  #resultOf(statement: string, server: SimulatedServer): ResultSet | SqlError | null {
    try {
      return answerTo(statement, server);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      if (isNeverTaught(error)) this.#onUntaught(error.message);
      return error;
    }
  }
}

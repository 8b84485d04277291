// Unary gRPC calls straight over HTTP/2, with as little in between as Node allows: the same cheap client for both sides of
// a comparison, because the usual one costs more than what it measures.
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';

const { HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_CONTENT_TYPE, HTTP2_HEADER_TE } = constants;

export class RawUnaryClient {
  readonly #session: ClientHttp2Session;

  constructor(address: string) {
    this.#session = connect(`http://${address}`);
    this.#session.on('error', () => undefined);
  }

  /** `message` is the encoded request. Rejects unless the call ends with status 0. */
  call(path: string, message: Uint8Array): Promise<void> {
    const frame = Buffer.alloc(5 + message.length);
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, 5);
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        [HTTP2_HEADER_METHOD]: 'POST',
        [HTTP2_HEADER_PATH]: path,
        [HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
        [HTTP2_HEADER_TE]: 'trailers',
      });
      let status: unknown;
      const look = (headers: IncomingHttpHeaders): void => {
        status = headers['grpc-status'] ?? status;
      };
      stream.on('response', look);
      stream.on('trailers', look);
      stream.on('error', reject);
      stream.on('close', () => {
        if (Number(status) === 0) resolve();
        else reject(new Error(`${path} ended with status ${String(status)}`));
      });
      stream.resume();
      stream.end(frame);
    });
  }

  close(): void {
    this.#session.close();
  }
}

/** A message whose first two fields are a key and a value, as our Put and etcd's both are. */
export function keyAndValue(key: string, value: string): Uint8Array {
  return Buffer.concat([field(1, key), field(2, value)]);
}

/** A message whose first field is a key: our Get and etcd's Range, both linearizable unless asked otherwise. */
export function keyOnly(key: string): Uint8Array {
  return field(1, key);
}

function field(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...length]), bytes]);
}

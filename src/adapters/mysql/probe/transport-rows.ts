/** How a channel reaches its source, from replica status; the names of the columns changed with the words of replication. */
import { type ChannelTransport, PLAIN_TRANSPORT } from '../../../core/topology/server.js';
import type { Dialect } from '../dialect.js';
import type { Row } from '../table.js';

/** `connection`: the channel's row of performance_schema, which alone knows the cipher suites of TLS 1.3. */
export function transportOf({ source }: Dialect, row: Row, connection: Row | null): ChannelTransport {
  const text = (name: string): string => row.text(`${source}_${name}`);
  const transport: ChannelTransport = {
    caFile: text('SSL_CA_File'),
    caPath: text('SSL_CA_Path'),
    certificate: text('SSL_Cert'),
    cipher: text('SSL_Cipher'),
    crlFile: text('SSL_Crl'),
    crlPath: text('SSL_Crlpath'),
    key: text('SSL_Key'),
    verifiesServer: flagOrNull(row, `${source}_SSL_Verify_Server_Cert`),
    tlsVersion: text('TLS_Version'),
    cipherSuites: connection?.text('suites') ?? '',
    publicKeyPath: text('public_key_path'),
    getsPublicKey: flagOrNull(row, `Get_${source === 'Source' ? 'Source' : 'master'}_public_key`),
  };
  return isPlain(transport) ? PLAIN_TRANSPORT : transport;
}

function flagOrNull(row: Row, name: string): boolean | null {
  return row.has(name) ? row.flag(name) : null;
}

function isPlain(transport: ChannelTransport): boolean {
  return (Object.keys(PLAIN_TRANSPORT) as (keyof ChannelTransport)[]).every(
    (name) => transport[name] === PLAIN_TRANSPORT[name],
  );
}

/**
 * The services of proto/, loaded at run time: there is no generated code to keep in step. A file is read once, however many
 * services come from it, because reading it is a good part of what a node does before it is ready. It lies beside `src` and
 * `dist` alike, so the same way leads to it from both.
 */
import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync, type Options, type PackageDefinition } from '@grpc/proto-loader';
import { assert } from '../../core/base/assert.js';

interface ProtoFile {
  readonly name: string;
  readonly package: string;
  /** What its messages look like here. */
  readonly options: Options;
}

const EVERYWHERE = { keepCase: false, longs: Number, defaults: true } satisfies Options;

const FILES = {
  clients: {
    name: 'orchestrator.proto',
    package: 'orchestrator.v1',
    options: { ...EVERYWHERE, enums: String, oneofs: true },
  },
  raft: { name: 'raft.proto', package: 'orchestrator.raft.v1', options: { ...EVERYWHERE, oneofs: true } },
  peers: { name: 'peers.proto', package: 'orchestrator.peers.v1', options: { ...EVERYWHERE, enums: String } },
} as const satisfies Readonly<Record<string, ProtoFile>>;

const read = new Map<string, PackageDefinition>();

function definitionsOf({ name, options }: ProtoFile): PackageDefinition {
  const known = read.get(name);
  if (known !== undefined) return known;
  const definitions = loadSync(fileURLToPath(new URL(`../../../proto/${name}`, import.meta.url)), options);
  read.set(name, definitions);
  return definitions;
}

/**
 * The service of this name, whose methods, the named ones at least, are as `S` has them. It is shared by all who ask for it:
 * whoever wants other methods makes a service of his own from it.
 */
export function loadService<S extends object>(
  file: keyof typeof FILES,
  name: string,
  methods: readonly (keyof S & string)[],
): S & ServiceDefinition {
  const service: unknown = definitionsOf(FILES[file])[`${FILES[file].package}.${name}`];
  assert(hasMethods(service, methods), `${FILES[file].name} does not define ${name} with ${methods.join(', ')}`);
  return service as S & ServiceDefinition;
}

function hasMethods(value: unknown, methods: readonly string[]): value is ServiceDefinition {
  return typeof value === 'object' && value !== null && methods.every((method) => method in value);
}

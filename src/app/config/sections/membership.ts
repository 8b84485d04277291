/**
 * Who the nodes are and which of them this is. A node's id is its entry in RaftNodes, written the one normal way, so the
 * list has to mean the same on every node. An entry is found by its text; where the file names this node by an IP and
 * lists host names (the incumbent resolves both), by the addresses the names lead to.
 */
import { createHash } from 'node:crypto';
import { type Address, parseAddress } from '../../../core/topology/address.js';
import type { RaftConfig } from '../config.js';
import { endpointText, isEveryInterface, type ListenAddress } from './endpoints.js';
import type { Findings } from '../findings.js';
import type { Values } from '../keys/keys.js';

/** The IP addresses of a host name; rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export type Membership = Pick<RaftConfig, 'id' | 'advertise' | 'joins' | 'members' | 'places' | 'clusterId' | 'bind'>;

/** `born`: the id in the data directory, which a node keeps wherever it moves. Null when a fault was found. */
export async function readMembership(
  values: Values,
  findings: Findings,
  resolve: Resolve,
  born: string | null,
): Promise<Membership | null> {
  const bind = readBind(values, findings);
  const self = readSelf(values, bind, findings);
  const nodes = readNodes(values, findings);
  if (bind === null || self === null || nodes === null) return null;
  const alone = {
    ...founders([self]),
    id: born ?? endpointText(self),
    advertise: endpointText(self),
    joins: false,
    bind,
  };
  if (!values.RaftEnabled) {
    if (nodes.length > 1) {
      findings.warn(
        `RaftNodes names ${String(nodes.length)} nodes and RaftEnabled is not true: this node is a CLUSTER OF ONE that agrees with nobody`,
      );
    }
    return { ...alone, places: [] };
  }
  if (values.RaftJoin) return joining({ values, findings, nodes, self, born, bind });
  if (nodes.length === 0) return { ...alone, places: [] };
  const own = await findSelf(self, nodes, resolve);
  if (isSuspect(own ?? self, nodes, born, findings)) return null;
  if (own === null && born === null) {
    refuseStranger(values, self, nodes, findings);
    return null;
  }
  warnOfTwo(nodes, findings);
  const advertise = endpointText(own ?? self);
  const places = nodes.map(endpointText).filter((place) => place !== advertise);
  return { ...founders(nodes), id: born ?? advertise, advertise, joins: false, places, bind };
}

interface Joiner {
  readonly values: Values;
  readonly findings: Findings;
  readonly nodes: readonly Address[];
  readonly self: Address;
  readonly born: string | null;
  readonly bind: ListenAddress;
}

/** It need not stand in RaftNodes itself; there must be somebody to ask. */
function joining({ findings, nodes, self, born, bind }: Joiner): Membership | null {
  const advertise = endpointText(self);
  const places = nodes.map(endpointText).filter((place) => place !== advertise);
  if (places.length === 0) {
    findings.fault(
      'RaftNodes',
      'nobody else is in it, and RaftJoin is true; allowed: at least one member of the cluster',
    );
    return null;
  }
  return { id: born ?? advertise, advertise, joins: true, members: [], places, clusterId: null, bind };
}

/** A directory that was copied from one node to another would give two nodes one vote. */
function isSuspect(self: Address, nodes: readonly Address[], born: string | null, findings: Findings): boolean {
  const listed = nodes.map(endpointText);
  const name = endpointText(self);
  if (born === null || born === name || !listed.includes(born) || !listed.includes(name)) return false;
  findings.fault(
    'RaftDataDir',
    `it belongs to node ${born}, and this node calls itself ${name}; both stand in RaftNodes. Allowed: a folder of its own; ` +
      `or, if ${born} has moved here, RaftNodes without ${born}`,
  );
  return true;
}

function warnOfTwo(nodes: readonly Address[], findings: Findings): void {
  if (nodes.length !== 2) return;
  findings.warn(
    'RaftNodes names two nodes: BOTH are needed for every decision, so the loss of either stops failovers; three survive the loss of one',
  );
}

function refuseStranger(values: Values, self: Address, nodes: readonly Address[], findings: Findings): void {
  const key = values.RaftAdvertise === '' ? 'RaftBind' : 'RaftAdvertise';
  const list = nodes.map(endpointText).join(', ');
  findings.fault(
    key,
    `this node calls itself ${endpointText(self)}, which is not one of RaftNodes (${list}); allowed: one of them, ` +
      'written in the same way (set RaftAdvertise where RaftBind has to be another address), or RaftJoin for a new node',
  );
}

function founders(nodes: readonly Address[]): Pick<Membership, 'members' | 'clusterId'> {
  const ids = nodes.map(endpointText).sort();
  const members = ids.map((member) => ({ id: member, address: member }));
  const clusterId =
    ids.length > 1 ? createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, CLUSTER_ID_DIGITS) : null;
  return { members, clusterId };
}

const CLUSTER_ID_DIGITS = 32;

function readBind(values: Values, findings: Findings): ListenAddress | null {
  const written = values.RaftBind.trim();
  const everywhere = written.startsWith(':');
  const address = parseAddress(everywhere ? `every${written}` : written, values.DefaultRaftPort);
  if (address.ok) return everywhere ? { host: null, port: address.value.port } : address.value;
  findings.fault('RaftBind', `${JSON.stringify(written)} was given; allowed: host or host:port`);
  return null;
}

function readSelf(values: Values, bind: ListenAddress | null, findings: Findings): Address | null {
  if (values.RaftAdvertise !== '') {
    const address = parseAddress(values.RaftAdvertise, values.DefaultRaftPort);
    if (address.ok && !isEveryInterface(address.value.host)) return address.value;
    const given = JSON.stringify(values.RaftAdvertise);
    findings.fault(
      'RaftAdvertise',
      `${given} was given; allowed: host or host:port at which the others reach this node`,
    );
    return null;
  }
  if (bind === null) return null;
  if (bind.host !== null && !isEveryInterface(bind.host)) return { host: bind.host, port: bind.port };
  if (!values.RaftEnabled) return { host: '127.0.0.1', port: bind.port };
  findings.fault(
    'RaftAdvertise',
    `nothing was given, and RaftBind (${JSON.stringify(values.RaftBind)}) is no address that others could use; allowed: ` +
      "this node's entry in RaftNodes",
  );
  return null;
}

function readNodes(values: Values, findings: Findings): readonly Address[] | null {
  const nodes = new Map<string, Address>();
  let whole = true;
  for (const entry of values.RaftNodes) {
    const address = parseAddress(entry, values.DefaultRaftPort);
    if (!address.ok || isEveryInterface(address.value.host)) {
      findings.fault('RaftNodes', `${JSON.stringify(entry)} is one of its entries; allowed: host or host:port`);
      whole = false;
      continue;
    }
    const id = endpointText(address.value);
    if (nodes.has(id)) findings.warn(`RaftNodes names ${id} twice; it counts once`);
    nodes.set(id, address.value);
  }
  return whole ? [...nodes.values()] : null;
}

async function findSelf(self: Address, nodes: readonly Address[], resolve: Resolve): Promise<Address | null> {
  const same = nodes.find((node) => endpointText(node) === endpointText(self));
  if (same !== undefined) return same;
  const mine = await addressesOf(self.host, resolve);
  const samePort = nodes.filter((node) => node.port === self.port);
  const theirs = await Promise.all(samePort.map((node) => addressesOf(node.host, resolve)));
  const found = samePort.filter((_, index) => theirs[index]?.some((ip) => mine.includes(ip)));
  // Two entries that lead here are no answer: picking one of them could give two nodes the same id.
  return found.length === 1 ? (found[0] ?? null) : null;
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[]> {
  return await resolve(host).catch(() => []);
}

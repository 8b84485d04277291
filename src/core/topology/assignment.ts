/**
 * Which node looks at which server. A pure rule of the list of those who take part (rendezvous hashing): every node that
 * knows the list comes to the same answer without asking anybody, and when one leaves, only what it looked at moves. A
 * server is looked at from its own data centre where a node is there, because what a probe costs is mostly its way.
 */
export interface Participant {
  readonly id: string;
  /** Where the node stands; '' when it was not told. */
  readonly dataCenter: string;
}

/** Who takes part, as one node has decided. Later ones replace earlier ones, by term and then by number. */
export interface Roster {
  /** Of the leader that decided; 0 when there was none and each goes by whom it hears. */
  readonly term: number;
  readonly number: number;
  /** Sorted by id, each once. */
  readonly nodes: readonly Participant[];
}

export function isLater(one: Roster, other: Roster): boolean {
  return one.term === other.term ? one.number > other.number : one.term > other.term;
}

export function sortedParticipants(nodes: Iterable<Participant>): readonly Participant[] {
  return [...nodes].sort((one, other) => (one.id < other.id ? -1 : 1));
}

export function sameParticipants(one: readonly Participant[], other: readonly Participant[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ id, dataCenter }, at) => other[at]?.id === id && other[at].dataCenter === dataCenter)
  );
}

/** `key` names what is looked at: an address as text. Null when nobody takes part. */
export function assignedTo(key: string, dataCenter: string, nodes: readonly Participant[]): string | null {
  const near = dataCenter === '' ? [] : nodes.filter((node) => node.dataCenter === dataCenter);
  let best: string | null = null;
  let bestWeight = -1;
  for (const { id } of near.length > 0 ? near : nodes) {
    const weight = weightOf(id, key);
    if (weight < bestWeight || (weight === bestWeight && best !== null && id > best)) continue;
    best = id;
    bestWeight = weight;
  }
  return best;
}

/** FNV-1a over both texts, then mixed: without that, addresses that differ in their last digit go to one node. */
function weightOf(node: string, key: string): number {
  let hash = hashed(key, hashed(node, 0x811c9dc5) ^ 0xff);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function hashed(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

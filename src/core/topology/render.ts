/**
 * A topology as text, in the form that users of the incumbent have in their terminals and parse in their scripts: line for
 * line, marker for marker. It draws plain values and knows no ledger, so that the node and the client draw the same.
 */
import { type Address, addressText } from './address.js';
import { describeColumns, type TopologyEntry } from './topology-entry.js';

export interface TopologyStyle {
  readonly layout: 'aligned' | 'tabulated';
  readonly tags: boolean;
  /** A topology of the past: names only, because nothing else of it is known. */
  readonly historical: boolean;
  /** ReasonableMaintenanceReplicationLagSeconds. */
  readonly maintenanceLagSeconds: number;
  /**
   * Where there are several roots the incumbent draws the last by host and port and drops the others' trees. With an
   * address here that tree is drawn first and the others below it; null draws as the incumbent does.
   */
  readonly firstRoot: Address | null;
}

interface Branch {
  readonly entry: TopologyEntry;
  readonly depth: number;
}

/** Lines joined by `\n`, none at the end. */
export function renderTopology(entries: readonly TopologyEntry[], style: TopologyStyle): string {
  const branches = grow(entries, style.firstRoot);
  const names = branches.map(({ entry, depth }) => `${prefixOf(entry, depth)}${nameOf(entry)}`);
  if (style.historical) return names.join('\n');
  const columns = branches.map(({ entry }) => describeColumns(entry, style.maintenanceLagSeconds));
  const tags = branches.map(({ entry }) => (style.tags ? ` [${entry.tags.join(',')}]` : ''));
  const lines = style.layout === 'tabulated' ? tabulated(names, columns, tags) : aligned(names, columns, tags);
  return lines.join('\n');
}

function grow(entries: readonly TopologyEntry[], firstRoot: Address | null): readonly Branch[] {
  const sorted = [...entries].sort(byHostAndPort);
  const known = new Set(sorted.map(({ address }) => addressText(address)));
  const children = new Map<string, TopologyEntry[]>();
  const roots: TopologyEntry[] = [];
  for (const entry of sorted) {
    const source = entry.source === null ? null : addressText(entry.source);
    if (source === null || !known.has(source)) {
      roots.push(entry);
      continue;
    }
    const siblings = children.get(source);
    if (siblings === undefined) children.set(source, [entry]);
    else siblings.push(entry);
  }
  const branches: Branch[] = [];
  const drawn = new Set<TopologyEntry>();
  const draw = (entry: TopologyEntry, depth: number): void => {
    // Co-primaries stand side by side at depth 1; met again below each other they would repeat for ever.
    if (drawn.has(entry) || (entry.isCoPrimary && depth > 1)) return;
    drawn.add(entry);
    branches.push({ entry, depth });
    for (const child of children.get(addressText(entry.address)) ?? []) draw(child, depth + 1);
  };
  for (const root of chosenRoots(roots, firstRoot)) draw(root, 0);
  if (roots.length > 0 && firstRoot === null) return branches;
  // What hangs below no root stands in a ring.
  for (const entry of sorted) if (entry.isCoPrimary) draw(entry, 1);
  for (const entry of sorted) draw(entry, 1);
  return branches;
}

function byHostAndPort(one: TopologyEntry, other: TopologyEntry): number {
  if (one.address.host !== other.address.host) return one.address.host < other.address.host ? -1 : 1;
  return one.address.port - other.address.port;
}

function chosenRoots(roots: readonly TopologyEntry[], firstRoot: Address | null): readonly TopologyEntry[] {
  if (firstRoot === null) return roots.slice(-1);
  const isFirst = (entry: TopologyEntry): boolean => addressText(entry.address) === addressText(firstRoot);
  return [...roots.filter(isFirst), ...roots.filter((entry) => !isFirst(entry))];
}

function prefixOf(entry: TopologyEntry, depth: number): string {
  if (depth === 0) return '';
  const running = entry.isReplica && entry.threadsRunning && entry.isCheckValid && entry.isRecentlyChecked;
  const marker = entry.isGroupSecondary ? '‡' : running ? '+' : '-';
  return `${' '.repeat(2 * (depth - 1))}${marker} `;
}

function nameOf(entry: TopologyEntry): string {
  return entry.alias === '' ? addressText(entry.address) : `${addressText(entry.address)} (${entry.alias})`;
}

/** All brackets start below the one that is furthest, counted in bytes as the incumbent counts. */
function aligned(
  names: readonly string[],
  columns: readonly (readonly string[])[],
  tags: readonly string[],
): readonly string[] {
  const widest = Math.max(0, ...names.map(utf8Length));
  return names.map((name, at) => {
    const tokens = (columns[at] ?? []).filter((token) => token !== '');
    return `${name}${' '.repeat(widest - utf8Length(name))} [${tokens.join(',')}]${tags[at] ?? ''}`;
  });
}

function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}

/** Columns with `|` between them, each as wide as its widest cell; the lag stands to the right. */
function tabulated(
  names: readonly string[],
  columns: readonly (readonly string[])[],
  tags: readonly string[],
): readonly string[] {
  const LAG = 1;
  const rows = names.map((name, at) => {
    const cells = [name, ...(columns[at] ?? [])];
    return [...cells.slice(0, -1), `${cells.at(-1) ?? ''}${tags[at] ?? ''}`];
  });
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => characters(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - characters(cell));
        return column === LAG ? padding + cell : cell + padding;
      })
      .join('|'),
  );
}

function characters(text: string): number {
  return Array.from(text).length;
}

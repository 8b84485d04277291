/** Compares an answer with the incumbent's objects: every field, its place and its type. */
import { SHAPES } from './shapes.js';

/** What we say beside it. Scripts of the incumbent do not look at it. */
const OURS: ReadonlyMap<string, readonly string[]> = new Map([
  ['HealthStatus', ['RecoveriesEnabled', 'Brake']],
  ['BlockedTopologyRecovery', ['BlockingRecoveryUID', 'BlockingFailedInstanceKey', 'BlockedUntilTimestamp']],
]);

const PLAIN: Readonly<Record<string, (value: unknown) => boolean>> = {
  any: () => true,
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  null: (value) => value === null,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

/** Maps whose keys are data. */
const MAPS: Readonly<Record<string, string>> = {
  Pools: 'InstanceKey[]',
  Headers: 'string[]',
  ResolveCache: 'ResolvedName',
};

/** In which places a value is not what the incumbent would answer. */
export function misfits(type: string, value: unknown, at = ''): readonly string[] {
  const choices = type.split('|');
  if (choices.length > 1) {
    const tried = choices.map((choice) => misfits(choice, value, at));
    return tried.find((found) => found.length === 0) ?? tried[0] ?? [];
  }
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${at}: ${shown(value)} is no list`];
    return value.flatMap((entry, index) => misfits(type.slice(0, -2), entry, `${at}[${String(index)}]`));
  }
  if (type.startsWith('"')) return JSON.stringify(value) === type ? [] : [`${at}: ${shown(value)}, not ${type}`];
  const plain = PLAIN[type];
  if (plain !== undefined) return plain(value) ? [] : [`${at}: ${shown(value)} is no ${type}`];
  if (!isObject(value)) return [`${at}: ${shown(value)} is no ${type}`];
  const entries = MAPS[type];
  if (entries !== undefined) {
    return Object.entries(value).flatMap(([key, entry]) => misfits(entries, entry, `${at}.${key}`));
  }
  return objectMisfits(type, value, at);
}

function objectMisfits(type: string, value: Readonly<Record<string, unknown>>, at: string): readonly string[] {
  const fields = SHAPES.get(type);
  if (fields === undefined) throw new Error(`${type} is no shape`);
  const ours = OURS.get(type) ?? [];
  const wanted = fields.map(({ name }) => name);
  const given = Object.keys(value).filter((name) => !ours.includes(name));
  const order = given.join() === wanted.join() ? [] : [`${at}: it has ${given.join()}, and not ${wanted.join()}`];
  return [...order, ...fields.flatMap(({ name, type: inner }) => misfits(inner, value[name], `${at}.${name}`))];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 120 ? text : `${text.slice(0, 120)}...`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

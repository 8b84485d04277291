/**
 * What a value of the configuration may look like. A kind carries the schema that reads it and the words that tell a
 * person what is allowed; the two stand side by side so that they cannot drift apart.
 */
import { z } from 'zod';
import type { DurabilityPolicy, DurabilityRule } from '../../../core/recovery/durability/durability-terms.js';
import { type ClusterFilter, parseClusterFilter } from '../../../core/recovery/guards/filters.js';
import { compilePattern } from '../../../core/base/pattern.js';
import { failed, ok, type Result } from '../../../core/base/result.js';
import { type HostFilter, parseHostFilter } from '../../../core/topology/discovery-filters.js';
import { Secret } from '../secret.js';
import { parseBaseUrl, parseListenAddress, type ListenAddress } from '../sections/endpoints.js';

export interface Kind<T> {
  readonly schema: z.ZodType<T>;
  /** Completes "allowed: ...". */
  readonly allowed: string;
}

export const bool: Kind<boolean> = { schema: z.boolean(), allowed: 'true or false' };
export const text: Kind<string> = { schema: z.string(), allowed: 'a text in quotes' };
export const texts: Kind<readonly string[]> = { schema: z.array(z.string()), allowed: 'a list of texts' };
/** Command lines for a shell, with tokens and passwords in them as it happens. An empty one would be a hook that does nothing. */
export const commands: Kind<readonly Secret[]> = {
  schema: z.array(
    z
      .string()
      .refine((line) => line.trim() !== '' && !line.includes('\u0000'))
      .transform((line) => new Secret(line)),
  ),
  allowed: 'a list of command lines',
};
export const number: Kind<number> = { schema: z.number(), allowed: 'a number' };

export const secret: Kind<Secret> = {
  schema: z.string().transform((value) => new Secret(value)),
  allowed: 'a text in quotes',
};

export function integer(min: number = Number.MIN_SAFE_INTEGER, max: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  const bounds = [
    ...(min === Number.MIN_SAFE_INTEGER ? [] : [` from ${String(min)}`]),
    ...(max === Number.MAX_SAFE_INTEGER ? [] : [` to ${String(max)}`]),
  ];
  const open = bounds.length === 1 && max === Number.MAX_SAFE_INTEGER ? ' up' : '';
  return { schema: z.int().min(min).max(max), allowed: `a whole number${bounds.join('')}${open}` };
}

/** Seconds; a fraction is allowed where the incumbent has whole numbers only. */
export function seconds(min: number, max: number): Kind<number> {
  return {
    schema: z.number().min(min).max(max),
    allowed: `a number of seconds from ${String(min)} to ${String(max)}; fractions are allowed`,
  };
}

/** A text that is read into something better, or refused with a sentence. */
function readText<T>(read: (value: string) => Result<T, string>, allowed: string): Kind<T> {
  const schema = z.string().transform((value, context): T => {
    const answer = read(value);
    if (answer.ok) return answer.value;
    context.addIssue({ code: 'custom', message: answer.error });
    return z.NEVER;
  });
  return { schema, allowed };
}

export const listen: Kind<ListenAddress> = readText(
  parseListenAddress,
  'host:port, or :port for all interfaces; the port is 1 to 65535',
);

export const baseUrl: Kind<string> = readText(
  parseBaseUrl,
  'http://host:port or https://host:port without a path, or "" to have it worked out',
);

const pattern = readText<RegExp>((value) => {
  const compiled = compilePattern(value);
  return compiled.ok ? compiled : failed(`"${value}" is not a regular expression: ${compiled.error}`);
}, '');

/** Statements with their quotes and comments, in which a semicolon ends nothing. */
const NOT_CODE = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|\/\*[\s\S]*?\*\/|--[ \t][^\n]*|#[^\n]*/g;

export const query: Kind<string> = readText<string>((value) => {
  const statement = value.trim().replace(/(?:\s*;)+$/, '');
  const several = statement.replaceAll(NOT_CODE, '').includes(';');
  return several ? failed('it holds more than one statement') : ok(statement);
}, 'one SQL statement, or ""');

export const patterns: Kind<readonly RegExp[]> = {
  schema: z.array(pattern.schema),
  allowed: 'a list of regular expressions',
};

export const patternOrNone: Kind<RegExp | null> = {
  schema: z.union([z.literal('').transform(() => null), pattern.schema]),
  allowed: 'a regular expression, or ""',
};

const hostFilter = readText<HostFilter>((value) => {
  const parsed = parseHostFilter(value);
  return parsed.ok ? parsed : failed(`"${value}" is not a regular expression: ${parsed.error}`);
}, '');

export const hostFilters: Kind<readonly HostFilter[]> = {
  schema: z.array(hostFilter.schema),
  allowed: 'a list of regular expressions or IP addresses',
};

export const aliasPatterns: Kind<readonly { readonly pattern: RegExp; readonly alias: string }[]> = {
  schema: z.record(z.string(), z.string()).transform((value, context) =>
    Object.entries(value).flatMap(([key, alias]) => {
      const compiled = compilePattern(key);
      if (compiled.ok) return [{ pattern: compiled.value, alias }];
      context.addIssue({ code: 'custom', message: `"${key}" is not a regular expression: ${compiled.error}` });
      return [];
    }),
  ),
  allowed: 'an object from regular expressions to aliases',
};

/** One of a few words, each with what it means here. */
export function choice<T extends string>(words: Readonly<Record<string, T>>): Kind<T> {
  const allowed = Object.keys(words).map((word) => `"${word}"`);
  return readText((value) => {
    const meaning = Object.hasOwn(words, value) ? words[value] : undefined;
    return meaning === undefined ? failed(`"${value}" is not one of them`) : ok(meaning);
  }, allowed.join(', '));
}

const clusterFilter = readText<ClusterFilter>(parseClusterFilter, '');

export const clusterFilters: Kind<readonly ClusterFilter[]> = {
  schema: z.array(clusterFilter.schema),
  allowed: 'a list of "*", cluster names, aliases, "alias=X", "alias~=PATTERN" or patterns on the cluster name',
};

const POLICIES: Readonly<Record<string, DurabilityPolicy>> = {
  none: 'none',
  'semi-sync': 'semi-sync',
  'cross-zone': 'cross-zone',
};

/** In the order in which they are written: JSON keeps it for keys that are no whole numbers, and these are none. */
export const durabilityPolicies: Kind<readonly DurabilityRule[]> = {
  schema: z.record(z.string(), z.string()).transform((value, context) =>
    Object.entries(value).flatMap(([key, word]) => {
      const clusters = parseClusterFilter(key);
      const policy = Object.hasOwn(POLICIES, word) ? POLICIES[word] : undefined;
      if (clusters.ok && policy !== undefined) return [{ clusters: clusters.value, policy }];
      const message = clusters.ok ? `"${word}" is no durability policy` : clusters.error;
      context.addIssue({ code: 'custom', message });
      return [];
    }),
  ),
  allowed: 'an object from clusters to "none", "semi-sync" or "cross-zone"',
};

const METHODS = {
  '': 'none',
  none: 'none',
  basic: 'basic',
  multi: 'multi',
  proxy: 'proxy',
  token: 'token',
} as const;
export type AuthenticationMethod = (typeof METHODS)[keyof typeof METHODS];

/** Without regard to upper and lower case, as the incumbent reads it; which, though, takes an unknown method for none. */
export const authenticationMethod: Kind<AuthenticationMethod> = readText((value) => {
  const written = value.toLowerCase();
  const method = Object.entries(METHODS).find(([word]) => word === written)?.[1];
  return method === undefined ? failed('there is no such method') : ok(method);
}, '"", "none", "basic", "multi", "proxy" or "token"');

/** Seconds, of every cluster or cluster by cluster; the first filter that matches decides. */
export interface SecondsOfCluster {
  readonly filters: readonly ClusterFilter[];
  readonly seconds: number;
}

const waitSeconds = z.number().min(0).max(86_400);

export const secondsByCluster: Kind<readonly SecondsOfCluster[]> = {
  schema: z.union([
    waitSeconds.transform((value) => [{ filters: [{ kind: 'every' as const }], seconds: value }]),
    z.record(z.string(), waitSeconds).transform((value, context) =>
      Object.entries(value).flatMap(([key, of]) => {
        const parsed = parseClusterFilter(key);
        if (parsed.ok) return [{ filters: [parsed.value], seconds: of }];
        context.addIssue({ code: 'custom', message: parsed.error });
        return [];
      }),
    ),
  ]),
  allowed: 'a number of seconds from 0 to 86400, or an object from cluster filters to such numbers',
};

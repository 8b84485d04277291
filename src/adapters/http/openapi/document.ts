/**
 * The description of the API, made from the tables that answer: a route that is there is described, and none that is not.
 * What a route does stands in its path, in words; what it takes and who may ask is what the dispatcher goes by.
 */
import { type Access, isCommand, type Route } from '../route.js';
import { QUERY_PARAMETERS } from './query-parameters.js';

export interface RouteGroup {
  readonly name: string;
  readonly routes: readonly Route[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: { readonly type: 'string'; readonly enum?: readonly string[] };
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<Record<string, unknown>>;
  readonly 'x-orchestrator-role': Route['role'];
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Readonly<Record<string, { readonly get: Operation }>>;
  readonly components: unknown;
}

const ABOUT =
  'Every route is a GET, also those that change something: they are those of openark/orchestrator. Values in a path are ' +
  'percent-encoded; white space around them does not count. Errors are an envelope whose Code is ERROR.';

const WHERE: Readonly<Record<Access, string>> = {
  read: 'Answered from the state of the node that is asked, whose age is in the headers.',
  node: 'About the node that is asked, and answered by it.',
  write: 'Done by the leader; any node passes it on.',
  relayed: 'Answered by the leader; any node passes it on.',
};

const KEY: Parameter = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Makes it safe to ask again: under one key it is done once',
  schema: { type: 'string' },
};

const CONSISTENCY: Parameter = {
  name: 'consistency',
  in: 'query',
  required: false,
  description: 'linearizable: only what is certainly the newest, or an error without a quorum',
  schema: { type: 'string', enum: ['linearizable'] },
};

export function openApiDocument(groups: readonly RouteGroup[], version: string, urlPrefix: string): OpenApiDocument {
  const described = groups.flatMap(({ name, routes }) =>
    routes.filter(({ path }) => !path.includes('*')).map((route) => ({ name, route })),
  );
  return {
    openapi: '3.1.0',
    info: { title: 'orchestrator', version, description: ABOUT },
    servers: [{ url: urlPrefix === '' ? '/' : urlPrefix }],
    tags: groups.map(({ name }) => ({ name })),
    // One of them, as AuthenticationMethod says; with `none`, or behind a proxy, none.
    security: [{}, { basic: [] }, { token: [] }],
    paths: Object.fromEntries(
      described.map(({ name, route }) => [template(route.path), { get: operation(route, name) }]),
    ),
    components: COMPONENTS,
  };
}

function operation(route: Route, group: string): Operation {
  const { path, access, role } = route;
  const words = path.split('/').filter((part) => part !== '' && !part.startsWith(':'));
  const values = namesIn(path);
  const what = words
    .filter((word) => !['api', 'v1', 'web'].includes(word))
    .join(' ')
    .replaceAll(/[-_]/g, ' ');
  return {
    operationId: [...words, ...(values.length === 0 ? [] : ['by', ...values])].join('-'),
    summary: (what === '' ? 'home' : what) + (values.length === 0 ? '' : `: ${values.join(', ')}`),
    description: `${WHERE[access]} For ${ROLES[role]}.`,
    tags: [group],
    parameters: parametersOf(route, values),
    responses: isCommand(route) ? { ...ANSWERS, ...COMMAND_ANSWERS } : ANSWERS,
    'x-orchestrator-role': role,
  };
}

const ROLES: Readonly<Record<Route['role'], string>> = {
  viewer: 'everybody who may come in',
  operator: 'operators and administrators',
  admin: 'administrators',
};

function parametersOf(route: Route, values: readonly string[]): readonly Parameter[] {
  const inPath = values.map((name): Parameter => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const inQuery = QUERY_PARAMETERS.filter(({ on }) => on.test(route.path)).map(
    ({ name, about }): Parameter => ({
      name,
      in: 'query',
      required: false,
      description: about,
      schema: { type: 'string' },
    }),
  );
  const more =
    route.access === 'read' ? [CONSISTENCY] : route.access === 'write' && route.role !== 'admin' ? [KEY] : [];
  return [...inPath, ...inQuery, ...more];
}

function template(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function namesIn(path: string): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}

function answer(description: string, schema: string | null): unknown {
  if (schema === null) return { description };
  return { description, content: { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

const ANSWERS = {
  '200': { description: 'What was asked for', content: { 'application/json': { schema: {} } } },
  '401': answer('The caller is not known: see AuthenticationMethod, UseMutualTLS', null),
  '500': answer('It went wrong, or may not be: why stands in Message', 'Refusal'),
};

const COMMAND_ANSWERS = {
  '403': answer('A page of another site asked for it', 'Refusal'),
  '429': answer('Too many commands from one address', 'Refusal'),
};

const COMPONENTS = {
  schemas: {
    Refusal: {
      type: 'object',
      required: ['Code', 'Message', 'Details'],
      properties: {
        Code: { type: 'string', enum: ['ERROR'] },
        Message: { type: 'string' },
        Details: {},
      },
    },
  },
  securitySchemes: {
    basic: { type: 'http', scheme: 'basic' },
    token: { type: 'http', scheme: 'bearer' },
  },
};

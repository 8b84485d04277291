import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { OpenApiDocument } from '../../../src/adapters/http/openapi/document.js';
import { QUERY_PARAMETERS } from '../../../src/adapters/http/openapi/query-parameters.js';
import { routeGroups } from '../../../src/adapters/http/route-table.js';
import { OPENAPI_FORM } from '../../support/openapi-form.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

async function documentOf(urlPrefix = ''): Promise<OpenApiDocument> {
  fixture = await openFixture({ urlPrefix });
  return (await fixture.get(`${urlPrefix}/api/v1/openapi.json`)).body as OpenApiDocument;
}

describe('the OpenAPI document', () => {
  it('has every route, once, with all it takes', async () => {
    const { openapi, info, paths } = await documentOf();
    expect({ openapi, version: info.version }).toEqual({ openapi: '3.1.0', version: '0.1.0' });
    const routes = routeGroups('').flatMap((group) => group.routes);
    const described = routes.filter(({ path }) => !path.includes('*'));
    expect(Object.keys(paths)).toHaveLength(new Set(described.map(({ path }) => path)).size);
    for (const { path, role } of described) {
      const get = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.get;
      const inPath = get?.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      expect({ path, role: get?.['x-orchestrator-role'], inPath }).toEqual({
        path,
        role,
        inPath: [...path.matchAll(/:(\w+)/g)].map(([, name]) => name),
      });
    }
    const ids = Object.values(paths).map(({ get }) => get.operationId);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  });

  it.each(['', '/orc'])(
    'is a document of OpenAPI 3.1, and one with a mistake would be none, below "%s"',
    async (prefix) => {
      const document = await documentOf(prefix);
      expect(OPENAPI_FORM.safeParse(document).error?.issues ?? []).toEqual([]);
      const [path = '', item] = Object.entries(document.paths)[0] ?? [];
      const broken = [
        { ...document, openapi: '3.0.3' },
        { ...document, paths: { ...document.paths, [`${path}/{more}`]: item } },
        { ...document, paths: { ...document.paths, [path]: { get: { ...item?.get, respnses: {} } } } },
        { ...document, security: [{ unheard: [] }] },
      ];
      for (const one of broken) expect(OPENAPI_FORM.safeParse(one).success).toBe(false);
    },
  );

  it('refers to nothing that is not in it, and knows its prefix', async () => {
    const document = await documentOf('/orc');
    expect(document.servers).toEqual([{ url: '/orc' }]);
    const text = JSON.stringify(document);
    const references = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
    const { schemas } = document.components as { schemas: Record<string, unknown> };
    expect([...references]).toEqual(Object.keys(schemas));
  });

  it('says which commands take a key, and which reads may be linearizable', async () => {
    const { paths } = await documentOf();
    const names = (path: string) => paths[path]?.get.parameters.map(({ name }) => name);
    expect(names('/api/forget/{host}/{port}')).toEqual(['host', 'port', 'Idempotency-Key']);
    expect(names('/api/clusters')).toEqual(['consistency']);
    expect(names('/api/search')).toContain('s');
  });

  it('knows what the routes read behind the question mark', async () => {
    const folder = new URL('../../../src/adapters/http/routes/', import.meta.url);
    const read = readdirSync(folder).flatMap((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8');
      return [...text.matchAll(/[qQ]uery\('([\w-]+)'\)/g)].map(([, name]) => name);
    });
    expect(new Set(read)).toEqual(new Set(QUERY_PARAMETERS.map(({ name }) => name)));
    const { paths } = await documentOf();
    const described = Object.keys(paths);
    const unused = QUERY_PARAMETERS.filter(({ on }) => !described.some((path) => on.test(path)));
    expect(unused.map(({ name }) => name)).toEqual([]);
  });
});

describe('its page', () => {
  it('shows every route, and loads nothing from elsewhere', async () => {
    const { paths } = await documentOf('/orc');
    const { text, headers } = await fixture.raw('GET', '/orc/api/v1/docs');
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    for (const path of Object.keys(paths)) expect(text).toContain(`<code>${path}</code>`);
    expect(text).not.toMatch(/<script|<style|style=|https?:\/\//);
    const [, sheet = ''] = /<link rel="stylesheet" href="([^"]+)"/.exec(text) ?? [];
    expect((await fixture.raw('GET', sheet)).headers['content-type']).toBe('text/css; charset=utf-8');
  });
});

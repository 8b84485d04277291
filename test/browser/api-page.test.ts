/** The page that describes the API, as somebody reads it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FakeService } from '../adapters/http/fake-service.js';
import { type Listening, serve } from '../app/client/client-run.js';
import { type OpenPage, openPage } from './page.js';

let node: Listening;
let open: OpenPage;

beforeAll(async () => {
  node = await serve(new FakeService(), { urlPrefix: '/orc' });
  open = await openPage(`${node.url}/orc/api/v1/docs`);
});

afterAll(async () => {
  await open.close();
  await node.close();
});

it('lists the routes by subject, in its own style, and leads to the document', async () => {
  expect(await open.page.title()).toBe('orchestrator API');
  expect(await open.page.locator('h1').textContent()).toContain('orchestrator API');
  expect(await open.page.locator('section h2').count()).toBeGreaterThan(5);
  expect(await open.page.getByText('/api/graceful-master-takeover/{hint}', { exact: true }).count()).toBe(1);
  const font = await open.page.evaluate('getComputedStyle(document.body).fontFamily');
  expect(font).toContain('sans-serif');
  await open.page.locator('nav a', { hasText: 'Recoveries' }).click();
  expect(open.page.url()).toMatch(/#Recoveries$/);
  await open.page.locator('a', { hasText: 'openapi.json' }).click();
  expect(await open.page.locator('body').textContent()).toContain('"openapi":"3.1.0"');
  expect(open.complaints).toEqual([]);
});

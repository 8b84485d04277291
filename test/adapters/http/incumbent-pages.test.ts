// Every address of the incumbent's pages, as it stands in bookmarks and in the links of old alerts, leads to our page.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { INCUMBENT_PAGES } from '../../support/incumbent/routes.js';
import { type Fixture, openFixture } from './http-fixture.js';

/** Where one comes by a token is no page to look at; and the root is the page itself. */
const OWN = ['/web/access-token', '/'];

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

it('are all known, and answered with the way to ours', async () => {
  const pages = INCUMBENT_PAGES.filter((page) => !OWN.includes(page));
  expect(pages.length).toBeGreaterThan(30);
  for (const page of pages) {
    const { status, headers } = await fixture.raw('GET', page.replaceAll(/:\w+/g, '7'));
    expect([page, status, headers['location']]).toEqual([page, 302, expect.stringMatching(/^\/(#7.*)?$/)]);
  }
});

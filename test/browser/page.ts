// The page of a node, opened in real Chromium.
import { type Browser, chromium, type Page } from 'playwright-core';
import { findProgram } from '../../tools/lab/programs.js';

export interface OpenPage {
  readonly page: Page;
  /** What the page complained of: uncaught errors, refused resources, lines of console.error. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** A busy machine is no failure. */
const PATIENCE_MS = 120_000;

export async function openPage(url: string): Promise<OpenPage> {
  const browser: Browser = await chromium.launch({
    executablePath: await findProgram('chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    timeout: PATIENCE_MS,
  });
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints, close: () => browser.close() };
}

import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { cameraFlags, film } from './picture';
import { maria, sample, standIn } from './stand-in';

const dist = fileURLToPath(new URL('../dist/bridge', import.meta.url));
export const shots = process.env.CARNET_SHOTS ?? fileURLToPath(new URL('../../test-output/wallet-screens', import.meta.url));
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
let browser: Browser;
/** As somebody sees it who set the browser's text to twice its size. */
let large: Browser;
/** Starts the browsers of a test file, and ends them after it. */
export function looking(): void {
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    browser = await chromium.launch({ executablePath, args: [...FLAGS, ...cameraFlags(film())] });
    large = await chromium.launch({ executablePath, args: [...FLAGS, '--blink-settings=defaultFontSize=32'] });
  });
  afterAll(() => Promise.all([browser?.close(), large?.close()]));
}

export type Look = { width: number; height: number; dark?: boolean; large?: boolean; camera?: boolean };
export const PHONE: Look = { width: 360, height: 740 };
export const DESK: Look = { width: 1280, height: 900 };

export async function open(door: { exists: boolean; unlocked: boolean }, look: Look, changes = {}, people = [maria]): Promise<{ page: Page; say: (event: string, payload: unknown) => void; end: () => Promise<void> }> {
  const core = await standIn(dist, sample(door, changes, people));
  const context = await (look.large ? large : browser).newContext({ viewport: { width: look.width, height: look.height }, colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce', bypassCSP: false, locale: 'en-GB', permissions: look.camera ? ['camera'] : [] });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && !/status of 4\d\d/.test(message.text()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(core.url);
  return {
    page,
    say: core.say,
    end: async () => {
      await context.close();
      await core.close();
      expect(complaints).toEqual([]);
    }
  };
}

export async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.locator('h1').first().waitFor();
  await page.waitForTimeout(250);
}

/** No violation, nothing wider than the screen; a picture for the eye. */
export async function inspect(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(150);
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: !name.endsWith('-records') });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, `${name} is wider than the screen`).toBeLessThanOrEqual(0);
  await page.evaluate(await readFile(axe, 'utf8'));
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  });
  expect.soft(found, name).toEqual([]);
}

import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { cameraFlags, film } from './picture';
import { stationStandIn, type Stage } from './station-stand-in';

const dist = fileURLToPath(new URL('../dist/station', import.meta.url));
const shots = process.env.CARNET_SHOTS ?? fileURLToPath(new URL('../../test-output/station-screens', import.meta.url));
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let browser: Browser;
/** As somebody sees it who set the browser's text to twice its size. */
let large: Browser;
/** Starts the browsers of a test file, and ends them after it. */
export function looking(): void {
  beforeAll(async () => {
    mkdirSync(shots, { recursive: true });
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, ...cameraFlags(film())] });
    large = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...FLAGS, '--blink-settings=defaultFontSize=32'] });
  });
  afterAll(() => Promise.all([browser?.close(), large?.close()]));
}

export async function open(start: Partial<Stage> = {}, look: { width?: number; height?: number; dark?: boolean; camera?: boolean; large?: boolean } = {}) {
  const station = await stationStandIn(dist, start);
  const context = await (look.large ? large : browser).newContext({ viewport: { width: look.width ?? 1280, height: look.height ?? 860 }, colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce', locale: 'en-GB', permissions: look.camera ? ['camera'] : [] });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && !/status of 4\d\d/.test(message.text()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(station.url);
  return {
    page,
    station,
    end: async () => {
      await context.close();
      await station.close();
      expect(complaints).toEqual([]);
    }
  };
}

/** No violation, nothing wider than the screen; a picture for the eye. */
export async function inspect(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(200);
  await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect.soft(wide, `${name} is wider than the screen`).toBeLessThanOrEqual(0);
  await page.evaluate(await readFile(axe, 'utf8'));
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> } };
    return (await axe.run()).violations.map((one) => `${one.id}: ${one.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`);
  });
  expect.soft(found, name).toEqual([]);
}

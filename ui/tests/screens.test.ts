import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { question, sample, standIn } from './stand-in';

const dist = fileURLToPath(new URL('../dist/bridge', import.meta.url));
const shots = process.env.CARNET_SHOTS ?? fileURLToPath(new URL('../../test-output/wallet-screens', import.meta.url));
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
let browser: Browser;
/** As somebody sees it who set the browser's text to twice its size. */
let large: Browser;
beforeAll(async () => {
  mkdirSync(shots, { recursive: true });
  browser = await chromium.launch({ executablePath, args: FLAGS });
  large = await chromium.launch({ executablePath, args: [...FLAGS, '--blink-settings=defaultFontSize=32'] });
});
afterAll(() => Promise.all([browser?.close(), large?.close()]));

type Look = { width: number; height: number; dark?: boolean; large?: boolean };
const PHONE: Look = { width: 360, height: 740 };
const DESK: Look = { width: 1280, height: 900 };

async function open(door: { exists: boolean; unlocked: boolean }, look: Look, changes = {}): Promise<{ page: Page; say: (event: string, payload: unknown) => void; end: () => Promise<void> }> {
  const core = await standIn(dist, sample(door, changes));
  const context = await (look.large ? large : browser).newContext({ viewport: { width: look.width, height: look.height }, colorScheme: look.dark ? 'dark' : 'light', reducedMotion: 'reduce', bypassCSP: false, locale: 'en-GB' });
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

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.locator('h1').first().waitFor();
  await page.waitForTimeout(250);
}

/** No violation, nothing wider than the screen; a picture for the eye. */
async function inspect(page: Page, name: string): Promise<void> {
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

const SCREENS = ['home', 'scan', 'question/q1', 'summary/c-active', 'consents', 'consents/c-active', 'consents/c-revoking', 'consents/c-revoked', 'activity', 'records', 'records/l0', 'import', 'settings'];

describe.each([
  ['phone', PHONE],
  ['desk', DESK],
  ['phone dark', { ...PHONE, dark: true }],
  ['phone large text', { ...PHONE, large: true }]
] as const)('%s', (name, look) => {
  test('every screen fits, reads well and has no accessibility violation', async () => {
    const { page, end } = await open({ exists: true, unlocked: true }, look);
    for (const screen of SCREENS) {
      await go(page, `#/${screen}`);
      await inspect(page, `${name.replaceAll(' ', '-')}-${screen.replace('/', '-')}`);
    }
    await end();
  });
});

test('a first start makes a booklet, shows 24 words that can wait, and opens Home', async () => {
  const { page, end } = await open({ exists: false, unlocked: false }, PHONE);
  await page.getByTestId('create-passphrase').fill('four quiet rivers sleeping');
  await page.getByTestId('create-repeat').fill('four quiet rivers');
  await page.getByTestId('create-go').click();
  await page.getByText('These two are not the same').waitFor();
  await inspect(page, 'create');
  await page.getByTestId('create-repeat').fill('four quiet rivers sleeping');
  await page.getByTestId('create-go').click();
  await page.getByTestId('words-later').waitFor();
  expect(await page.locator('ol.words li').count()).toBe(24);
  await inspect(page, 'words');
  await page.getByTestId('words-later').click();
  await page.getByText('Nothing needs you').or(page.getByText('Needs you')).first().waitFor();
  await end();
});

test('a wrong passphrase says what happened, what is safe and what to do', async () => {
  const { page, end } = await open({ exists: true, unlocked: false }, PHONE);
  await page.getByTestId('unlock-passphrase').fill('wrong');
  await page.keyboard.press('Enter');
  await page.locator('[data-code=wrong_passphrase]').waitFor();
  await inspect(page, 'unlock-wrong');
  await page.getByTestId('unlock-passphrase').fill('right horse battery staple');
  await page.getByTestId('unlock-go').click();
  await page.getByTestId('nav-home').waitFor();
  await end();
});

test('nothing is ticked when a question opens; what they need ticks only that, and yes sends only what is ticked', async () => {
  const sent: unknown[] = [];
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE, {
    answer: (args: unknown) => (sent.push(args), { decision: 'partial', consent_id: 'c-active', grant_id: null, code: '0427', state: 'granted', ledger: null, records: 6 })
  });
  await go(page, '#/scan');
  await page.getByTestId('scan-link').fill('openid4vp://?client_id=a&request_uri=b');
  await page.getByTestId('scan-go').click();
  await page.getByTestId('decide-item').first().waitFor();
  expect(await page.locator('[data-testid=decide-item]:checked').count()).toBe(0);
  expect(await page.getByTestId('decide-yes').isDisabled()).toBe(true);
  expect(await page.getByTestId('decide-no').isEnabled()).toBe(true);
  await page.getByTestId('decide-needed').click();
  expect(await page.locator('[data-testid=decide-item]:checked').count()).toBe(2);
  await page.locator('[data-scope="patient/AllergyIntolerance.rs"]').uncheck();
  await page.locator('[data-scope="patient/DocumentReference.rs"]').check();
  await page.getByTestId('decide-preview').first().click();
  await page.getByRole('dialog').waitFor();
  await inspect(page, 'decide-preview');
  await page.keyboard.press('Escape');
  await inspect(page, 'decide-ticked');
  await page.getByTestId('decide-yes').click();
  await page.getByTestId('summary-code').waitFor();
  expect(sent).toEqual([{ requestId: 'q1', scopes: ['patient/MedicationRequest.rs', 'patient/DocumentReference.rs'] }]);
  expect(await page.getByTestId('summary-code').getAttribute('data-code')).toBe('0427');
  await end();
});

test('yes and no stay in sight together at 200 % text on a phone', async () => {
  const { page, end } = await open({ exists: true, unlocked: true }, { ...PHONE, large: true });
  await go(page, '#/question/q1');
  for (const id of ['decide-yes', 'decide-no']) {
    const box = await page.getByTestId(id).boundingBox();
    expect(box && box.y + box.height).toBeLessThanOrEqual(PHONE.height);
  }
  await page.screenshot({ path: join(shots, 'decide-fold.png') });
  await end();
});

test('a question that has run out offers a new scan and no answer', async () => {
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE, { question: () => ({ ...question, expires: new Date(Date.now() - 1000).toISOString() }) });
  await go(page, '#/question/q1');
  await page.getByTestId('decide-expired').waitFor();
  expect(await page.getByTestId('decide-yes').count()).toBe(0);
  await inspect(page, 'decide-expired');
  await end();
});

test('saying no is one tap and says what they learn', async () => {
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE);
  await go(page, '#/question/q1');
  await page.getByTestId('decide-no').click();
  await page.getByText('You said no').first().waitFor();
  await inspect(page, 'summary-no');
  await end();
});

test('taking back asks for its meaning once and shows three separate facts', async () => {
  let revoked = false;
  const base = sample({ exists: true, unlocked: true });
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE, {
    revoke: () => ((revoked = true), { state: 'revoking', ledger: 'pending', clinic: 'confirmed', deletion_receipt: false, copied: false }),
    consent: () => base.consent?.({ id: revoked ? 'c-revoking' : 'c-active' })
  });
  await go(page, '#/consents/c-active');
  await page.getByTestId('consent-revoke').click();
  await page.getByRole('alertdialog').waitFor();
  await inspect(page, 'revoke-question');
  await page.getByTestId('consent-revoke-go').click();
  await page.getByTestId('fact-ledger').waitFor();
  expect(await page.getByTestId('fact-ledger').getAttribute('data-known')).toBe('no');
  expect(await page.getByTestId('fact-clinic').getAttribute('data-known')).toBe('yes');
  expect(await page.getByTestId('fact-receipt').getAttribute('data-known')).toBe('no');
  await end();
});

test('an import shows whose it is, what is in it and what is not, before anything is taken in', async () => {
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE, {});
  await go(page, '#/import');
  await page.getByTestId('import-file').setInputFiles({ name: 'maria.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
  await page.getByText('Records of Maria Kozey').waitFor();
  await page.getByText('Which ones, and why').click();
  await inspect(page, 'import-preview');
  await page.getByTestId('import-go').click();
  await page.getByTestId('import-done').waitFor();
  await inspect(page, 'import-done');
  await end();
});

test('somebody else’s records are taken in only after it was said explicitly', async () => {
  const base = sample({ exists: true, unlocked: true });
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE, { preview_import: () => ({ ...(base.preview_import?.({}) as object), other_person: true, sets_person: false }) });
  await go(page, '#/import');
  await page.getByTestId('import-file').setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
  await page.getByTestId('import-other').waitFor();
  expect(await page.getByTestId('import-go').isDisabled()).toBe(true);
  await inspect(page, 'import-other');
  await page.getByTestId('import-other').check();
  expect(await page.getByTestId('import-go').isEnabled()).toBe(true);
  await end();
});

test('a vault locked in the background shows the door and nothing else', async () => {
  let unlocked = true;
  const { page, say, end } = await open({ exists: true, unlocked: true }, PHONE, { vault_state: () => ({ exists: true, unlocked, demo: false, fingerprint: null }) });
  await go(page, '#/records');
  await page.getByTestId('record-row').first().waitFor();
  unlocked = false;
  say('changed', { unlocked: false });
  await page.getByTestId('unlock-passphrase').waitFor();
  expect(await page.getByTestId('record-row').count()).toBe(0);
  await end();
});

import { expect, test } from 'vitest';
import { DESK, go, inspect, looking, open, PHONE } from './looking';
import { books, brokenBook, sample } from './stand-in';

looking();

const OPEN = { exists: true, unlocked: true };
const FILE = { name: 'carnet-record-books.json', mimeType: 'application/json', buffer: Buffer.from('{"carnet_register_states":1,"states":[]}') };
const refused = (code: string) => () => ({ refused: { code, message: '', next: '' } });

test('a book that was changed says what happened, what is safe and what to do, before all others and on every way there', async () => {
  for (const [name, look] of [['phone', PHONE], ['desk', DESK], ['phone-dark', { ...PHONE, dark: true }], ['phone-large-text', { ...PHONE, large: true }]] as const) {
    const { page, end } = await open(OPEN, look, { registers: () => [...books, brokenBook] });
    await page.getByTestId('home-registers').waitFor();
    await inspect(page, `${name}-registers-broken-home`);
    await go(page, '#/settings');
    const way = page.getByTestId('settings-registers');
    expect(await way.innerText()).toContain(brokenBook.keeper);
    await inspect(page, `${name}-registers-broken-settings`);
    await way.click();
    const first = page.getByTestId('register').first();
    await first.waitFor();
    expect(await first.getAttribute('data-state')).toBe('broken');
    for (const words of ['What happened', 'are gone', 'What is safe', 'What you can do', 'data protection authority']) expect(await first.innerText()).toContain(words);
    await page.getByTestId('registers-compare').click();
    await inspect(page, `${name}-registers-broken`);
    await end();
  }
});

test('what a clinic signed against its own word is saved as a file, with words whom to give it to', async () => {
  const saved: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, {
    registers: () => [brokenBook],
    save_contradiction: (args: unknown) => (saved.push(args), null)
  });
  await go(page, '#/settings/registers');
  await page.getByTestId('proof-path').fill(' ');
  await page.getByTestId('proof-save').click();
  await page.getByText('Say where first').waitFor();
  await page.getByTestId('proof-path').fill('/media/stick/proof.json');
  await page.getByTestId('proof-save').click();
  expect(await page.getByTestId('proof-saved').innerText()).toContain('data protection authority');
  expect(saved).toEqual([{ log: brokenBook.log, path: '/media/stick/proof.json' }]);
  await inspect(page, 'registers-proof-saved');
  await end();
});

test('a book whose witness is missing stands before the others and is no alarm', async () => {
  const missing = { ...books[1], state: 'unwitnessed', missing: ['City Hospital'], missing_since: new Date(Date.now() - 3_600_000).toISOString() };
  const { page, end } = await open(OPEN, PHONE, { registers: () => [books[0], missing] });
  await go(page, '#/settings/registers');
  const first = page.getByTestId('register').first();
  await first.waitFor();
  expect(await first.getAttribute('data-state')).toBe('unwitnessed');
  for (const words of ['City Hospital', 'Missing since', 'You need do nothing']) expect(await first.innerText()).toContain(words);
  expect(await page.getByText('What happened').count()).toBe(0);
  await inspect(page, 'registers-unwitnessed');
  await end();
});

test('opening the page asks nobody; a look asks the clinics, says it is under way, and names who did not answer', async () => {
  const asked: unknown[] = [];
  let answer: (views: unknown) => void = () => {};
  const { page, end } = await open(OPEN, PHONE, {
    registers: ({ look }: { look: boolean }) => {
      asked.push(look);
      return look ? new Promise((done) => (answer = done)) : books;
    }
  });
  await go(page, '#/settings/registers');
  expect(await page.getByTestId('register').evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.state))).toEqual(['kept', 'kept', 'witnessed']);
  expect(await page.getByText('also signed by').innerText()).toContain('City Hospital and Ministry of the Interior');
  expect(asked).not.toContain(true);
  await page.getByTestId('registers-look').click();
  await page.getByText('You can leave this page').waitFor();
  await page.getByTestId('registers-look').click({ force: true });
  await inspect(page, 'registers-looking');
  answer(books.map((one, place) => (place === 1 ? one : { ...one, seen: new Date(Date.now() + 2_000).toISOString() })));
  const looked = page.getByTestId('registers-looked');
  await looked.waitFor();
  expect(asked.filter((look) => look === true)).toHaveLength(1);
  expect(await looked.getAttribute('data-reached')).toBe('some');
  expect(await looked.innerText()).toContain('City Hospital');
  expect(await looked.innerText()).not.toContain('Northgate Clinic');
  await inspect(page, 'registers-silent');
  await end();
});

test('a look that is refused says why and leaves on the page what was known', async () => {
  const { page, end } = await open(OPEN, PHONE, { registers: ({ look }: { look: boolean }) => (look ? refused('no_trust_list')() : books) });
  await go(page, '#/settings/registers');
  await page.getByTestId('registers-look').click();
  await page.locator('[data-code=no_trust_list]').waitFor();
  expect(await page.getByTestId('register').count()).toBe(books.length);
  expect(await page.getByTestId('registers-looked').count()).toBe(0);
  await end();
});

test('without a book the page says when one comes, and a look that finds none is no good news', async () => {
  const { page, end } = await open(OPEN, PHONE, { registers: () => [] });
  await go(page, '#/settings/registers');
  await page.getByText('No record book yet').waitFor();
  expect(await page.getByTestId('registers-compare').count()).toBe(0);
  await inspect(page, 'registers-empty');
  await page.getByTestId('registers-look').click();
  expect(await page.getByTestId('registers-looked').getAttribute('data-reached')).toBe('none');
  await inspect(page, 'registers-empty-looked');
  await end();
});

test('two people compare: a file for the other, and for each book what theirs says', async () => {
  const saved: unknown[] = [];
  const compared: unknown[] = [];
  const base = sample(OPEN);
  let found = false;
  const { page, end } = await open(OPEN, PHONE, {
    save_register_states: (args: unknown) => (saved.push(args), null),
    compare_registers: (args: Record<string, unknown>) => {
      compared.push(args);
      if (compared.length === 1) return { refused: { code: 'not_register_states', message: '', next: '' } };
      if (compared.length === 2) return [];
      found = true;
      return [...(base.compare_registers?.({}) as object[]), { log: brokenBook.log, keeper: brokenBook.keeper, result: 'broken' }];
    },
    registers: () => (found ? [...books, brokenBook] : books)
  });
  await go(page, '#/settings/registers');
  await page.getByTestId('registers-compare').click();
  await page.getByTestId('registers-path').fill(' ');
  await page.getByTestId('registers-save').click();
  await page.getByText('Say where first').waitFor();
  await page.getByTestId('registers-path').fill('/media/stick/books.json');
  await page.getByTestId('registers-save').click();
  await page.getByTestId('registers-saved').waitFor();
  expect(saved).toEqual([{ path: '/media/stick/books.json' }]);
  const file = page.getByTestId('registers-file');
  await file.setInputFiles({ ...FILE, buffer: Buffer.from('a letter') });
  await page.locator('[data-code=not_register_states]').waitFor();
  await inspect(page, 'registers-not-a-file');
  await file.setInputFiles(FILE);
  await page.getByTestId('compared-none').waitFor();
  expect(await page.locator('[data-code=not_register_states]').count()).toBe(0);
  await file.setInputFiles(FILE);
  await page.getByTestId('compared').first().waitFor();
  expect(await page.getByTestId('compared').evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.result))).toEqual(['same', 'unreachable', 'not_theirs', 'broken']);
  expect(compared.at(-1)).toEqual({ contentBase64: FILE.buffer.toString('base64') });
  await page.locator('[data-testid=register][data-state=broken]').waitFor();
  await inspect(page, 'registers-compared');
  await end();
});

test('a consent proves from the book that it stands there; one that stands in no clinic’s book offers no such file', async () => {
  const saved: unknown[] = [];
  const base = sample(OPEN);
  let kind = 'embedded';
  const { page, end } = await open(OPEN, PHONE, {
    save_receipt: (args: unknown) => (saved.push(args), null),
    consent: (args: Record<string, unknown>) => {
      const view = base.consent?.(args) as { ledger: object };
      return { ...view, ledger: { ...view.ledger, kind, evidence: 'broken' } };
    }
  });
  await go(page, '#/consents/c-active');
  await page.getByTestId('receipt-open').click();
  await page.locator('[data-testid=receipt-format][data-value=evidence]').check();
  expect(await page.getByTestId('receipt-path').inputValue()).toBe('carnet-proof.json');
  await page.getByText('without the clinic').waitFor();
  await page.getByTestId('receipt-go').click();
  await page.getByText('The proof is saved').waitFor();
  expect(saved).toEqual([{ consentId: 'c-active', format: 'evidence', path: 'carnet-proof.json' }]);
  await inspect(page, 'registers-receipt');
  await page.getByTestId('register-broken').getByRole('link').click();
  await page.getByTestId('register').first().waitFor();
  kind = 'evm';
  await go(page, '#/consents/c-active');
  await page.getByTestId('receipt-open').click();
  await page.locator('[data-testid=receipt-format][data-value=pdf]').waitFor();
  expect(await page.locator('[data-testid=receipt-format][data-value=evidence]').count()).toBe(0);
  await end();
});

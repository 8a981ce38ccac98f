import { expect, test } from 'vitest';
import { DESK, go, inspect, looking, open, PHONE } from './looking';
import { ageQuestion, ana, cardOffer, cards, maria, proof, statement } from './stand-in';

looking();

const OPEN = { exists: true, unlocked: true };
const LARGE = { ...PHONE, large: true };
const proved = { decision: 'permit', consent_id: null, grant_id: null, code: '4821', state: 'proved', ledger: null, records: 0, shown: 0 };
const refused = (code: string) => ({ refused: { code, message: 'm', next: 'n' } });

test('a statement: what they learn and what only the patient sees stand apart, yes sends one card, and the digits are there to be compared', async () => {
  const sent: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, { answer: (args: unknown) => (sent.push(args), proved) });
  await go(page, '#/question/q-age');
  expect(await page.locator('h1').innerText()).toBe('Harbour Pharmacy asks: is this so?');
  expect(await page.getByTestId('statement-says').innerText()).toBe('65 or older on 23 November 2026');
  expect(await page.getByTestId('statement-learns').innerText()).not.toContain('1952');
  expect(await page.getByTestId('statement-own').innerText()).toContain('born 5 March 1952');
  await page.getByTestId('prove-hide').click();
  await page.getByText('put what they know together').waitFor();
  await inspect(page, 'prove');
  await page.getByTestId('prove-yes').click();
  await page.getByTestId('proved-code').waitFor();
  expect(sent).toEqual([{ requestId: 'q-age', scopes: [], cards: [{ query: 'eligibility', card: 'k-age' }], profile: 0 }]);
  expect(await page.getByTestId('proved-code').getAttribute('data-code')).toBe('4821');
  await page.getByText('Harbour Pharmacy must see the same').waitFor();
  expect(await page.content()).not.toContain('1952');
  await inspect(page, 'proved');
  await end();
});

test('not so, no card, no copy: yes can’t be pressed, no can, and each says what helps without telling them which it was', async () => {
  const refills: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, { refill_card: (args: unknown) => (refills.push(args), refused('issuer_gone')) });
  for (const [id, how] of [['q-not-so', 'not_so'], ['q-none', 'none'], ['q-no-copies', 'no_copies'], ['q-wait', 'wait']] as const) {
    await go(page, `#/question/${id}`);
    await page.locator(`[data-testid=statement][data-standing=${how}]`).waitFor();
    expect(await page.getByTestId('prove-yes').isDisabled(), id).toBe(true);
    expect(await page.getByTestId('prove-no').isEnabled(), id).toBe(true);
  }
  await go(page, '#/question/q-no-copies');
  await page.getByTestId('statement-fetch').click();
  await page.getByTestId('error').waitFor();
  expect(refills).toEqual([{ cardId: 'k-age' }]);
  await inspect(page, 'prove-no-copies-refused');
  await go(page, '#/question/q-none');
  await page.getByTestId('prove-no').click();
  await page.getByTestId('not-shown').waitFor();
  expect(await page.locator('main').innerText()).toContain("They can't tell whether");
  await inspect(page, 'not-shown');
  await end();
});

test('fresh copies are fetched on the spot, and then it can be shown', async () => {
  let copies = 0;
  const { page, end } = await open(OPEN, PHONE, {
    question: () => ({ ...ageQuestion, statements: [statement([proof('k-age', { copies })])] }),
    refill_card: () => ((copies = 20), {})
  });
  await go(page, '#/question/q-age');
  expect(await page.getByTestId('prove-yes').isDisabled()).toBe(true);
  await page.getByTestId('statement-fetch').click();
  await page.locator('[data-testid=statement][data-standing=ready]').waitFor();
  expect(await page.getByTestId('prove-yes').isEnabled()).toBe(true);
  await end();
});

test('a card that ran out of copies altogether is not called “no card”', async () => {
  const refills: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, { cards: () => cards.map((one) => (one.id === 'k-age' ? { ...one, copies: 0 } : one)), refill_card: (args: unknown) => (refills.push(args), {}) });
  await go(page, '#/question/q-none');
  await page.getByTestId('statement-empty').waitFor();
  expect(await page.getByTestId('statement-none').count()).toBe(0);
  await inspect(page, 'prove-empty');
  await page.getByTestId('statement-fetch').click();
  await page.waitForTimeout(200);
  expect(refills).toEqual([{ cardId: 'k-age' }]);
  await end();
});

test('of several cards none is chosen beforehand, and another way to answer is never taken by itself', async () => {
  const sent: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, { answer: (args: unknown) => (sent.push(args), { ...proved, state: 'shown', shown: 1 }) });
  await go(page, '#/question/q-two');
  expect(await page.locator('[data-testid=statement-option]:checked').count()).toBe(0);
  expect(await page.getByTestId('prove-yes').isDisabled()).toBe(true);
  await page.locator('[data-card=k-age-2]').check();
  expect(await page.getByTestId('prove-yes').isEnabled()).toBe(true);
  await go(page, '#/question/q-or');
  expect(await page.getByTestId('prove-yes').isDisabled()).toBe(true);
  await page.locator('[data-card=k-low]').check();
  await inspect(page, 'prove-or-card');
  await page.getByTestId('prove-yes').click();
  await page.getByTestId('summary-code').waitFor();
  expect(sent).toEqual([{ requestId: 'q-or', scopes: [], cards: [{ query: 'birth', card: 'k-low' }], profile: 0 }]);
  await end();
});

test('who asks again with other limits: the warning stands before the answer', async () => {
  const { page, end } = await open(OPEN, PHONE);
  await go(page, '#/question/q-again');
  const [warning, yes] = await Promise.all([page.getByTestId('statement-asked-before').boundingBox(), page.getByTestId('statement-own').boundingBox()]);
  expect(warning && yes && warning.y < yes.y).toBe(true);
  expect(await page.getByTestId('statement-asked-before').innerText()).toContain('2 times before');
  await go(page, '#/question/q-wait');
  await page.getByTestId('statement-wait').waitFor();
  await inspect(page, 'prove-wait');
  await end();
});

test('at a counter without a network: scanned, shown as a picture with its digits, and there again when one comes back', async () => {
  const sent: unknown[] = [];
  for (const [name, look] of [['phone', PHONE], ['phone-large-text', LARGE], ['phone-dark', { ...PHONE, dark: true }], ['desk', DESK]] as const) {
    const { page, end } = await open(OPEN, look, name === 'phone' ? { answer: (args: unknown) => (sent.push(args), proved) } : {});
    await go(page, '#/scan');
    await page.getByTestId('scan-link').fill('carnet:check?d=abc');
    await page.getByTestId('scan-go').click();
    await page.getByTestId('challenge-list').waitFor();
    await inspect(page, `${name}-challenge`);
    await page.getByTestId('prove-yes').click();
    await page.getByTestId('counter-code').waitFor();
    expect(await page.getByTestId('counter-digits').getAttribute('data-code')).toBe('4821');
    await inspect(page, `${name}-counter-answer`);
    await page.getByTestId('counter-unread').click();
    await page.getByText('CARNET:A1/').waitFor();
    await inspect(page, `${name}-counter-unread`);
    await page.getByTestId('counter-bigger').click();
    const box = await page.getByTestId('counter-code-large').boundingBox();
    expect(box && Math.min(box.width, box.height)).toBeGreaterThanOrEqual(Math.min(look.width, look.height - 100));
    await page.waitForFunction(() => document.querySelector('dialog')?.contains(document.activeElement));
    await page.keyboard.press('Escape');
    await go(page, '#/home');
    await go(page, '#/challenge/ch1');
    await page.getByTestId('counter-code').waitFor();
    await page.getByTestId('counter-done').click();
    await page.getByTestId('home-cards').waitFor();
    await end();
  }
  expect(sent).toEqual([]);
});

test('without a network, “Don’t show” sends nothing; an old list is said; copies of another day are said beforehand; a run-out answer is said', async () => {
  const calls: string[] = [];
  const note = (name: string) => () => (calls.push(name), null);
  const { page, end } = await open(OPEN, PHONE, { deny: note('deny'), answer: note('answer'), answer_challenge: () => ({ svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"></svg>', uri: 'CARNET:A1/X', digits: '4821', expires: new Date(Date.now() + 1500).toISOString() }) });
  await go(page, '#/challenge/ch-old');
  await page.getByTestId('challenge-list-expired').waitFor();
  await page.getByTestId('prove-no').click();
  await page.getByTestId('not-shown').waitFor();
  expect(await page.locator('main').innerText()).toContain('Nothing left this device');
  expect(calls).toEqual([]);
  await go(page, '#/challenge/ch-stale');
  await page.getByText('only copies fetched today count').waitFor();
  expect(await page.getByTestId('prove-yes').isDisabled()).toBe(true);
  await go(page, '#/challenge/ch1');
  await page.getByTestId('prove-yes').click();
  await page.getByTestId('counter-over').waitFor();
  expect(await page.getByTestId('counter-code').count()).toBe(0);
  await inspect(page, 'counter-over');
  await end();
});

test('a question for one person is not shown by another', async () => {
  const { page, end } = await open(OPEN, PHONE, {}, [maria, ana]);
  await page.locator('[data-testid=person-choose][data-number="1"]').click();
  await go(page, '#/challenge/ch1');
  expect(await page.locator('h1').innerText()).toContain('Ana Kozey');
  await page.getByTestId('switch-person').click();
  await page.locator('[role=dialog] [data-number="0"]').click();
  await page.getByTestId('other-person-acting').waitFor();
  expect(await page.getByTestId('prove-yes').count()).toBe(0);
  await end();
});

test('a card that shows without telling hides what it says until it is asked for, and says how long a copy is good', async () => {
  const { page, end } = await open(OPEN, PHONE, { card_offer: () => ({ ...cardOffer, cards: [{ title: 'Proof of age', kind: 'EligibilityCredential', describes: ['date of birth'] }] }) });
  await go(page, '#/cards');
  await page.getByText('Shows without telling').waitFor();
  await go(page, '#/cards/k-age');
  await page.getByText('7 days at most').waitFor();
  expect(await page.content()).not.toContain('1952');
  await page.getByTestId('card-own-show').click();
  await page.getByText('born 5 March 1952').waitFor();
  await inspect(page, 'card-proves-shown');
  await page.getByTestId('card-own-show').click();
  expect(await page.content()).not.toContain('1952');
  await go(page, '#/offer/o1');
  await page.getByTestId('offer-proves').waitFor();
  await inspect(page, 'offer-proves');
  await end();
});

test('yes and no stay in sight together at 200 % text on a phone, and the keyboard reaches them', async () => {
  const { page, end } = await open(OPEN, LARGE);
  await go(page, '#/question/q-age');
  for (const id of ['prove-yes', 'prove-no']) {
    const box = await page.getByTestId(id).boundingBox();
    expect(box && box.y + box.height).toBeLessThanOrEqual(PHONE.height);
  }
  for (let presses = 0; presses < 20 && !(await page.evaluate(() => document.activeElement?.getAttribute('data-testid') === 'prove-yes')); presses += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByTestId('proved-code').or(page.getByTestId('proved-learned')).first().waitFor();
  await end();
});

import { expect, test } from 'vitest';
import { inspect, looking, open } from './desk-looking';

looking();

const PHARMACY = { roles: ['pharmacy'] };

test('a pharmacy sees the check and nothing of records; the queue goes by keyboard alone, and the last question stands first', async () => {
  const { page, station, end } = await open(PHARMACY);
  await page.getByTestId('statement-card').first().waitFor();
  expect(await page.locator('[data-testid^=nav-]').evaluateAll((all) => all.map((one) => one.getAttribute('data-testid')))).toEqual(['nav-check', 'nav-scan', 'nav-staff', 'nav-health']);
  await page.waitForFunction(() => (document.activeElement as HTMLInputElement | null)?.value === 'age-at-least');
  await inspect(page, '50-check');
  await page.keyboard.press('Enter');
  await page.getByTestId('qr').waitFor();
  expect(station.asked).toEqual([{ statement: { id: 'age-at-least', fields: { years: 65 } }, how: 'online' }]);
  expect(await page.getByTestId('request-uri').textContent()).toContain('openid4vp://');
  await inspect(page, '51-check-waiting');
  station.turn({ request: 'opened' }, { request: 's1' });
  await page.locator('[data-testid=session-state][data-state=opened]').waitFor();
  station.turn({ request: 'answered', check: 'yes' }, { request: 's1' });
  await page.locator('[data-testid=check-result][data-result=yes]').waitFor();
  expect(await page.getByTestId('check-digits').getAttribute('data-code')).toBe('4821');
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-testid') === 'check-next');
  await page.locator('[role=status]', { hasText: 'Yes. 65 or older' }).waitFor({ state: 'attached' });
  await inspect(page, '52-check-yes');
  await page.waitForTimeout(600);
  await page.keyboard.press('Enter');
  await page.getByTestId('qr').waitFor();
  expect(page.url()).toContain('#/check/s2');
  await page.getByTestId('nav-check').click();
  await page.locator('[data-statement=income-below] input').focus();
  await page.keyboard.press('Space');
  await page.locator('[data-name=amount]').fill('1250,50');
  await page.keyboard.press('Enter');
  await page.getByTestId('qr').waitFor();
  expect(station.asked.at(-1)?.statement).toEqual({ id: 'income-below', fields: { amount: '1250.50', currency: 'EUR' } });
  await page.reload();
  await page.getByTestId('nav-check').click();
  await page.getByTestId('statement-card').first().waitFor();
  expect(await page.getByTestId('statement-card').first().getAttribute('data-statement')).toBe('income-below');
  expect(await page.locator('[data-name=amount]').inputValue()).toBe('1250,50');
  await inspect(page, '53-check-last-first');
  await end();
});

test('whoever only issues cards begins there, and is offered no question that nobody may answer', async () => {
  const { page, end } = await open({ roles: ['issuer'] });
  await page.getByTestId('card-template').first().waitFor();
  expect(await page.locator('[data-testid^=nav-]').evaluateAll((all) => all.map((one) => one.getAttribute('data-testid')))).toEqual(['nav-issue', 'nav-staff', 'nav-health']);
  await end();
});

test('a limit that makes no sense is said at its field, and nothing is asked', async () => {
  const { page, station, end } = await open(PHARMACY);
  await page.locator('[data-name=years]').fill('six');
  await page.getByTestId('check-start').click();
  await page.getByText('Type a whole number').waitFor();
  await page.locator('[data-name=years]').fill('200');
  await page.getByText('Type a number from 1 to 150').waitFor();
  await inspect(page, '54-check-wrong');
  await page.getByTestId('check-offline').click();
  expect(station.asked).toEqual([]);
  await end();
});

test('not shown is not a no, can’t check says nothing of the person, and each says what to do next', async () => {
  for (const [check, request, word, name] of [['not_shown', 'denied', 'NOT SHOWN', '55-not-shown'], ['cannot_check', 'opened', 'CANNOT CHECK', '56-cannot-check']] as const) {
    const { page, station, end } = await open(PHARMACY);
    await page.getByTestId('check-start').click();
    await page.getByTestId('qr').waitFor();
    station.turn({ request, check }, { request: 's1' });
    await page.locator(`[data-result=${check}]`).waitFor();
    expect(await page.getByTestId('check-result').innerText()).toContain(word);
    expect(await page.getByTestId('check-result').innerText()).not.toContain('YES');
    expect(await page.getByTestId('check-digits').count()).toBe(0);
    await inspect(page, name);
    await page.getByTestId('check-other').click();
    await page.getByTestId('statement-card').first().waitFor();
    await end();
  }
});

test('a yes does not wait on the screen for the wrong patient', async () => {
  const { page, station, end } = await open(PHARMACY);
  await page.clock.install();
  await page.goto(station.url);
  await page.getByTestId('check-start').click();
  await page.getByTestId('qr').waitFor();
  station.turn({ request: 'answered', check: 'yes' }, { request: 's1' });
  await page.getByTestId('check-result').waitFor();
  await page.clock.runFor(190_000);
  await page.getByTestId('statement-card').first().waitFor();
  await end();
});

test('with the cable out: a picture is shown, the answer is scanned, wrong ones do not close it, and the next patient is one key away', async () => {
  const { page, station, end } = await open(PHARMACY);
  await page.getByTestId('check-start').click();
  await page.getByTestId('check-offline').click();
  await page.getByTestId('check-offline-facts').waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-testid') === 'scan-text');
  await inspect(page, '57-counter');
  await page.keyboard.type('https://example.org');
  await page.keyboard.press('Enter');
  await page.locator('[data-code=counter_not_an_answer]').waitFor();
  await page.getByTestId('scan-text').fill('CARNET:A1/BAD');
  await page.keyboard.press('Enter');
  await page.locator('[data-result=cannot_check]').waitFor();
  await inspect(page, '58-counter-cannot');
  await page.getByTestId('check-reread').click();
  await page.getByTestId('scan-text').fill('CARNET:A1/GOOD');
  // A hand scanner that presses Enter twice: the answer stays.
  await page.keyboard.press('Enter');
  await page.locator('[data-result=yes]').waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-testid') === 'check-next');
  await page.keyboard.press('Enter');
  await page.waitForTimeout(700);
  expect(await page.getByTestId('check-digits').getAttribute('data-code')).toBe('4821');
  await inspect(page, '59-counter-yes');
  await page.keyboard.press('Enter');
  await page.getByTestId('scan-text').waitFor();
  expect(station.asked.map((one) => one.how)).toEqual(['online', 'offline', 'offline']);
  await page.getByTestId('nav-scan').click();
  await page.getByTestId('scan-text').fill('CARNET:A1/GOOD');
  await page.keyboard.press('Enter');
  await page.locator('[data-result=yes]').waitFor();
  await end();
});

test('a patient’s own code is scanned, and the question goes to that phone', async () => {
  const { page, station, end } = await open(PHARMACY);
  await page.getByTestId('nav-scan').click();
  await page.getByTestId('scan-text').fill('carnet:offer?id=abc');
  await page.keyboard.press('Enter');
  await page.getByTestId('offer-scanned').waitFor();
  await inspect(page, '60-check-answer');
  await page.getByTestId('answer-send').click();
  await page.getByText('Sent to the patient').first().waitFor();
  expect(station.asked).toEqual([{ statement: { id: 'age-at-least', fields: { years: 65 } }, offer: 'scanned-1', how: 'online' }]);
  expect(await page.getByTestId('qr').count()).toBe(0);
  await end();
});

test('a card that shows without telling: issued with the truth about how long it is good, and ended with it', async () => {
  const { page, station, end } = await open({ roles: ['issuer', 'pharmacy'] });
  await page.getByTestId('nav-issue').click();
  await page.locator('[data-template=entitlement]').click();
  await page.getByTestId('issue-look-go').click();
  await page.getByText('Long-term condition is needed').waitFor();
  await page.locator('[data-name=code]').selectOption('E11 Type 2 diabetes');
  await inspect(page, '61-issue-entitlement');
  await page.getByTestId('nav-issue').click();
  await page.locator('[data-template=proof-age]').click();
  await page.locator('[data-name=birth_date]').fill('1952-03-05');
  await page.getByTestId('issue-look-go').click();
  expect(await page.getByTestId('issue-means').innerText()).toContain('kept sealed here until then');
  await inspect(page, '61-issue-proof');
  await page.getByTestId('issue-go').click();
  await page.getByTestId('qr').waitFor();
  station.turn({ offer: 'accepted' }, { card: 'of1' });
  await page.getByTestId('offer-revoke').click();
  await page.getByText('no fresh copies').first().waitFor();
  await inspect(page, '62-revoke-proof');
  await end();
});

test.each([
  ['narrow and dark', { width: 400, height: 820, dark: true }],
  ['text at twice its size', { width: 1280, height: 860, large: true }],
  ['small window', { width: 640, height: 430 }]
] as const)('the check, %s', async (name, look) => {
  const { page, station, end } = await open(PHARMACY, look);
  const shot = (what: string) => inspect(page, `63-${name.replaceAll(' ', '-')}-${what}`);
  await page.getByTestId('statement-card').first().waitFor();
  await shot('check');
  await page.getByTestId('check-start').click();
  await page.getByTestId('qr').waitFor();
  await shot('waiting');
  station.turn({ request: 'answered', check: 'yes' }, { request: 's1' });
  await page.getByTestId('check-result').waitFor();
  await shot('yes');
  await page.getByTestId('check-other').click();
  await page.getByTestId('check-offline').click();
  await page.getByTestId('check-offline-facts').waitFor();
  await shot('counter');
  await end();
});

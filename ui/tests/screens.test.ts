import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DESK, go, inspect, looking, open, PHONE, shots } from './looking';
import { ana, grandson, maria, question, sample } from './stand-in';

looking();

const SCREENS = ['home', 'scan', 'question/q1', 'question/q-card', 'question/q-ways', 'question/q-lacking', 'question/q-age', 'question/q-not-so', 'question/q-none', 'question/q-no-copies', 'question/q-again', 'question/q-wait', 'question/q-two', 'question/q-or', 'challenge/ch1', 'challenge/ch-old', 'challenge/ch-stale', 'cards/k-age', 'summary/c-active', 'show', 'show/northgate', 'pass/c-active', 'offer/o1', 'clinics', 'clinics/northgate', 'clinics/corner', 'clinic-add', 'cards/k-low', 'consents', 'consents/c-active', 'consents/c-revoking', 'consents/c-revoked', 'activity', 'records', 'records/l0', 'records/n1', 'import', 'cards', 'cards/k-cover', 'cards/k-receipt', 'cards/k-club', 'people', 'people/1', 'people/new', 'backup', 'recovery', 'settings', 'settings/passphrase', 'settings/words', 'settings/seen', 'settings/everything', 'settings/registers', 'consents/c-found'];
const FAMILY = [maria, ana, grandson];

describe.each([
  ['phone', PHONE],
  ['desk', DESK],
  ['phone dark', { ...PHONE, dark: true }],
  ['phone large text', { ...PHONE, large: true }]
] as const)('%s', (name, look) => {
  test('every screen fits, reads well and has no accessibility violation', { timeout: 240_000 }, async () => {
    const { page, end } = await open({ exists: true, unlocked: true }, look, {}, FAMILY);
    await page.locator('[data-testid=person-choose][data-number="0"]').waitFor();
    await inspect(page, `${name.replaceAll(' ', '-')}-chooser`);
    await page.locator('[data-testid=person-choose][data-number="0"]').click();
    for (const screen of SCREENS) {
      await go(page, `#/${screen}`);
      await inspect(page, `${name.replaceAll(' ', '-')}-${screen.replace('/', '-')}`);
    }
    await end();
  });
});

test('a first start makes a booklet, shows 24 words that can wait, and opens Home', async () => {
  const { page, end } = await open({ exists: false, unlocked: false }, PHONE);
  await page.getByTestId('door-create').click();
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
  expect(sent).toEqual([{ requestId: 'q1', scopes: ['patient/MedicationRequest.rs', 'patient/DocumentReference.rs'], cards: [], profile: 0 }]);
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
  const { page, say, end } = await open({ exists: true, unlocked: true }, PHONE, { vault_state: () => ({ exists: true, unlocked, demo: false, fingerprint: null, rollback_detected: true }) });
  await go(page, '#/records');
  await page.getByTestId('record-row').first().waitFor();
  unlocked = false;
  say('changed', { unlocked: false });
  await page.getByTestId('unlock-passphrase').waitFor();
  expect(await page.getByTestId('record-row').count()).toBe(0);
  await end();
});

import { expect, test } from 'vitest';
import { inspect, looking, open } from './desk-looking';

looking();

test('a newcomer sets the station up and stands before the templates', async () => {
  const { page, end } = await open({ setupNeeded: true, me: null });
  await page.getByTestId('setup-secret').waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-testid') === 'setup-secret');
  await page.keyboard.type('wrong');
  await page.getByTestId('setup-name').fill('Ana Ruiz');
  await page.getByTestId('setup-username').fill('ana');
  await page.getByTestId('setup-password').fill('a long sentence');
  await page.getByTestId('setup-go').click();
  await page.getByTestId('error').waitFor();
  await inspect(page, '01-setup');
  await page.getByTestId('setup-secret').fill('ABCD-EFGH');
  await page.keyboard.press('Enter');
  await page.getByTestId('template-card').first().waitFor();
  await end();
});

test('signing out leaves nothing behind', async () => {
  const { page, station, end } = await open({ me: null });
  await page.getByTestId('signin-username').fill('ana');
  await page.getByTestId('signin-password').fill('wrong one');
  await page.keyboard.press('Enter');
  await page.getByTestId('error').waitFor();
  await inspect(page, '02-sign-in');
  await page.getByTestId('signin-password').fill('a long sentence');
  await page.keyboard.press('Enter');
  await page.getByTestId('template-card').first().waitFor();
  station.turn({ consent: 'active' });
  await page.goto(`${station.url}#/records/${station.grant}`);
  await page.getByTestId('match-yes').click();
  await page.getByText('Maria Okafor').first().waitFor();
  await page.getByTestId('sign-out').click();
  await page.getByTestId('signin-username').waitFor();
  expect(await page.content()).not.toContain('Okafor');
  await end();
});

test('the queue goes by keyboard alone: template, code, digits, person, records', async () => {
  const { page, station, end } = await open();
  await page.getByTestId('template-card').first().waitFor();
  await inspect(page, '03-new');
  await page.locator('[data-template=first-visit] input').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('qr').waitFor();
  expect(await page.getByTestId('request-uri').textContent()).toContain('openid4vp://');
  await inspect(page, '04-live-waiting');
  station.turn({ request: 'opened' });
  await page.locator('[data-testid=session-state][data-state=opened]').waitFor();
  station.turn({ request: 'answered', consent: 'unconfirmed' });
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-testid') === 'code-input');
  await page.keyboard.type('1111');
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=code-left][data-left="2"]').waitFor();
  await inspect(page, '05-live-digits');
  station.turn({ delivered: false });
  await page.keyboard.type('04 27');
  await page.keyboard.press('Enter');
  await page.getByText('on their way').first().waitFor();
  station.turn({ delivered: true }, { consent: station.grant });
  await page.getByTestId('match-yes').waitFor();
  expect(await page.content()).not.toContain('Warfarin');
  await inspect(page, '06-match');
  await page.getByTestId('match-yes').click();
  await page.getByTestId('records-group').first().waitFor();
  expect(await page.title()).not.toContain('Okafor');
  await inspect(page, '07-records');
  await page.getByTestId('record-course').click();
  await page.locator('canvas').waitFor();
  await inspect(page, '08-records-course');
  await page.getByTestId('export').click();
  await page.getByTestId('export-go').waitFor();
  await inspect(page, '09-export');
  const saved = page.waitForEvent('download');
  await page.getByTestId('export-go').click();
  expect((await saved).suggestedFilename()).toBe('shared-records.fhir.json');
  station.turn({ consent: 'revoked' }, { consent: station.grant });
  await page.getByText(/Ended by the patient at \d\d:\d\d/).waitFor();
  expect(await page.content()).not.toContain('Okafor');
  await inspect(page, '10-ended');
  await end();
});

test('records close when nobody is there, and when one goes elsewhere', async () => {
  const { page, station, end } = await open({ consent: 'active' });
  await page.clock.install();
  await page.goto(`${station.url}#/records/${station.grant}`);
  await page.getByTestId('match-yes').click();
  await page.getByTestId('records-group').first().waitFor();
  await page.clock.runFor(190_000);
  await page.getByTestId('records-closed').waitFor();
  expect(await page.content()).not.toContain('Okafor');
  await inspect(page, '11-closed');
  await page.getByTestId('records-again').click();
  await page.getByTestId('match-yes').click();
  await page.getByTestId('records-group').first().waitFor();
  await page.getByTestId('nav-consents').click();
  await page.getByTestId('consent-card').waitFor();
  expect(await page.content()).not.toContain('Okafor');
  await inspect(page, '12-consents');
  await end();
});

test('three wrong codes, a no, an expired code: each says what is so', async () => {
  for (const [state, name] of [['locked', '13-locked'], ['denied', '14-denied'], ['expired', '15-expired']] as const) {
    const { page, station, end } = await open({ request: state });
    await page.goto(`${station.url}#/request/q1`);
    await page.locator(`[data-testid=session-state][data-state=${state}]`).waitFor();
    await inspect(page, name);
    await end();
  }
});

test('the person who was not shared, and the wrong person', async () => {
  const { page, station, end } = await open({ consent: 'active', sharesPerson: false });
  await page.goto(`${station.url}#/records/${station.grant}`);
  await page.getByTestId('match-no').click();
  await page.getByText('Closed: not this person').waitFor();
  await inspect(page, '16-not-this-person');
  await end();
});

test('the lists: ended, read, staff, health', async () => {
  const { page, station, end } = await open({ consent: 'revoked' });
  for (const [place, row, name] of [['revocations', 'revocation-row', '17-revocations'], ['reads', 'read-row', '18-reads'], ['staff', 'staff-row', '19-staff'], ['health', 'health-part', '20-health']] as const) {
    await page.getByTestId(`nav-${place}`).click();
    await page.getByTestId(row).first().waitFor();
    await inspect(page, name);
  }
  expect(station.url).toContain('127.0.0.1');
  await end();
});

test('narrow and dark', async () => {
  const { page, station, end } = await open({ consent: 'active' }, { width: 400, height: 820, dark: true });
  await page.getByTestId('template-card').first().waitFor();
  await inspect(page, '21-narrow-new');
  await page.goto(`${station.url}#/request/q1`);
  await page.getByTestId('qr').waitFor();
  await inspect(page, '22-narrow-live');
  await page.goto(`${station.url}#/records/${station.grant}`);
  await page.getByTestId('match-yes').click();
  await page.getByTestId('records-group').first().waitFor();
  await inspect(page, '23-narrow-records');
  await end();
});

test('a card alone is asked for, shown after the digits, and gone when one leaves', async () => {
  const { page, station, end } = await open();
  await page.locator('[data-template=insurance-card] input').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('qr').waitFor();
  await inspect(page, '24-card-waiting');
  station.turn({ request: 'answered' });
  await page.getByTestId('code-input').waitFor();
  expect(await page.content()).not.toContain('S-77-2041-998');
  await inspect(page, '25-card-digits');
  await page.getByTestId('code-input').fill('0427');
  await page.keyboard.press('Enter');
  await page.getByTestId('card-shown').waitFor();
  await page.getByText('S-77-2041-998').waitFor();
  await inspect(page, '26-card-shown');
  await page.getByTestId('cards-done').click();
  await page.getByTestId('template-card').first().waitFor();
  expect(await page.content()).not.toContain('S-77-2041-998');
  await end();
});

test('a hand scanner types a patient’s code, and the question goes to that phone', async () => {
  const { page, station, end } = await open();
  await page.getByTestId('nav-scan').click();
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-testid') === 'scan-text');
  await inspect(page, '27-scan');
  await page.keyboard.type('https://example.org');
  await page.keyboard.press('Enter');
  await page.locator('[data-code=not_a_patient_code]').waitFor();
  await inspect(page, '28-scan-refused');
  await page.getByTestId('scan-text').fill('carnet:offer?id=abc');
  await page.keyboard.press('Enter');
  await page.getByTestId('offer-scanned').waitFor();
  await page.locator('[data-template=emergency] input').check();
  await inspect(page, '29-answer');
  await page.getByTestId('answer-send').click();
  await page.getByText('Sent to the patient').waitFor();
  expect(await page.getByTestId('qr').count()).toBe(0);
  await inspect(page, '30-sent');
  station.turn({ consent: 'active' });
  await page.getByTestId('nav-scan').click();
  await page.getByTestId('scan-text').fill('carnet:pass?id=abc');
  await page.keyboard.press('Enter');
  await page.getByTestId('match-yes').waitFor();
  await end();
});

test('the camera reads the code by itself and is then off; refused, it says what else works', async () => {
  const { page, end } = await open({}, { camera: true });
  await page.getByTestId('nav-scan').click();
  await page.getByTestId('camera-start').click();
  await page.getByTestId('offer-scanned').waitFor();
  expect(page.url()).toContain('scanned-1');
  await end();
  const shut = await open();
  await shut.page.getByTestId('nav-scan').click();
  await shut.page.getByTestId('camera-start').click();
  await shut.page.locator('[data-testid=camera-none][data-why=refused]').waitFor();
  await inspect(shut.page, '31-camera-refused');
  await shut.end();
});

test('a card is filled in or imported, looked over, offered with a PIN that is shown only when asked, and revoked after a question', async () => {
  const { page, station, end } = await open();
  await page.getByTestId('nav-issue').click();
  await inspect(page, '32-issue-none');
  await page.locator('[data-template=insurance]').click();
  await page.getByTestId('issue-look-go').click();
  await page.getByText('Member number is needed').waitFor();
  await inspect(page, '33-issue-missing');
  await page.getByTestId('issue-import').setInputFiles({ name: 'maria.csv', mimeType: 'text/csv', buffer: Buffer.from('plan,member_number') });
  await page.getByTestId('issue-imported').waitFor();
  await page.locator('[data-name=excess]').fill('12,5');
  await page.getByTestId('issue-look-go').click();
  await page.getByText('Type a whole number').waitFor();
  await page.locator('[data-name=excess]').fill('250');
  await page.getByTestId('issue-look-go').click();
  await page.getByTestId('issue-look').waitFor();
  await inspect(page, '34-issue-look');
  await page.getByTestId('issue-go').click();
  await page.getByTestId('qr').waitFor();
  expect(station.issued[0]?.claims).toEqual({ plan: 'Family', member_number: 'S-77-2041-998', from: '2026-01-01', excess: 250 });
  expect(await page.content()).not.toContain('482913');
  await inspect(page, '35-offer');
  await page.getByTestId('offer-pin-show').click();
  await page.getByText('482913').waitFor();
  await inspect(page, '36-offer-pin');
  station.turn({ approval: 'needed' }, { card: 'of1' });
  await page.getByTestId('offer-approve').waitFor();
  await inspect(page, '36b-offer-approval');
  await page.getByTestId('offer-approve').click();
  await page.locator('[data-approval=given]').waitFor();
  station.turn({ offer: 'accepted' }, { card: 'of1' });
  await page.locator('[data-testid=offer-state][data-state=accepted]').waitFor();
  await page.getByTestId('offer-revoke').click();
  await page.getByRole('alertdialog').waitFor();
  await inspect(page, '37-offer-revoke');
  await page.getByTestId('offer-revoke-go').click();
  await page.locator('[data-testid=offer-state][data-state=revoked]').waitFor();
  await page.getByTestId('issue-next').click();
  await page.getByTestId('issued-row').waitFor();
  await inspect(page, '38-issued');
  await page.getByTestId('nav-health').click();
  await page.getByTestId('entry-fingerprint').waitFor();
  await inspect(page, '39-health-entry');
  const entry = page.waitForEvent('download');
  await page.getByTestId('entry-file').click();
  expect((await entry).suggestedFilename()).toBe('entry.json');
  await end();
});

test.each([
  ['narrow and dark', { width: 400, height: 820, dark: true }],
  ['text at twice its size', { width: 1280, height: 860, large: true }]
] as const)('new screens, %s', async (name, look) => {
  const { page, station, end } = await open({}, look);
  for (const [place, ready] of [['scan', 'scan-text'], ['answer/scanned-1', 'answer-send'], ['issue', 'card-template'], ['issue/insurance', 'issue-look-go'], ['offer/of1', 'qr'], ['health', 'entry-fingerprint']] as const) {
    await page.goto(`${station.url}#/${place}`);
    await page.getByTestId(ready).first().waitFor();
    await inspect(page, `40-${name.replaceAll(' ', '-')}-${place.replace('/', '-')}`);
  }
  await end();
});

import { expect, test } from 'vitest';
import { go, inspect, looking, open, PHONE } from './looking';
import { cardOffer, cardQuestion, cards } from './stand-in';

looking();

const OPEN = { exists: true, unlocked: true };
const refused = (code: string) => () => ({ refused: { code, message: 'm', next: 'n' } });

test('a question for cards alone: nothing is chosen, each claim is seen, one is shown, and nothing lasts', async () => {
  const sent: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, {
    answer: (args: unknown) => (sent.push(args), { decision: 'permit', consent_id: null, grant_id: null, code: '3107', state: 'shown', ledger: null, records: 0, shown: 1 })
  });
  await go(page, '#/question/q-card');
  expect(await page.locator('[data-testid=decide-card-option]:checked').count()).toBe(0);
  expect(await page.getByTestId('decide-yes').isDisabled()).toBe(true);
  await page.getByText('A card is shown once, now').waitFor();
  expect(await page.getByText('They can read it until').count()).toBe(0);
  await page.locator('[data-card=k-second]').check();
  await page.locator('[data-card=k-cover]').check();
  expect(await page.locator('[data-testid=decide-card-option]:checked').count()).toBe(1);
  await page.getByText('S-77-2041-998').waitFor();
  await inspect(page, 'decide-card-chosen');
  await page.getByTestId('decide-yes').click();
  await page.getByTestId('summary-code').waitFor();
  expect(sent).toEqual([{ requestId: 'q-card', scopes: [], cards: [{ query: 'insurance', card: 'k-cover' }], profile: 0 }]);
  expect(await page.getByTestId('summary-card').innerText()).toContain('Plan and Member number');
  expect(await page.content()).not.toContain('S-77-2041-998');
  await inspect(page, 'summary-shown');
  await end();
});

test('of several ways one is enough, and half of a way is not', async () => {
  const { page, end } = await open(OPEN, PHONE);
  await go(page, '#/question/q-ways');
  expect(await page.getByTestId('added-by-you').first().innerText()).toContain('Added by you');
  await page.locator('[data-card=k-birth]').check();
  expect(await page.getByTestId('decide-yes').isDisabled()).toBe(true);
  await inspect(page, 'decide-half-a-way');
  await page.locator('[data-card=k-birth]').uncheck();
  await page.locator('[data-card=k-cover]').check();
  expect(await page.getByTestId('decide-yes').isEnabled()).toBe(true);
  await end();
});

test('who holds no such card can only say no, and is told that nobody learns which of the two it was', async () => {
  const { page, end } = await open(OPEN, PHONE);
  await go(page, '#/question/q-lacking');
  await page.getByTestId('decide-needed').click();
  expect(await page.getByTestId('decide-yes').isDisabled()).toBe(true);
  expect(await page.getByTestId('decide-card-none').innerText()).toContain('they can’t tell'.replace('’', "'"));
  expect(await page.getByTestId('decide-no').isEnabled()).toBe(true);
  await go(page, '#/question/q-mixed');
  await page.getByTestId('decide-needed').click();
  await page.locator('[data-card=k-cover]').check();
  expect(await page.getByTestId('decide-yes').innerText()).toContain('Share 2 kinds, 1 card');
  await inspect(page, 'decide-mixed');
  await end();
});

test('an offer is shown with its issuer before any PIN is asked, and a wrong PIN can be typed again', async () => {
  const sent: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, {
    accept_card_offer: ({ pin }: { pin: string }) => (sent.push(pin), pin === '482913' ? { cards: [cards[0]], waiting: false } : { refused: { code: 'pin_not_accepted', message: 'm', next: 'n' } })
  });
  await go(page, '#/scan');
  await page.getByTestId('scan-link').fill('openid-credential-offer://?credential_offer_uri=x');
  await page.getByTestId('scan-go').click();
  await page.getByTestId('offer-yes').waitFor();
  expect(await page.locator('h1').innerText()).toContain('Sunrise Insurance');
  expect(await page.getByTestId('offer-pin').count()).toBe(0);
  await page.getByTestId('offer-yes').click();
  await page.getByTestId('offer-pin-go').click();
  await page.getByText('Type the PIN first').waitFor();
  expect(sent).toEqual([]);
  await page.getByTestId('offer-pin').fill('000000');
  await page.keyboard.press('Enter');
  await page.locator('[data-code=pin_not_accepted]').waitFor();
  await inspect(page, 'offer-pin-wrong');
  await page.getByTestId('offer-pin').fill('482913');
  await page.getByTestId('offer-pin-go').click();
  await page.getByTestId('offer-done').waitFor();
  await inspect(page, 'offer-done');
  await page.getByTestId('offer-card-done').click();
  await page.getByTestId('card-state').waitFor();
  await end();
});

test('no to an offer is one tap; an issuer that needs longer, and a sign-in in the browser, are said plainly', async () => {
  let declined = 0;
  let through: (answer: unknown) => void = () => {};
  const { page, end } = await open(OPEN, PHONE, {
    card_offer: () => ({ ...cardOffer, pin: null, sign_in: true }),
    decline_card_offer: () => ((declined += 1), null),
    finish_sign_in: () => new Promise((done) => (through = done))
  });
  await go(page, '#/offer/o1');
  await page.getByTestId('offer-no').click();
  await page.getByTestId('home-cards').waitFor();
  expect(declined).toBe(1);
  await go(page, '#/offer/o1');
  await page.getByTestId('offer-yes').click();
  await page.getByTestId('offer-sign-in').click();
  await page.getByTestId('offer-sign-in-link').waitFor();
  await inspect(page, 'offer-sign-in');
  through({ cards: [], waiting: true });
  await page.getByTestId('offer-waiting').waitFor();
  await inspect(page, 'offer-waiting');
  await end();
});

test('an offer from somebody unknown is refused in words that a worried person understands', async () => {
  const { page, end } = await open(OPEN, PHONE, { open_code: refused('link_not_a_request') });
  await go(page, '#/scan');
  await page.getByTestId('scan-link').fill('https://example.org/free-gift');
  await page.getByTestId('scan-go').click();
  await page.getByTestId('error').waitFor();
  await inspect(page, 'scan-refused');
  await end();
});

test('a shown code leads to the question by itself when the desk has asked; a code that ran out is made anew', async () => {
  let round = 0;
  let asked = false;
  const { page, end } = await open(OPEN, PHONE, {
    show_offer: () => ({ code_id: `c${(round += 1)}`, uri: `carnet:offer?id=${round}`, svg: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M2 2h5v5h-5z"/></svg>', expires: new Date(Date.now() + (round === 1 ? 500 : 300_000)).toISOString(), verifier: { id: 'city', name: 'City Hospital', vouched_by: 'x', added_by_you: false } }),
    offer_state: ({ codeId }: { codeId: string }) => (asked && codeId === 'c2' ? { state: 'question', request_id: 'q1' } : { state: 'waiting', request_id: null })
  });
  await page.getByTestId('home-show').click();
  expect(await page.getByTestId('show-party').evaluateAll((all) => all.map((one) => one.getAttribute('data-party')))).toEqual(['northgate', 'city', 'corner']);
  await page.locator('[data-party=city]').click();
  await page.getByTestId('shown-code').waitFor();
  await page.getByTestId('shown-text').click();
  await page.getByText('carnet:offer?id=2').waitFor();
  expect(await page.getByTestId('shown-code').evaluate((one) => getComputedStyle(one.parentElement as Element).backgroundColor)).toBe('rgb(255, 255, 255)');
  asked = true;
  await page.getByTestId('decide-item').first().waitFor();
  await end();
});

test('a clinic is added by hand only with the end of its paper and an explicit yes, and stays marked', async () => {
  const sent: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, {
    add_clinic: (args: { typed: string }) => (sent.push(args.typed), args.typed === '4LZG' ? { id: 'corner', name: 'Corner Practice', roles: [], added_by_you: true, development: false } : { refused: { code: 'clinic_fingerprint', message: 'm', next: 'n' } })
  });
  await go(page, '#/settings');
  await page.getByTestId('settings-clinics').click();
  await page.getByTestId('clinic-add').click();
  await page.getByTestId('clinic-file').setInputFiles({ name: 'fool.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
  await page.getByTestId('clinic-looks-like').waitFor();
  expect(await page.getByTestId('clinic-go').count()).toBe(0);
  await inspect(page, 'clinic-looks-like');
  await page.getByTestId('clinic-other').click();
  await page.getByTestId('clinic-file').setInputFiles({ name: 'entry.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
  await page.getByTestId('clinic-last').waitFor();
  expect(await page.getByTestId('clinic-fingerprint').innerText()).not.toContain('4LZG');
  await page.getByTestId('clinic-last').fill('4LZG');
  await page.getByTestId('clinic-go').click();
  await page.getByText('Tick this, or').waitFor();
  expect(sent).toEqual([]);
  await page.getByTestId('clinic-sure').check();
  await page.getByTestId('clinic-last').fill('0000');
  await page.getByTestId('clinic-go').click();
  await page.locator('[data-code=clinic_fingerprint]').waitFor();
  await inspect(page, 'clinic-paper-wrong');
  await page.getByTestId('clinic-last').fill('4L ZG');
  await page.getByTestId('clinic-go').click();
  await page.getByTestId('who-vouches').waitFor();
  expect(sent).toEqual(['0000', '4LZG']);
  await page.getByTestId('clinic-remove').click();
  await page.getByTestId('clinic-remove-go').click();
  await page.getByTestId('clinic-row').first().waitFor();
  await end();
});

test('few copies are said on the card, and fresh ones come at one tap', async () => {
  const { page, end } = await open(OPEN, PHONE);
  await go(page, '#/cards/k-low');
  await page.getByTestId('card-low').waitFor();
  await page.getByTestId('card-refill').click();
  await page.getByTestId('card-refilled').waitFor();
  expect(await page.getByTestId('card-low').count()).toBe(0);
  await end();
});

test('the camera reads a code by itself; a picture too small to read gets a sentence that helps; a pasted picture is read', async () => {
  const { page, end } = await open(OPEN, { ...PHONE, camera: true });
  await go(page, '#/scan');
  await page.getByTestId('scan-picture').setInputFiles({ name: 'tiny.png', mimeType: 'image/png', buffer: Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAIAAABxZ0isAAAAY0lEQVQ42g3JIQEAQQhFQZKgCbEh0Jvkh3gaTYgNgSbR3dgxM9w4xjVklPGMNcwCD05wAwUVvGDjj8STk9xESSUv2fxDuDjiCokST6z+aLw5zW3UVPOa7T8GH85wBw01vGGHD3MOQLETr5clAAAAAElFTkSuQmCC', 'base64') });
  await page.getByText('closer, in more light').waitFor();
  await inspect(page, 'scan-unreadable');
  await page.getByTestId('camera-start').click();
  await page.getByTestId('decide-item').first().waitFor();
  await go(page, '#/scan');
  await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 300;
    canvas.getContext('2d')?.fillRect(10, 10, 100, 100);
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done));
    const data = new DataTransfer();
    data.items.add(new File([blob as Blob], 'code.png', { type: 'image/png' }));
    window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
  });
  await page.getByTestId('decide-item').first().waitFor();
  await end();
});

test('while nothing can be read the preview stays, is stopped by hand, and a camera that is refused is said', async () => {
  const { page, end } = await open(OPEN, { ...PHONE, camera: true }, { read_code_picture: () => ({ refused: { code: 'no_code', message: 'm', next: 'n' } }) });
  await go(page, '#/scan');
  await page.getByTestId('camera-start').click();
  await page.waitForFunction(() => (document.querySelector('video')?.videoWidth ?? 0) >= 200);
  await inspect(page, 'scan-camera');
  await page.getByText('Nothing readable yet').waitFor({ timeout: 15_000 });
  await page.getByTestId('camera-stop').click();
  await page.getByTestId('camera-start').waitFor();
  await end();
  const shut = await open(OPEN, PHONE);
  await go(shut.page, '#/scan');
  await shut.page.getByTestId('camera-start').click();
  await shut.page.locator('[data-testid=camera-none][data-why=refused]').waitFor();
  await inspect(shut.page, 'scan-camera-refused');
  await shut.end();
});

test('a link from another program is opened by itself, but takes no decision off the screen', async () => {
  let link: string | null = 'openid-credential-offer://?credential_offer_uri=x';
  const { page, say, end } = await open(OPEN, PHONE, { take_link: () => { const taken = link; link = null; return taken; } });
  await page.getByTestId('offer-yes').waitFor();
  link = 'openid4vp://?client_id=a&request_uri=b';
  say('link-arrived', null);
  await page.getByTestId('link-see').waitFor();
  expect(await page.getByTestId('offer-yes').count()).toBe(1);
  await inspect(page, 'link-waiting');
  await page.getByTestId('link-see').click();
  await page.getByTestId('decide-item').first().waitFor();
  expect(await page.getByTestId('link-waiting').count()).toBe(0);
  await end();
});

test('from the name on a question to why it is known, and back; all by keyboard', async () => {
  const { page, end } = await open(OPEN, PHONE);
  await go(page, '#/question/q-card');
  const press = async (testid: string) => {
    await page.getByTestId(testid).first().focus();
    await page.keyboard.press('Enter');
  };
  await press('how-known');
  await press('why-trusted');
  await page.getByTestId('who-vouches').waitFor();
  await page.getByRole('link', { name: 'Back' }).focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('decide-card').waitFor();
  await page.locator('[data-card=k-cover]').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('ArrowDown');
  expect(await page.locator('[data-card=k-second]').isChecked()).toBe(true);
  await page.keyboard.press('ArrowDown');
  expect(await page.getByTestId('decide-yes').isDisabled()).toBe(true);
  await end();
});

test('words of others are words: no markup, no script, nothing wider than the screen', async () => {
  const hostile = `<img src=x onerror="document.title='caught'"><b>Pay</b> \u202Eevil ${'Aa'.repeat(400)}`;
  const { page, end } = await open(OPEN, PHONE, {
    question: () => ({ ...cardQuestion, cards: cardQuestion.cards.map((asked) => ({ ...asked, kinds: [hostile], issuers: [hostile], options: asked.options.map((one) => ({ ...one, title: hostile, shown: [{ label: hostile, value: hostile }] })) })) }),
    card_offer: () => ({ ...cardOffer, cards: [{ title: hostile, kind: hostile, describes: [hostile] }], pin: { digits: false, length: null, hint: hostile } })
  });
  await go(page, '#/question/q-card');
  await inspect(page, 'hostile-question');
  await go(page, '#/offer/o1');
  await page.getByTestId('offer-yes').click();
  await page.getByTestId('offer-pin').waitFor();
  await inspect(page, 'hostile-offer');
  expect(await page.locator('main img, main b').count()).toBe(0);
  expect(await page.title()).not.toContain('caught');
  await end();
});

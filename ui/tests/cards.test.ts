import { expect, test } from 'vitest';
import { go, inspect, looking, open, PHONE } from './looking';

looking();

const card = { id: 'k-cover', title: 'Insurance cover' };

test('a card says who issued it, whether it holds, and nothing technical until it is asked for', async () => {
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE);
  await page.getByTestId('home-cards').click();
  await page.getByTestId('card-row').first().waitFor();
  const states = await page.getByTestId('card-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-state')));
  expect(states).toEqual(['unchecked', 'valid', 'valid', 'valid', 'revoked', 'expired', 'not_yet']);
  await page.getByTestId('card-row').filter({ hasText: card.title }).click();
  await page.getByText('From Sunrise Insurance').waitFor();
  await page.getByText('6 copies').first().waitFor();
  await page.getByText(/was not checked since/).waitFor();
  expect(await page.getByText('"member_number"').isVisible()).toBe(false);
  await page.getByTestId('card-check').click();
  await page.getByText(/not taken back, as its issuer said/).waitFor();
  expect(await page.getByTestId('card-state').getAttribute('data-state')).toBe('valid');
  await page.getByTestId('card-details').click();
  expect(await page.getByText('"member_number"').isVisible()).toBe(true);
  await inspect(page, 'card-details');
  await go(page, '#/cards/k-club');
  await page.getByText('Not on your list').first().waitFor();
  await end();
});

test('a pasted card that was changed is refused in plain words, and one that is here already changes nothing', async () => {
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE);
  await go(page, '#/cards');
  await page.getByTestId('card-add').click();
  await page.getByTestId('card-go').click();
  await page.getByText('Paste the text of the card first').waitFor();
  await page.getByTestId('card-text').fill('eyJ.eyJ.sig');
  await page.getByTestId('card-go').click();
  await page.locator('[data-code=card_bad_signature]').waitFor();
  await inspect(page, 'card-refused');
  await page.getByTestId('card-text').fill('eyJ.eyJ.sig~');
  await page.getByTestId('card-go').click();
  await page.getByText('You had this card already').waitFor();
  await page.getByTestId('card-file').setInputFiles({ name: 'card.sd-jwt', mimeType: 'text/plain', buffer: Buffer.from('eyJ~') });
  await page.getByText('The card is genuine and is kept').waitFor();
  await inspect(page, 'card-added');
  await end();
});

test('a card is removed only after it was asked whether', async () => {
  let removed: unknown = null;
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE, { remove_card: (args: unknown) => ((removed = args), null) });
  await go(page, '#/cards/k-cover');
  await page.getByTestId('card-remove').click();
  await page.getByRole('alertdialog').waitFor();
  expect(removed).toBeNull();
  await inspect(page, 'card-remove');
  await page.getByTestId('card-remove-go').click();
  await page.getByTestId('card-row').first().waitFor();
  expect(removed).toEqual({ id: 'k-cover' });
  await end();
});

test('a consent, over or not, has a receipt in four forms, each under a name of its own', async () => {
  const saved: unknown[] = [];
  const { page, end } = await open({ exists: true, unlocked: true }, PHONE, { save_receipt: (args: unknown) => (saved.push(args), null) });
  await go(page, '#/consents/c-revoked');
  await page.getByTestId('receipt-open').click();
  await page.getByTestId('receipt-go').click();
  await page.getByTestId('receipt-done').waitFor();
  await page.locator('[data-testid=receipt-format][data-value=sd_jwt]').check();
  await page.getByText('you can prove what was agreed').waitFor();
  await inspect(page, 'receipt');
  await page.getByTestId('receipt-go').click();
  await page.getByTestId('receipt-done').waitFor();
  expect(saved).toEqual([
    { consentId: 'c-revoked', format: 'pdf', path: 'carnet-receipt.pdf' },
    { consentId: 'c-revoked', format: 'sd_jwt', path: 'carnet-receipt.sd-jwt' }
  ]);
  await end();
});

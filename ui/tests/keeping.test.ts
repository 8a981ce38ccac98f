import { expect, test } from 'vitest';
import { DESK, go, inspect, looking, open, PHONE } from './looking';
import { ana, grandson, maria, sample, WORDS } from './stand-in';

looking();

const NONE = { exists: false, unlocked: false };
const SHUT = { exists: true, unlocked: false };
const OPEN = { exists: true, unlocked: true };
const SAFE = 'four quiet rivers sleeping';
const refused = (code: string) => () => ({ refused: { code, message: '', next: '' } });

test('the first page says what comes back by which way', async () => {
  for (const [name, look] of [['phone', PHONE], ['desk', DESK], ['phone-large-text', { ...PHONE, large: true }], ['phone-dark', { ...PHONE, dark: true }]] as const) {
    const { page, end } = await open(NONE, look);
    await page.getByTestId('door-create').waitFor();
    await inspect(page, `${name}-welcome`);
    await page.getByTestId('door-restore').click();
    await page.getByTestId('restore-path').waitFor();
    await inspect(page, `${name}-restore`);
    await page.getByTestId('back').click();
    await page.getByTestId('door-words').click();
    await page.getByTestId('only-words').waitFor();
    await inspect(page, `${name}-restore-words`);
    await end();
  }
});

test('the check of the words names the wrong place, leads back to the words, and only a right one settles it', async () => {
  let kept = 0;
  const { page, end } = await open(NONE, PHONE, { words_kept: () => ((kept += 1), null) });
  await page.getByTestId('door-create').click();
  await page.getByTestId('create-passphrase').fill(SAFE);
  await page.getByTestId('create-repeat').fill(SAFE);
  await page.getByTestId('create-go').click();
  await page.getByTestId('words-kept').click();
  const fields = page.getByTestId('check-word');
  await fields.first().waitFor();
  expect(await fields.count()).toBe(3);
  const places = await fields.evaluateAll((all) => all.map((one) => Number((one as HTMLElement).dataset.place)));
  for (const [index, place] of places.entries()) await fields.nth(index).fill(index === 1 ? 'zebra' : ` ${WORDS[place - 1]?.toUpperCase()} `);
  await page.getByTestId('check-go').click();
  await page.getByTestId('check-wrong').waitFor();
  expect(await page.getByTestId('check-wrong').innerText()).toContain(`number ${places[1]} `);
  expect(kept).toBe(0);
  await inspect(page, 'words-check-wrong');
  await page.getByTestId('check-again').click();
  expect(await page.getByTestId('word').count()).toBe(24);
  await page.getByTestId('words-kept').click();
  const again = await fields.evaluateAll((all) => all.map((one) => Number((one as HTMLElement).dataset.place)));
  for (const [index, place] of again.entries()) await fields.nth(index).fill(WORDS[place - 1] ?? '');
  await inspect(page, 'words-check');
  await page.keyboard.press('Enter');
  await page.getByTestId('nav-home').waitFor();
  expect(kept).toBe(1);
  await end();
});

test('a forgotten passphrase: words are counted while typed, placed when wrong, and open with a new passphrase', async () => {
  const sent: unknown[] = [];
  const base = sample(SHUT);
  const { page, end } = await open(SHUT, PHONE, {
    reset_passphrase: (args: Record<string, unknown>) => (sent.push(args), base.reset_passphrase?.(args)),
    vault_state: () => base.vault_state?.({})
  });
  await page.getByTestId('door-forgotten').click();
  const count = page.getByTestId('words-count');
  await page.getByTestId('forgotten-words').fill(WORDS.slice(0, 23).join('\n'));
  expect(await count.getAttribute('data-count')).toBe('23');
  await page.getByTestId('forgotten-words').fill(WORDS.map((word, place) => `${place + 1}. ${place === 6 ? 'abscent' : word}`).join('  '));
  expect(await count.getAttribute('data-count')).toBe('24');
  expect(await page.getByText('Word number 7').count()).toBe(0);
  await page.getByTestId('forgotten-passphrase').fill(SAFE);
  await page.getByTestId('forgotten-repeat').fill(SAFE);
  await page.getByTestId('forgotten-go').click();
  await page.getByText('Word number 7').waitFor();
  expect(sent).toEqual([]);
  await inspect(page, 'forgotten-wrong');
  await page.getByTestId('forgotten-words').fill(WORDS.toReversed().join(' '));
  await page.getByTestId('forgotten-go').click();
  await page.locator('[data-code=wrong_words]').waitFor();
  await page.getByTestId('forgotten-words').fill(` ${WORDS.join(',\n').toUpperCase()} `);
  await page.getByTestId('forgotten-go').click();
  await page.getByTestId('nav-home').waitFor();
  expect(sent.at(-1)).toEqual({ words: WORDS.join(' '), passphrase: SAFE });
  await end();
});

test('an older copy is not opened before somebody chose, and the record books come next', async () => {
  const { page, end } = await open(SHUT, PHONE, { unlock: refused('vault_older_copy') });
  await page.getByTestId('unlock-passphrase').fill('x');
  await page.getByTestId('unlock-go').click();
  await page.getByTestId('older-copy').waitFor();
  await inspect(page, 'older-copy');
  await page.getByTestId('older-passphrase').fill('x');
  await page.getByTestId('older-accept').click();
  await page.getByTestId('recovery-pending').waitFor();
  await end();
});

test('a restore shows how far it is, can be stopped, and then brings everything back and looks through the record books', async () => {
  let round = 0;
  let stop: (answer: unknown) => void = () => {};
  const base = sample(NONE);
  const { page, say, end } = await open(NONE, PHONE, {
    vault_state: () => base.vault_state?.({}),
    restore_backup: (args: Record<string, unknown>) => (round++ === 0 ? new Promise((done) => (stop = done)) : base.restore_backup?.(args)),
    cancel_task: () => (stop({ refused: { code: 'cancelled', message: '', next: '' } }), null)
  });
  await page.getByTestId('door-restore').click();
  await page.getByTestId('restore-go').click();
  await page.getByText('Say where first').waitFor();
  await page.getByTestId('restore-path').fill('/media/stick/carnet-backup');
  await page.getByTestId('restore-secret').fill('the old one');
  await page.getByTestId('restore-passphrase').fill(SAFE);
  await page.getByTestId('restore-repeat').fill(SAFE);
  await page.getByTestId('restore-go').click();
  await page.getByTestId('progress').waitFor();
  say('task-progress', { task: 'restore', done: 3_700_000, total: 10_000_000 });
  await page.locator('[role=progressbar][aria-valuenow="37"]').waitFor();
  await inspect(page, 'restore-progress');
  await page.getByTestId('progress-stop').click();
  await page.getByText('You stopped the restore').waitFor();
  await inspect(page, 'restore-stopped');
  await page.getByTestId('restore-go').click();
  await page.getByTestId('restored').waitFor();
  await inspect(page, 'restored');
  await page.getByTestId('restored-go').click();
  await page.getByTestId('recovery-pending').waitFor();
  await page.getByTestId('recovery-skip').click();
  await page.getByRole('alertdialog').waitFor();
  await inspect(page, 'recovery-skip');
  await page.getByTestId('recovery-skip-go').click();
  await page.getByTestId('recovery-done').waitFor();
  await inspect(page, 'recovery-done');
  await end();
});

test('while record books are still to be looked through, Home says so calmly and a question can only be refused or left', async () => {
  const base = sample(OPEN);
  const { page, end } = await open(OPEN, PHONE, { home: () => ({ ...(base.home?.({}) as object), scan_pending: ['City Hospital'] }) });
  await page.getByTestId('home-scan-pending').waitFor();
  await inspect(page, 'home-scan-pending');
  await go(page, '#/question/q1');
  await page.getByTestId('decide-scan-pending').waitFor();
  await page.getByTestId('decide-needed').click();
  expect(await page.getByTestId('decide-yes').isDisabled()).toBe(true);
  expect(await page.getByTestId('decide-no').isEnabled()).toBe(true);
  await inspect(page, 'decide-scan-pending');
  await end();
});

test('a question opened for one person is answered for nobody else', async () => {
  const sent: unknown[] = [];
  const { page, end } = await open(OPEN, PHONE, { answer: (args: unknown) => (sent.push(args), { decision: 'partial', consent_id: 'c-active', grant_id: null, code: '0427', state: 'granted', ledger: null, records: 6 }) }, [maria, ana, grandson]);
  await page.locator('[data-testid=person-choose][data-number="1"]').click();
  await page.getByTestId('switch-person').waitFor();
  expect(await page.getByTestId('acting').innerText()).toContain('Ana Kozey');
  await go(page, '#/question/q1');
  await page.getByTestId('decide-needed').click();
  expect(await page.locator('h1').innerText()).toContain('Ana Kozey');
  expect(await page.getByTestId('decide-verdict').innerText()).toContain('Ana Kozey');
  await inspect(page, 'decide-for-ana');
  await page.getByTestId('switch-person').click();
  await page.getByRole('dialog').waitFor();
  await inspect(page, 'switch-person');
  await page.locator('[role=dialog] [data-number="0"]').click();
  await page.getByTestId('other-person-acting').waitFor();
  expect(await page.getByTestId('decide-yes').count()).toBe(0);
  await inspect(page, 'other-person-acting');
  await page.getByTestId('back-to-person').click();
  await page.getByTestId('decide-needed').click();
  await page.getByTestId('decide-yes').click();
  await page.getByTestId('summary-code').waitFor();
  expect(sent).toMatchObject([{ requestId: 'q1', profile: 1 }]);
  await end();
});

test('a person is added, used, renamed, and removed only when nothing is shared', async () => {
  const { page, end } = await open(OPEN, PHONE, {}, [maria, ana]);
  await page.locator('[data-testid=person-choose][data-number="0"]').click();
  await go(page, '#/people/new');
  await page.getByTestId('person-name').fill('Luis');
  await page.getByTestId('person-add-go').click();
  await page.locator('[data-testid=person][data-number="2"]').click();
  await page.getByTestId('person-remove').waitFor();
  await page.getByTestId('person-switch').click();
  await page.getByText('For Luis').waitFor();
  await page.locator('[data-testid=nav-home][aria-current=page]').waitFor();
  await go(page, '#/people/2');
  await page.getByTestId('person-name').fill('Luis Kozey');
  await page.getByTestId('person-rename').click();
  await page.getByText('For Luis Kozey').waitFor();
  await page.getByTestId('person-remove').click();
  await page.getByTestId('person-remove-passphrase').fill(SAFE);
  await inspect(page, 'person-remove');
  await page.getByTestId('person-remove-go').click();
  await page.getByTestId('person-choose').first().waitFor();
  expect(await page.getByTestId('person-choose').count()).toBe(2);
  await page.locator('[data-testid=person-choose][data-number="0"]').click();
  await page.getByTestId('nav-home').waitFor();
  await go(page, '#/people/1');
  await page.getByTestId('person-remove').click();
  expect(await page.getByTestId('person-remove-go').count()).toBe(0);
  await inspect(page, 'person-still-shares');
  await go(page, '#/people/0');
  expect(await page.getByTestId('person-remove').count()).toBe(0);
  await end();
});

test('a backup says where it lies and to keep it elsewhere; a wallet with one person says for whom it is', async () => {
  const made: unknown[] = [];
  const base = sample(OPEN);
  const { page, end } = await open(OPEN, PHONE, { make_backup: (args: Record<string, unknown>) => (made.push(args), base.make_backup?.(args)) });
  await page.getByTestId('home-backup').click();
  expect(await page.getByTestId('acting').innerText()).toContain('Maria Kozey');
  expect(await page.getByTestId('switch-person').count()).toBe(0);
  await page.getByTestId('backup-passphrase').fill(SAFE);
  await page.getByTestId('backup-repeat').fill(SAFE);
  await page.getByTestId('backup-go').click();
  await page.getByTestId('backup-done').waitFor();
  expect(made).toEqual([{ path: '/media/maria/stick/carnet-backup-2026-11-22', passphrase: SAFE }]);
  await inspect(page, 'backup-done');
  await end();
});

test('taking everything back asks for the passphrase and says for each clinic what is known', async () => {
  const { page, end } = await open(OPEN, PHONE, {}, [maria, ana]);
  await page.locator('[data-testid=person-choose][data-number="0"]').click();
  await go(page, '#/settings/everything');
  await page.locator('[data-testid=everything-whose][data-value=everyone]').check();
  await page.getByTestId('everything-passphrase').fill(SAFE);
  await page.getByTestId('everything-go').click();
  await page.getByTestId('everything-done').waitFor();
  expect(await page.getByTestId('everything-line').evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.state))).toEqual(['revoked', 'revoking', 'revoked']);
  await inspect(page, 'everything-done');
  await end();
});

test('the list of activity can be checked and saved, and says what a break in it means', async () => {
  let whole = true;
  const saved: unknown[] = [];
  const base = sample(OPEN);
  const { page, end } = await open(OPEN, PHONE, {
    verify_log: () => (whole ? base.verify_log?.({}) : { refused: { code: 'log_broken', message: '', next: '' } }),
    export_log: (args: unknown) => (saved.push(args), null)
  }, [maria, ana]);
  await page.locator('[data-testid=person-choose][data-number="0"]').click();
  await go(page, '#/activity');
  await page.locator('[data-testid=activity-whose][data-value=everyone]').check();
  await page.getByText('City Hospital asked').first().waitFor();
  await page.getByTestId('log-open').click();
  await page.getByTestId('log-check').click();
  await page.getByTestId('log-whole').waitFor();
  await page.getByTestId('log-save').click();
  await page.locator('[data-testid=log-format][data-value=json]').check();
  await page.getByTestId('log-path').fill('/home/maria/list.json');
  await page.getByTestId('log-export').click();
  await page.getByTestId('log-exported').waitFor();
  expect(saved).toEqual([{ path: '/home/maria/list.json', format: 'json' }]);
  await inspect(page, 'activity-everyone');
  whole = false;
  await page.getByTestId('log-check').click();
  await page.getByTestId('log-broken').waitFor();
  await inspect(page, 'activity-broken');
  await end();
});

test('a picture is opened only when it is asked for, and drawn under the window’s own policy', async () => {
  let opened = 0;
  const base = sample(OPEN);
  const { page, end } = await open(OPEN, PHONE, { attachment: () => ((opened += 1), base.attachment?.({})) });
  await go(page, '#/records/n1');
  await page.getByTestId('attachment').first().waitFor();
  expect(opened).toBe(0);
  await page.getByTestId('attachment-show').click();
  const drawn = page.getByTestId('attachment-shown');
  await drawn.waitFor();
  expect(await drawn.evaluate((image) => (image as HTMLImageElement).decode().then(() => (image as HTMLImageElement).naturalWidth))).toBe(8);
  await page.getByTestId('attachment-save').first().click();
  await inspect(page, 'attachments');
  await end();
});

test('of very many records only those near the screen are fetched', async () => {
  const asked: number[] = [];
  const { page, end } = await open(OPEN, PHONE, {
    records_page: ({ offset, limit }: { offset: number; limit: number }) => {
      if (limit > 0) asked.push(offset);
      return { total: 100_000, lines: Array.from({ length: limit }, (_, n) => ({ id: `r${offset + n}`, type: 'Observation', group: 'laboratory', date: '2026-01-05', title: `Result ${offset + n}`, detail: null, sensitive: [] })) };
    }
  });
  await go(page, '#/records');
  await page.getByText('Result 0', { exact: true }).waitFor();
  expect(asked).toEqual([0]);
  await page.evaluate(() => window.scrollTo(0, document.documentElement.scrollHeight / 2));
  await page.getByText(/^Result (49|50)\d{3}$/).first().waitFor();
  expect(asked.length).toBeLessThanOrEqual(3);
  await end();
});

test('a slip explains its power; a long import can be stopped', async () => {
  const { page, end } = await open(OPEN, PHONE, { import_path: refused('cancelled') });
  await go(page, '#/consents/c-active');
  await page.getByTestId('slip-open').click();
  await page.getByTestId('slip-path').fill('/home/maria/slip.pdf');
  await page.getByTestId('slip-go').click();
  await page.getByTestId('slip-done').waitFor();
  await inspect(page, 'slip');
  await go(page, '#/import');
  await page.getByTestId('import-large').click();
  await page.getByTestId('import-path').fill('/media/stick/everything.ndjson');
  await page.getByTestId('import-path-go').click();
  await page.getByTestId('import-go').click();
  await page.getByText('You stopped it').first().waitFor();
  await end();
});

test('the whole way of a passphrase that somebody saw', async () => {
  const { page, end } = await open(OPEN, PHONE);
  await go(page, '#/settings/seen');
  await page.getByTestId('seen-passphrase').fill(SAFE);
  await page.getByTestId('seen-go').click();
  await page.getByTestId('seen-done').waitFor();
  await inspect(page, 'seen-done');
  await go(page, '#/settings/passphrase');
  await page.getByTestId('change-old').fill(SAFE);
  await page.getByTestId('change-passphrase').fill('another quiet river');
  await page.getByTestId('change-repeat').fill('another quiet river');
  await page.getByTestId('change-go').click();
  await page.getByTestId('change-done').waitFor();
  await end();
});

test('everything can be reached and done by keyboard alone', async () => {
  const { page, end } = await open(OPEN, DESK, {}, [maria, ana]);
  await page.locator('h1').waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByTestId('switch-person').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.locator('[role=dialog] [data-number="1"]').focus();
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=acting][data-number="1"]').waitFor();
  await page.getByTestId('nav-settings').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('settings-restore').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('restore-path').waitFor();
  await page.getByTestId('back').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('settings-restore').waitFor();
  await end();
});


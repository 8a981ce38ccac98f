// The patient's side of the story, told once for every kind of window.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from './processes.mjs'

export const passphrase = 'a lamp, two boats and the long road'
export const backupPassphrase = 'winter keys under the blue stone'
export const freshPassphrase = 'eleven swallows over a quiet harbour'
export const allergies = 'patient/AllergyIntolerance.rs'
export const labs = 'patient/Observation.rs?category=laboratory'
export const vitals = 'patient/Observation.rs?category=vital-signs'
export const everythingAsked = [
  { scope: allergies, required: true },
  { scope: 'patient/Condition.rs', required: true },
  { scope: vitals, required: false },
]

/** A vault made by hand, its words copied back as the check asks. Returns the 24 words. */
export async function makeVault(app, shot) {
  await app.appears('door-create', 30_000)
  await shot('welcome')
  await app.click('door-create')
  await app.appears('create-passphrase')
  await shot('create')
  await app.fill('create-passphrase', passphrase)
  await app.fill('create-repeat', passphrase)
  await app.click('create-go')
  await app.appears('words-kept', 60_000)
  await shot('words')
  return copyWordsBack(app, shot)
}

/** From the 24 words on screen: one wrong first, which is named; then the right ones. Returns the words. */
export async function copyWordsBack(app, shot) {
  const words = (await app.texts('word')).map((text) => text.trim().split(/\s+/).at(-1))
  expect(words.length === 24, `24 words, not ${words.length}`)
  await app.click('words-kept')
  await app.appears('check-word')
  const places = (await app.attributes('check-word', 'data-place')).map(Number)
  expect(places.length === 3, `three places, not ${places.length}`)
  const type = (place, word) => app.fill(`[data-testid="check-word"][data-place="${place}"]`, word)
  for (const place of places) await type(place, words[place - 1])
  await type(places[1], 'zebra')
  await app.click('check-go')
  await app.appears('check-wrong')
  await shot('words-check-wrong')
  await type(places[1], words[places[1] - 1])
  await app.click('check-go')
  await app.appears('nav-home', 20_000)
  return words
}

/** With several people, somebody is chosen before anything is shown. */
export async function choosePerson(app, number) {
  await app.click(`[data-testid="person-choose"][data-number="${number}"]`)
  await app.appears(`[data-testid="acting"][data-number="${number}"]`, 20_000)
}

export async function addPersonAndSwitch(app, shot, name) {
  await app.click('nav-settings')
  await app.click('settings-people')
  await app.click('person-add')
  await app.fill('person-name', name)
  await app.click('person-add-go')
  await app.appears('[data-testid="person"][data-number="1"]', 20_000)
  await shot('people')
  await app.click('switch-person')
  await choosePerson(app, 1)
  expect((await app.text('acting')).includes(name), 'the new person stands at the head of the screen')
  await app.click('nav-records')
  await app.appears('records-import')
  expect(!(await app.exists('record-row')), 'a new person has no records')
  await shot('new-person')
  await app.click('switch-person')
  await choosePerson(app, 0)
}

export async function makeBackup(app, shot, path, phrase) {
  await app.click('nav-settings')
  await app.click('settings-backup')
  await app.fill('backup-path', path)
  await app.fill('backup-passphrase', phrase)
  await app.fill('backup-repeat', phrase)
  await app.click('backup-go')
  const done = await app.text('backup-done', 120_000)
  expect(done.includes(path), 'the screen says where the backup lies')
  await shot('backup')
}

/** On a device that never saw the booklet: the backup, its passphrase, a new one for here; then the record books. */
export async function restoreBackup(app, shot, path, theirs, phrase, several) {
  await app.appears('door-restore', 30_000)
  await app.click('door-restore')
  await app.fill('restore-path', path)
  await app.fill('restore-secret', theirs)
  await app.fill('restore-passphrase', phrase)
  await app.fill('restore-repeat', phrase)
  await shot('restore')
  await app.click('restore-go')
  await app.appears('restored', 180_000)
  await shot('restored')
  await app.click('restored-go')
  if (several) await choosePerson(app, 0)
  await app.appears('recovery-done', 60_000)
  await shot('recovery')
  await app.click('recovery-home')
  await app.appears('nav-records')
}

/** The passphrase is forgotten: the 24 words and a new one open the booklet. */
export async function forgotPassphrase(app, shot, words, phrase, several) {
  await app.appears('door-forgotten', 30_000)
  await app.click('door-forgotten')
  await app.fill('forgotten-words', words.join('  '))
  await app.fill('forgotten-passphrase', phrase)
  await app.fill('forgotten-repeat', phrase)
  await shot('forgotten')
  await app.click('forgotten-go')
  if (several) await choosePerson(app, 0)
  await app.appears('nav-home', 60_000)
}

export async function unlock(app, shot, phrase = passphrase, person = null) {
  await app.appears('unlock-passphrase', 30_000)
  await shot('unlock')
  await app.fill('unlock-passphrase', phrase)
  await app.click('unlock-go')
  if (person !== null) {
    await app.appears('person-choose', 60_000)
    await choosePerson(app, person)
  }
  await app.appears('nav-home', 60_000)
}

export async function takeRecordsIn(app, shot, file) {
  await app.click('nav-records')
  await shot('records-empty')
  await app.click('records-import')
  await app.upload('import-file', file)
  await app.appears('import-go', 30_000)
  await shot('import')
  await app.click('import-go')
  await app.appears('import-done', 60_000)
  await shot('imported')
}

export async function lookAtRecords(app, shot) {
  await app.click('nav-records')
  await app.appears('record-row', 20_000)
  await shot('records')
  await app.click('record-row')
  await app.appears('record-fields')
  await shot('record')
}

export async function readTheCode(app, shot, uri) {
  await app.click('nav-scan')
  await app.appears('scan-link')
  await shot('scan')
  await app.fill('scan-link', uri)
  await app.click('scan-go')
  await app.appears('decide-item', 30_000)
  await shot('decide')
}

/** Nothing is ticked; "what they need" ticks what is required; yes gives the four digits. */
export async function sayYes(app, shot) {
  await app.click('decide-needed')
  await shot('decide-needed')
  await app.click('decide-yes')
  const digits = (await app.text('summary-code', 60_000)).replace(/\D/g, '')
  expect(/^\d{4}$/.test(digits), `four digits on the summary, not "${digits}"`)
  await shot('summary')
  return digits
}

export async function seeWhoReads(app, shot) {
  await app.click('nav-consents')
  await app.appears('consent-card')
  await shot('consents')
  await app.click('consent-card')
  await app.click('consent-reads')
  const read = await app.text('read-row', 20_000)
  expect(read.trim() !== '', 'who read, and what')
  await shot('consent')
}

/** On the consent's page: its receipt as a page and signed; the signed one is then kept among the cards, and holds. */
export async function keepReceipt(app, shot, folder) {
  await app.click('receipt-open')
  await app.fill('receipt-path', join(folder, 'receipt.pdf'))
  await app.click('receipt-go')
  await app.appears('receipt-done')
  expect(readFileSync(join(folder, 'receipt.pdf')).subarray(0, 5).toString() === '%PDF-', 'a page to print')
  await app.click('[data-testid="receipt-format"][data-value="sd_jwt"] + span')
  await app.fill('receipt-path', join(folder, 'receipt.sd-jwt'))
  await app.click('receipt-go')
  await app.appears('receipt-done')
  await shot('receipt')
  const signed = readFileSync(join(folder, 'receipt.sd-jwt'), 'utf8').trim()
  rmSync(join(folder, 'receipt.sd-jwt'))
  rmSync(join(folder, 'receipt.pdf'))
  await app.click('nav-home')
  await app.click('home-cards')
  await app.click('card-add')
  await app.fill('card-text', signed)
  await app.click('card-go')
  await app.appears('[data-testid="card-done"][data-state="valid"]', 20_000)
  await app.click('card-row')
  await app.appears('[data-testid="card-state"][data-state="valid"]')
  await shot('card')
}

export async function takeItBack(app, shot) {
  await app.click('consent-revoke')
  await app.appears('consent-revoke-go')
  await shot('take-back')
  await app.click('consent-revoke-go')
  await app.appears('[data-testid="fact-receipt"][data-known="yes"]', 30_000)
  await shot('taken-back')
}

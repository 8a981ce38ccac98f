// The patient's side of the story, told once for every kind of window.
import { expect } from './processes.mjs'

export const passphrase = 'a lamp, two boats and the long road'
export const allergies = 'patient/AllergyIntolerance.rs'
export const labs = 'patient/Observation.rs?category=laboratory'
export const vitals = 'patient/Observation.rs?category=vital-signs'
export const everythingAsked = [
  { scope: allergies, required: true },
  { scope: 'patient/Condition.rs', required: true },
  { scope: vitals, required: false },
]

export async function makeVault(app, shot) {
  await app.appears('create-passphrase', 30_000)
  await shot('create')
  await app.fill('create-passphrase', passphrase)
  await app.fill('create-repeat', passphrase)
  await app.click('create-go')
  await app.appears('words-later', 60_000)
  await shot('words')
  await app.click('words-later')
  await app.appears('nav-home', 20_000)
}

export async function unlock(app, shot, phrase = passphrase) {
  await app.appears('unlock-passphrase', 30_000)
  await shot('unlock')
  await app.fill('unlock-passphrase', phrase)
  await app.click('unlock-go')
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

export async function takeItBack(app, shot) {
  await app.click('consent-revoke')
  await app.appears('consent-revoke-go')
  await shot('take-back')
  await app.click('consent-revoke-go')
  await app.appears('[data-testid="fact-receipt"][data-known="yes"]', 30_000)
  await shot('taken-back')
}

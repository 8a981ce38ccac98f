// The journey in the app's real window: WebKitGTK under a virtual display, the real station beside it, the desk through its API.
// `--screenshot FILE` stops at the question and writes the picture of it.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openWindow } from './lib/drivers.mjs'
import { Desk, Report, Stage, expect, program, project } from './lib/processes.mjs'
import {
  addPersonAndSwitch, backupPassphrase, copyWordsBack, everythingAsked, forgotPassphrase, freshPassphrase, keepReceipt, lookAtRecords, makeBackup, makeVault, passphrase, readTheCode,
  restoreBackup, sayYes, seeWhoReads, takeItBack, takeRecordsIn, unlock,
} from './lib/story.mjs'

const picture = process.argv.includes('--screenshot') ? process.argv.at(-1) : null
const stage = new Stage()
const report = new Report()
let app
try {
  const station = await stage.station()
  const desk = new Desk(station)
  // Where the webview keeps what it keeps: inside the journey's folder, so that it can be searched.
  const home = join(stage.folder, 'home')
  mkdirSync(home)
  const environment = {
    HOME: home, XDG_DATA_HOME: join(home, 'data'), XDG_CACHE_HOME: join(home, 'cache'), XDG_CONFIG_HOME: join(home, 'config'),
    CARNET_VAULT: join(stage.folder, 'wallet'), CARNET_TRUST: station.trust_list,
  }
  const application = program('carnet-app')
  const records = picture ? join(project, 'demo', 'maria.json') : stage.records()
  app = await openWindow(stage, application, environment)
  const shot = (name) => app.shot(`window-${name}`)

  let words
  await report.check('a vault is made in the window, its words checked', async () => {
    words = await makeVault(app, shot)
  })
  await report.check('records are taken in from a file', () => takeRecordsIn(app, shot, records))
  await report.check('records can be looked at', () => lookAtRecords(app, shot))
  const asked = await desk.ask(
    picture
      ? [
          { scope: 'patient/MedicationRequest.rs', required: true }, { scope: 'patient/AllergyIntolerance.rs', required: true },
          { scope: 'patient/Observation.rs?category=laboratory', required: false }, { scope: 'patient/DocumentReference.rs', required: false },
        ]
      : everythingAsked,
  )
  if (!picture) {
    await report.check('a hostile code is refused in words, and nothing is opened', async () => {
      await app.click('nav-scan')
      await app.fill('scan-link', asked.uri.replace(/x509_[a-z_]+%3A[^&]+/, 'x509_hash%3AQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE'))
      await app.click('scan-go')
      await app.appears('[data-testid="error"][data-code="request_client_not_listed"]')
      await shot('hostile-not-listed')
      await app.fill('scan-link', asked.uri.replace('request_uri=https', 'request_uri=http'))
      await app.click('scan-go')
      await app.appears('[data-testid="error"][data-code="link_bad_address"]')
      await shot('hostile-address')
    })
    await report.check('a link in another program opens its question in this window, and the second program ends', async () => {
      const other = await desk.ask(everythingAsked)
      const second = spawnSync(application, [other.uri], { env: { ...process.env, ...environment }, timeout: 20_000 })
      expect(second.status === 0, `the second program ended by itself, not ${second.status ?? second.signal}`)
      await app.appears('decide-item', 30_000)
      await shot('link-from-outside')
      await app.click('decide-no')
    })
  }
  await report.check('the question is shown, nothing ticked', () => readTheCode(app, shot, asked.uri))
  if (picture) {
    await app.click('decide-needed')
    await app.resize(1100, 900)
    await app.shot('readme')
    copyFileSync(join(stage.output, 'readme.png'), join(project, picture))
  } else {
    let digits
    await report.check('what is needed is granted and four digits appear', async () => {
      digits = await sayYes(app, shot)
      const { body } = await desk.call('GET', `/api/requests/${asked.id}`)
      expect(body.state === 'answered', `answered at the desk, not ${body.state}`)
    })
    let grant
    await report.check('nobody reads before the digits; with them the desk reads', async () => {
      grant = (await desk.call('GET', `/api/requests/${asked.id}`)).body.grant_id
      expect((await desk.call('GET', `/api/consents/${grant}/records`)).status === 403, '403 before the digits')
      expect((await desk.call('POST', `/api/requests/${asked.id}/confirm`, { code: digits })).status === 200, 'digits taken')
      const read = await desk.call('GET', `/api/consents/${grant}/records`)
      expect(read.status === 200 && read.body.entry.length > 4, 'the records')
      const kinds = new Set(read.body.entry.map((e) => e.resource.resourceType))
      expect(!kinds.has('Observation'), 'what was not ticked stayed home')
    })
    await report.check('the patient sees the consent and who read', () => seeWhoReads(app, shot))
    await report.check('the receipt is a page and a card, and the card holds', async () => {
      await keepReceipt(app, shot, stage.folder)
      await app.click('nav-consents')
      await app.click('consent-card')
    })
    await report.check('taken back: three facts, and the desk can not read any more', async () => {
      await takeItBack(app, shot)
      const denied = await desk.call('GET', `/api/consents/${grant}/records`)
      expect(denied.status === 403 && denied.body.error.code === 'revoked', '403 revoked')
    })
    await report.check('the 24 words can be seen again, by the passphrase', async () => {
      await app.click('nav-settings')
      await app.click('settings-words')
      await app.fill('settings-words-passphrase', passphrase)
      await app.click('settings-words-go')
      await app.appears('words-kept', 20_000)
      const again = await copyWordsBack(app, shot)
      expect(again.join() === words.join(), 'the same words in the same order')
    })
    await report.check('a second person is added and used; whose screen it is stands on top', () => addPersonAndSwitch(app, shot, 'Ana'))
    const backup = join(stage.folder, 'stick', 'booklet')
    mkdirSync(join(stage.folder, 'stick'))
    await report.check('a backup is made at a typed place', () => makeBackup(app, shot, backup, backupPassphrase))
    await report.check('locked, opened again by the passphrase, and asked for whom', async () => {
      await app.click('lock')
      await unlock(app, shot, passphrase, 0)
    })
    await report.check('the passphrase is forgotten: the words and a new one open it', async () => {
      await app.click('lock')
      await forgotPassphrase(app, shot, words, freshPassphrase, true)
      await app.click('lock')
      await unlock(app, shot, freshPassphrase, 0)
    })
    await app.close()
    app = null
    stage.endDrivers()
    await report.check('another device: the backup brings the records and both people back', async () => {
      app = await openWindow(stage, application, { ...environment, CARNET_VAULT: join(stage.folder, 'other-device') })
      const other = (name) => app.shot(`window-other-${name}`)
      await restoreBackup(app, other, backup, backupPassphrase, passphrase, true)
      await lookAtRecords(app, other)
      await app.click('switch-person')
      await app.appears('[data-testid="person-choose"][data-number="1"]')
    })
    await app.close()
    app = null
    await report.check('no file of the window holds a string of the records, a passphrase or the words', async () => {
      const { searchLeft } = await import('./lib/search.mjs')
      searchLeft(stage, records, words)
    })
  }
} catch (error) {
  if (report.failed === 0) {
    report.failed++
    console.log(`FAIL ${error.stack ?? error}`)
  }
  await app?.shot('window-failure').catch(() => {})
} finally {
  await app?.close().catch(() => {})
  stage.end()
}
process.exit(report.close())

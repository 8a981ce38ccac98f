// The journey in Chromium: the desk on the station's own page, the patient in the same wallet screens served by the bridge.
import { join } from 'node:path'
import { accessible, launchChromium, openPage } from './lib/drivers.mjs'
import { Report, Stage, expect, project } from './lib/processes.mjs'
import {
  addPersonAndSwitch, backupPassphrase, freshPassphrase, lookAtRecords, makeBackup, passphrase, readTheCode, restoreBackup, sayYes, seeWhoReads, takeItBack, takeRecordsIn, unlock,
} from './lib/story.mjs'

const stage = new Stage()
const report = new Report()
const sample = join(project, 'demo', 'maria.json')
const browser = await launchChromium()
const pages = {}

try {
  const station = await stage.station()
  const vault = join(stage.folder, 'wallet')
  stage.carnet(vault, station, ['init'], passphrase)
  const bridge = await stage.bridge(station, vault)

  const desk = (pages.desk = await openPage(stage, browser, station.staff_url, { viewport: { width: 1280, height: 900 } }))
  const deskShot = (name) => desk.shot(`station-${name}`)
  await report.check('the first administrator is made with the set-up secret', async () => {
    await desk.appears('setup-secret')
    await deskShot('setup')
    await desk.fill('setup-secret', station.secret)
    await desk.fill('setup-name', 'Ines Duarte')
    await desk.fill('setup-username', 'ines')
    await desk.fill('setup-password', 'queue of twelve, still calm')
    await desk.click('setup-go')
    await desk.appears('template-card')
    await deskShot('templates')
    await accessible(desk, 'New request')
  })

  const app = (pages.app = await openPage(stage, browser, bridge.url, { viewport: { width: 412, height: 860 } }))
  const shot = (name) => app.shot(`browser-${name}`)
  await report.check('the patient opens the vault and takes the sample records in', async () => {
    await unlock(app, shot)
    await accessible(app, 'Home')
    await takeRecordsIn(app, shot, sample)
    await lookAtRecords(app, shot)
    await accessible(app, 'Record')
  })

  let digits
  await report.check('the desk shows a code; the patient reads it and says yes', async () => {
    await desk.click('template-card')
    if (await desk.exists('request-start')) await desk.click('request-start')
    await desk.appears('qr')
    await deskShot('code')
    const uri = (await desk.content('request-uri')).trim()
    await readTheCode(app, shot, uri)
    await accessible(app, 'Decide')
    digits = await sayYes(app, shot)
  })
  await report.check('the answer arrives by itself; digits; the records', async () => {
    await desk.appears('code-input', 15_000)
    await deskShot('answered')
    await desk.fill('code-input', digits)
    await desk.click('code-confirm')
    // Staff compare name and birth date with the person who stands there.
    await desk.click('match-yes')
    await desk.appears('record-row', 20_000)
    await deskShot('records')
    await accessible(desk, 'Received records')
  })
  await report.check('the patient takes it back and the desk sees it end', async () => {
    await seeWhoReads(app, shot)
    await accessible(app, 'Consent')
    await takeItBack(app, shot)
    await desk.appears('access-ended', 15_000)
    await deskShot('ended')
    expect(!(await desk.exists('record-row')), 'no record stays on the desk')
  })
  const backup = join(stage.folder, 'booklet-backup')
  await report.check('a second person and a backup', async () => {
    await addPersonAndSwitch(app, shot, 'Ana')
    await accessible(app, 'Records')
    await makeBackup(app, shot, backup, backupPassphrase)
    await accessible(app, 'Backup')
  })
  await report.check('on another device the backup brings everything back', async () => {
    const second = await stage.bridge(station, join(stage.folder, 'other-wallet'))
    const other = (pages.other = await openPage(stage, browser, second.url, { viewport: { width: 412, height: 860 } }))
    const otherShot = (name) => other.shot(`browser-other-${name}`)
    await restoreBackup(other, otherShot, backup, backupPassphrase, freshPassphrase, true)
    await lookAtRecords(other, otherShot)
    expect(other.complaints.filter((c) => !/401|403|409|favicon/.test(c)).length === 0, `no complaint, but: ${other.complaints.join('\n')}`)
  })
  await report.check('neither page complained', async () => {
    const complaints = [...app.complaints, ...desk.complaints].filter((c) => !/401|403|409|favicon/.test(c))
    expect(complaints.length === 0, `no complaint, but: ${complaints.join('\n')}`)
  })
} catch (error) {
  if (report.failed === 0) {
    report.failed++
    console.log(`FAIL ${error.stack ?? error}`)
  }
  for (const [name, view] of Object.entries(pages)) await view.shot(`${name}-failure`).catch(() => {})
} finally {
  await browser.close()
  stage.end()
}
process.exit(report.close())

// Cards and codes in Chromium, all of it real: the station issues a card from its page, the wallet takes it by offer and PIN, reads the
// desk's code with its camera and shows the card; then the other way round, the wallet shows a code and the desk scans it.
import { join } from 'node:path'
import { browserThatSees } from './lib/camera.mjs'
import { accessible, launchChromium, openPage } from './lib/drivers.mjs'
import { Report, Stage, expect, project } from './lib/processes.mjs'
import { passphrase, sayYes, takeRecordsIn, unlock } from './lib/story.mjs'

const stage = new Stage()
const report = new Report()
const browsers = [await launchChromium()]
const pages = {}
const small = { viewport: { width: 412, height: 860 } }

/** A browser whose camera sees this picture (a PNG), ended with the others. */
async function seesThis(png, name) {
  const browser = await browserThatSees(stage, png, name)
  browsers.push(browser)
  return browser
}

try {
  const station = await stage.station('Northgate Clinic', 'clinic,issuer')
  const vault = join(stage.folder, 'wallet')
  stage.carnet(vault, station, ['init'], passphrase)
  const bridge = await stage.bridge(station, vault)
  const desk = (pages.desk = await openPage(stage, browsers[0], station.staff_url, { viewport: { width: 1280, height: 900 } }))
  const app = (pages.app = await openPage(stage, browsers[0], bridge.url, small))
  const deskShot = (name) => desk.shot(`cards-station-${name}`)
  const shot = (name) => app.shot(`cards-${name}`)

  let offer
  await report.check('the insurer issues a card from its page: picked, typed, looked over, shown with a PIN', async () => {
    await desk.fill('setup-secret', station.secret)
    await desk.fill('setup-name', 'Ines Duarte')
    await desk.fill('setup-username', 'ines')
    await desk.fill('setup-password', 'queue of twelve, still calm')
    await desk.click('setup-go')
    await desk.click('nav-issue')
    await desk.appears('card-template')
    await deskShot('issue')
    await accessible(desk, 'Issue')
    await desk.click('[data-testid="card-template"][data-template="insurance"]')
    for (const [name, value] of Object.entries({ insurer: 'Sunrise Insurance', plan: 'Family', member_number: 'S-4711', valid_until: '2027-06-30' }))
      await desk.fill(`[data-testid="issue-field"][data-name="${name}"]`, value)
    await deskShot('issue-typed')
    await desk.click('issue-look-go')
    await desk.appears('issue-look')
    await deskShot('issue-look')
    await desk.click('issue-go')
    await desk.appears('qr')
    expect(!(await desk.exists('offer-pin')), 'the PIN is not beside the code until it is asked for')
    await desk.click('offer-pin-show')
    await deskShot('offer')
    await accessible(desk, 'Offer')
    offer = { uri: (await desk.content('offer-uri')).trim(), pin: (await desk.attributes('offer-pin', 'data-pin'))[0] }
    expect(/^\d{6}$/.test(offer.pin), `six digits, not ${offer.pin}`)
  })
  await report.check('the patient sees who offers, types the PIN and holds the card', async () => {
    await unlock(app, shot)
    await app.click('nav-scan')
    await app.fill('scan-link', offer.uri)
    await app.click('scan-go')
    await app.appears('offer-yes')
    expect(!(await app.exists('offer-pin')), 'no PIN before it is known who offers')
    expect((await app.page_text()).includes('Northgate Clinic'), 'the issuer by its name')
    await shot('offer')
    await accessible(app, 'Card offer')
    await app.click('offer-yes')
    await app.fill('offer-pin', offer.pin === '000000' ? '111111' : '000000')
    await app.click('offer-pin-go')
    await app.appears('error', 20_000)
    await shot('offer-wrong-pin')
    await app.fill('offer-pin', offer.pin)
    await app.click('offer-pin-go')
    await app.appears('offer-done', 60_000)
    await shot('offer-done')
    await desk.appears('[data-testid="offer-state"][data-state="accepted"]', 20_000)
    await deskShot('offer-accepted')
  })
  await report.check('the card says what it proves and how many copies there are', async () => {
    await app.click('offer-card-done')
    await app.appears('card-state')
    const text = await app.page_text()
    expect(text.includes('S-4711') && text.includes('Family'), 'what it says')
    await shot('card')
    await accessible(app, 'Card')
  })

  let seeing
  await report.check('the desk asks for the card; the camera of the wallet reads the code', async () => {
    await desk.click('nav-new')
    await desk.click('[data-testid="template-card"][data-template="insurance-card"]')
    await desk.click('request-start')
    await desk.appears('qr')
    await deskShot('asks-for-card')
    const png = await desk.page.locator('[data-testid="qr"]').first().screenshot()
    const camera = await seesThis(png, 'desk')
    seeing = pages.seeing = await openPage(stage, camera, bridge.url, { ...small, permissions: ['camera'] })
    await seeing.click('nav-scan')
    await seeing.click('camera-start')
    await seeing.appears('decide-card', 30_000)
    await seeing.shot('cards-decide')
    await accessible(seeing, 'Decide with a card')
  })
  await report.check('nothing is chosen beforehand; the card is shown once; the desk sees it after the digits', async () => {
    expect((await seeing.page.locator('input:checked').count()) === 0 || (await seeing.exists('decide-card-no')), 'nothing chosen')
    await seeing.page.locator('[data-testid="decide-card-option"]').first().check({ force: true })
    await seeing.shot('cards-decide-chosen')
    await seeing.click('decide-yes')
    const digits = (await seeing.text('summary-code', 60_000)).replace(/\D/g, '')
    await seeing.shot('cards-summary')
    await desk.appears('code-input', 15_000)
    expect(!(await desk.page_text()).includes('S-4711'), 'nothing of the card before the digits')
    await desk.fill('code-input', digits)
    await desk.click('code-confirm')
    await desk.appears('card-shown', 15_000)
    expect((await desk.page_text()).includes('S-4711'), 'the member number')
    await deskShot('card-shown')
    await accessible(desk, 'Card shown')
    await desk.click('cards-done')
  })

  await report.check('the other way round: the patient shows a code, the desk scans it and asks', async () => {
    await takeRecordsIn(app, shot, join(project, 'demo', 'maria.json'))
    await app.click('nav-scan')
    await app.click('scan-show')
    await app.click('show-party')
    await app.appears('shown-code')
    await shot('show-code')
    await accessible(app, 'Show a code')
    const code = (await app.content('shown-uri')).trim()
    await desk.click('nav-scan')
    await desk.appears('scan-text')
    await deskShot('scan')
    await accessible(desk, 'Scan')
    await desk.fill('scan-text', code)
    await desk.click('scan-go')
    await desk.appears('offer-scanned')
    await desk.click('[data-testid="template-card"][data-template="first-visit"]')
    await deskShot('scan-answer')
    await desk.click('answer-send')
    await app.appears('decide-item', 30_000)
    await shot('decide-after-show')
    const digits = await sayYes(app, shot)
    await desk.appears('code-input', 15_000)
    await desk.fill('code-input', digits)
    await desk.click('code-confirm')
    await desk.click('match-yes')
    await desk.appears('record-row', 20_000)
  })
  await report.check('a pass on the phone opens the right consent at the desk, read by the desk’s camera', async () => {
    await app.click('nav-consents')
    await app.click('consent-card')
    await app.click('consent-pass')
    await app.appears('shown-code')
    await shot('pass')
    const png = await app.page.locator('[data-testid="shown-code"]').first().screenshot()
    const camera = await seesThis(png, 'pass')
    const scanning = (pages.scanning = await openPage(stage, camera, station.staff_url, { viewport: { width: 1280, height: 900 }, permissions: ['camera'] }))
    await scanning.fill('signin-username', 'ines')
    await scanning.fill('signin-password', 'queue of twelve, still calm')
    await scanning.click('signin-go')
    await scanning.click('nav-scan')
    await scanning.click('camera-start')
    await scanning.appears('consent-state', 30_000).catch(async () => scanning.appears('record-row', 5000))
    await scanning.shot('cards-station-pass')
  })
  await report.check('no page complained', async () => {
    // The browser reports each refusal that was meant to come, such as that of the wrong PIN.
    const all = Object.values(pages).flatMap((page) => page.complaints)
    const complaints = all.filter((c) => !/400|401|403|404|409|410|422|favicon/.test(c))
    expect(complaints.length === 0, `no complaint, but: ${complaints.join('\n')}`)
  })
} catch (error) {
  if (report.failed === 0) {
    report.failed++
    console.log(`FAIL ${error.stack ?? error}`)
  }
  for (const [name, view] of Object.entries(pages)) await view.shot(`cards-${name}-failure`).catch(() => {})
} finally {
  for (const browser of browsers) await browser.close()
  stage.end()
}
process.exit(report.close())

// The counter in Chromium, all of it real: an issuer gives a proof of age, the pharmacy asks "65 or older", the wallet shows it over the
// network; then both pages are cut off from everything but themselves, and the same goes by two pictures and two cameras.
import { browserThatSees } from './lib/camera.mjs'
import { accessible, launchChromium, openPage } from './lib/drivers.mjs'
import { Report, Stage, expect } from './lib/processes.mjs'
import { passphrase, unlock } from './lib/story.mjs'
import { join } from 'node:path'

const stage = new Stage()
const report = new Report()
const browsers = [await launchChromium()]
const pages = {}
const small = { viewport: { width: 412, height: 860 } }
const wide = { viewport: { width: 1280, height: 900 } }
const password = 'queue of twelve, still calm'
/** The value behind every proof here; it never leaves the wallet. */
const born = { date: '1952-03-05', told: /1952|5 March/ }

try {
  const station = await stage.station('Harbour Pharmacy', 'issuer,pharmacy')
  const vault = join(stage.folder, 'wallet')
  stage.carnet(vault, station, ['init'], passphrase)
  const bridge = await stage.bridge(station, vault)
  const desk = (pages.desk = await openPage(stage, browsers[0], station.staff_url, wide))
  const app = (pages.app = await openPage(stage, browsers[0], bridge.url, small))
  const deskShot = (name) => desk.shot(`counter-station-${name}`)
  const shot = (name) => app.shot(`counter-${name}`)

  /** Asks "so many years or older" over the network. Returns the link behind the code. */
  const ask = async (years) => {
    await desk.click('nav-check')
    await desk.page.locator('[data-testid="statement-card"][data-statement="age-at-least"] input').check({ force: true })
    await desk.fill('[data-testid="statement-field"][data-name="years"]', String(years))
    await desk.click('check-start')
    await desk.appears('qr')
    return (await desk.content('request-uri')).trim()
  }
  const open = async (view, text) => {
    await view.click('nav-scan')
    await view.fill('scan-link', text)
    await view.click('scan-go')
  }
  /** Waits for what the desk shows; nothing of the value may be there. */
  const comes = async (view, result) => {
    await view.appears(`[data-testid="check-result"][data-result="${result}"]`, 20_000)
    expect(!born.told.test(await view.page_text()), 'the date of birth is nowhere on the station’s page')
  }
  const digitsOf = async (view, id) => (await view.attributes(id, 'data-code'))[0]

  await report.check('the issuer gives a proof of age: what is typed is kept for fresh copies, and the page says so', async () => {
    await desk.fill('setup-secret', station.secret)
    await desk.fill('setup-name', 'Ines Duarte')
    await desk.fill('setup-username', 'ines')
    await desk.fill('setup-password', password)
    await desk.click('setup-go')
    await desk.appears('nav-check')
    for (const records of ['nav-new', 'nav-consents', 'nav-reads']) expect(!(await desk.exists(records)), `a pharmacy has no ${records}`)
    await desk.click('nav-issue')
    await desk.click('[data-testid="card-template"][data-template="proof-of-age"]')
    await desk.fill('[data-testid="issue-field"][data-name="birth_date"]', born.date)
    await desk.click('issue-look-go')
    expect((await desk.text('issue-means')).includes('kept sealed here'), 'that what was typed is kept')
    await deskShot('issue')
    await desk.click('issue-go')
    await desk.appears('qr')
    await desk.click('offer-pin-show')
    const [uri, pin] = [(await desk.content('offer-uri')).trim(), (await desk.attributes('offer-pin', 'data-pin'))[0]]
    await unlock(app, shot)
    await open(app, uri)
    await app.appears('offer-proves', 30_000)
    await shot('offer')
    await app.click('offer-yes')
    await app.fill('offer-pin', pin)
    await app.click('offer-pin-go')
    await app.appears('offer-done', 60_000)
    await desk.appears('[data-testid="offer-state"][data-state="accepted"]', 20_000)
  })
  await report.check('the card says what it is for, how many copies there are, and hides what it says', async () => {
    await app.click('offer-card-done')
    await app.appears('card-proves')
    expect(!born.told.test(await app.page_text()), 'nobody reads it over a shoulder')
    expect((await app.page_text()).includes('20 copies'), 'twenty copies')
    await shot('card')
    await accessible(app, 'Card that proves')
    await app.click('card-own-show')
    expect(born.told.test(await app.text('card-own')), 'its holder can look')
  })

  await report.check('over the network: what they learn stands apart from what only the patient sees; YES with the same digits', async () => {
    const uri = await ask(65)
    await deskShot('waiting')
    await accessible(desk, 'Check, waiting')
    await open(app, uri)
    await app.appears('[data-testid="statement"][data-standing="ready"]', 30_000)
    expect((await app.text('statement-says')).startsWith('65 or older on '), 'what is asked')
    expect(!born.told.test(await app.text('statement-learns')), 'they do not learn the date')
    expect(born.told.test(await app.text('statement-own')), 'the patient sees it')
    await shot('prove')
    await accessible(app, 'Prove')
    await desk.appears('[data-testid="session-state"][data-state="opened"]', 15_000)
    await app.click('prove-yes')
    await app.appears('proved-code', 60_000)
    await shot('proved')
    await accessible(app, 'Proved')
    await comes(desk, 'yes')
    expect((await digitsOf(desk, 'check-digits')) === (await digitsOf(app, 'proved-code')), 'the same four digits on both screens')
    expect((await desk.text('check-result')).includes('Harbour Pharmacy'), 'who issued it')
    await deskShot('yes')
    await accessible(desk, 'Check, yes')
  })
  await report.check('not so, and not wanting to: the desk sees one and the same, and that it is no “no”', async () => {
    await open(app, await ask(90))
    await app.appears('[data-testid="statement"][data-standing="not_so"]', 30_000)
    expect(await app.page.locator('[data-testid="prove-yes"]').isDisabled(), 'what is not so can’t be shown')
    await shot('not-so')
    await app.click('prove-no')
    await app.appears('not-shown', 30_000)
    await comes(desk, 'not_shown')
    const first = await desk.text('check-what-next')
    await deskShot('not-shown')
    await accessible(desk, 'Check, not shown')
    await open(app, await ask(65))
    await app.appears('[data-testid="statement"][data-standing="ready"]', 30_000)
    await app.click('prove-no')
    await app.appears('not-shown', 30_000)
    await comes(desk, 'not_shown')
    expect((await desk.text('check-what-next')) === first, 'both look the same')
  })

  // From here on nothing but the two pages themselves can be reached by any browser.
  const own = [station.staff_url, bridge.url].map((url) => new URL(url).host)
  const strangers = []
  const cableOut = (view) =>
    view.page.context().route('**/*', (route) => {
      const { host, protocol } = new URL(route.request().url())
      if (own.includes(host) || ['data:', 'blob:'].includes(protocol)) return route.continue()
      strangers.push(route.request().url())
      return route.abort()
    })
  /** A page in a browser whose camera sees this element of another page. */
  const seeing = async (view, id, url, options, side) => {
    const png = await view.page.locator(`[data-testid="${id}"]`).first().screenshot()
    const browser = await browserThatSees(stage, png, `${id}-${browsers.length}`, side)
    browsers.push(browser)
    const page = await openPage(stage, browser, url, { ...options, permissions: ['camera'] })
    await cableOut(page)
    return page
  }

  let answer
  await report.check('with the cable out: the wallet’s camera reads the counter’s picture, and shows a picture in return', async () => {
    await cableOut(desk)
    await cableOut(app)
    await desk.click('nav-check')
    await desk.appears('statement-card')
    expect((await desk.attributes('statement-card', 'data-statement'))[0] === 'age-at-least', 'the last question stands first')
    await desk.click('check-offline')
    await desk.appears('challenge-link')
    await deskShot('challenge')
    await accessible(desk, 'Counter')
    const phone = (pages.phone = await seeing(desk, 'qr', bridge.url, { ...small, deviceScaleFactor: 2 }, 880))
    await phone.click('nav-scan')
    await phone.click('camera-start')
    await phone.appears('challenge-list', 30_000)
    expect(born.told.test(await phone.text('statement-own')), 'the patient sees what it is about')
    await phone.shot('counter-challenge')
    await accessible(phone, 'Challenge')
    await phone.click('prove-yes')
    await phone.appears('counter-code', 30_000)
    await phone.shot('counter-answer')
    await accessible(phone, 'Answer for the counter')
    answer = { digits: await digitsOf(phone, 'counter-digits'), text: (await phone.content('counter-uri')).trim() }
    expect(answer.text.startsWith('CARNET:A1/'), 'the answer as text too')
    await phone.click('counter-bigger')
    await phone.appears('counter-code-large')
    await phone.shot('counter-answer-large')
  })
  await report.check('the desk’s camera reads the wallet’s picture: YES, with the same digits, the issuer and the age of the list', async () => {
    const id = new URL(desk.page.url()).hash
    const reader = (pages.reader = await seeing(pages.phone, 'counter-code-large', station.staff_url, wide, 900))
    await reader.fill('signin-username', 'ines')
    await reader.fill('signin-password', password)
    await reader.click('signin-go')
    await reader.appears('nav-check')
    await reader.page.evaluate((to) => (location.hash = to), id)
    await reader.click('camera-start')
    await comes(reader, 'yes')
    expect((await digitsOf(reader, 'check-digits')) === answer.digits, 'the same four digits on both screens')
    await reader.appears('check-list')
    await reader.shot('counter-station-offline-yes')
    await accessible(reader, 'Counter, yes')
    await pages.phone.click('counter-smaller')
    await pages.phone.click('counter-done')
    await pages.phone.appears('nav-home')
  })
  await report.check('the next patient is one key away; yesterday’s answer is no answer today, and does not close the question', async () => {
    await desk.click('nav-check')
    await desk.click('check-offline')
    await desk.appears('challenge-link')
    const challenge = (await desk.content('challenge-text')).trim()
    expect(challenge.startsWith('carnet:check'), 'the picture as text')
    await desk.fill('scan-text', answer.text)
    await desk.click('scan-go')
    const refused = desk.page.locator('[data-testid="error"], [data-testid="check-result"][data-result="cannot_check"]').first()
    await refused.waitFor({ timeout: 15_000 })
    expect(!(await desk.exists('[data-testid="check-result"][data-result="yes"]')), 'an answer to another question is no yes')
    await deskShot('cannot-check')
    if (await desk.exists('check-reread')) await desk.click('check-reread')
    await open(app, challenge)
    await app.appears('challenge-list', 15_000)
    await app.click('prove-yes')
    await app.appears('counter-code', 30_000)
    await app.click('counter-unread')
    await shot('answer-as-text')
    const [digits, text] = [await digitsOf(app, 'counter-digits'), (await app.content('counter-uri')).trim()]
    await desk.fill('scan-text', text)
    await desk.click('scan-go')
    await comes(desk, 'yes')
    expect((await digitsOf(desk, 'check-digits')) === digits, 'the same four digits on both screens')
    await app.click('counter-done')
    await desk.page.waitForFunction(() => document.activeElement?.getAttribute('data-testid') === 'check-next')
    await desk.page.waitForTimeout(700)
    await desk.page.keyboard.press('Enter')
    await desk.appears('scan-text')
  })
  await report.check('no page asked anybody but its own program', async () => {
    expect(strangers.length === 0, `nobody else, but: ${strangers.join(', ')}`)
  })
  await report.check('who asks with other limits is seen doing so, and from the third on has to wait', async () => {
    await open(app, await ask(60))
    await app.appears('statement-asked-before', 30_000)
    await shot('asked-before')
    await app.click('prove-yes')
    await app.appears('proved-code', 60_000)
    await comes(desk, 'yes')
    await open(app, await ask(55))
    await app.appears('statement-wait', 30_000)
    expect(await app.page.locator('[data-testid="prove-yes"]').isDisabled(), 'it waits')
    await shot('wait')
    await app.click('prove-no')
    await app.appears('not-shown', 30_000)
    await comes(desk, 'not_shown')
  })
  await report.check('the patient’s log names the statements and never the value', async () => {
    await app.click('nav-activity')
    await app.page.getByText('65 or older').first().waitFor({ timeout: 15_000 })
    expect(!born.told.test(await app.page_text()), 'no value in the log')
    await shot('activity')
  })
  await report.check('no page complained', async () => {
    // The browser reports each refusal that was meant to come, such as that of the answer to another question.
    const all = Object.values(pages).flatMap((page) => page.complaints)
    const complaints = all.filter((c) => !/400|401|403|404|409|410|422|favicon/.test(c))
    expect(complaints.length === 0, `no complaint, but: ${complaints.join('\n')}`)
  })
} catch (error) {
  if (report.failed === 0) {
    report.failed++
    console.log(`FAIL ${error.stack ?? error}`)
  }
  for (const [name, view] of Object.entries(pages)) await view.shot(`counter-${name}-failure`).catch(() => {})
} finally {
  for (const browser of browsers) await browser.close()
  stage.end()
}
process.exit(report.close())

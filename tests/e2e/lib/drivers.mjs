// One small language for a page, spoken to the real window (WebDriver) and to Chromium (Playwright), so that the story is told once.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { remote } from 'webdriverio'
import { chromium } from 'playwright-core'
import { join } from 'node:path'
import { expect, pause } from './processes.mjs'

const selector = (id) => (id.startsWith('[') || id.startsWith('.') ? id : `[data-testid="${id}"]`)

/** The app's own window, through WebKitWebDriver. */
export async function openWindow(stage, application, environment) {
  const port = 4444
  const driver = stage.spawn('WebKitWebDriver', [`--port=${port}`], {
    env: { ...process.env, ...environment, TAURI_WEBVIEW_AUTOMATION: 'true' },
  })
  driver.stdout.resume()
  driver.stderr.resume()
  await pause(500)
  const browser = await remote({
    hostname: '127.0.0.1',
    port,
    logLevel: 'error',
    connectionRetryCount: 1,
    connectionRetryTimeout: 60_000,
    capabilities: { 'wdio:enforceWebDriverClassic': true, 'webkitgtk:browserOptions': { binary: application, args: [] } },
  })
  const find = async (id, timeout = 15_000) => {
    const element = await browser.$(selector(id))
    await element.waitForDisplayed({ timeout, timeoutMsg: `${id} did not appear` })
    return element
  }
  /**
   * Into sight at once, and at rest. WebDriver computes where to press and only then presses: what still glides (the wheel scrolls
   * smoothly here, a foot that sticks to the edge follows) is missed, or pressed here and let go there, which is no click.
   */
  const settle = async (element) => {
    await browser.execute((one) => one.scrollIntoView({ block: 'center', behavior: 'instant' }), element)
    const place = () =>
      browser.execute((one) => {
        const { x, y, width, height } = one.getBoundingClientRect()
        return [x, y, width, height].map(Math.round).join(' ')
      }, element)
    let last = await place()
    await browser.waitUntil(
      async () => {
        await pause(60)
        const now = await place()
        const still = now === last
        last = now
        return still
      },
      { timeout: 10_000, interval: 10, timeoutMsg: 'it never stood still' },
    )
  }
  return {
    /** Pressed again only when the page never heard of it: a click that was heard and did nothing is the app's own fault. */
    click: async (id) => {
      for (let round = 1; ; round += 1) {
        const element = await find(id)
        await element.waitForEnabled({ timeout: 15_000 })
        await settle(element)
        await browser.execute((one) => {
          window.carnetHeard = false
          one.addEventListener('click', () => (window.carnetHeard = true), { capture: true, once: true })
        }, element)
        await element.click()
        if ((await browser.execute(() => window.carnetHeard)) !== false) return
        if (round === 3) throw new Error(`${id}: three clicks never reached it`)
        console.log(`      (a click on ${id} was lost on its way, once more)`)
      }
    },
    /** What was typed is read back: keys sent while the window was busy elsewhere fall on nothing. */
    fill: async (id, text) => {
      for (let round = 1; ; round += 1) {
        const element = await find(id)
        await settle(element)
        await element.setValue(text)
        const typed = async () => (await element.getValue()) === text
        if (await browser.waitUntil(typed, { timeout: 5000, interval: 50 }).catch(() => false)) return
        if (round === 3) throw new Error(`${id}: it does not hold what was typed`)
        console.log(`      (what was typed into ${id} was lost on its way, once more)`)
      }
    },
    upload: async (id, file) => {
      const element = await browser.$(selector(id))
      await element.waitForExist({ timeout: 15_000 })
      await element.addValue(file)
    },
    text: async (id, timeout) => (await find(id, timeout)).getText(),
    appears: (id, timeout) => find(id, timeout),
    exists: async (id) => (await browser.$(selector(id))).isExisting(),
    count: async (id) => (await browser.$$(selector(id))).length,
    texts: async (id) => browser.$$(selector(id)).map((element) => element.getText()),
    attributes: async (id, name) => browser.$$(selector(id)).map((element) => element.getAttribute(name)),
    page: async () => (await browser.$('body')).getText(),
    shot: async (name) => {
      await pause(250)
      await browser.saveScreenshot(join(stage.output, `${name}.png`))
    },
    resize: (width, height) => browser.setWindowSize(width, height),
    close: () => browser.deleteSession(),
  }
}

export const chromiumFlags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

export const launchChromium = (args = chromiumFlags) => chromium.launch({ executablePath: '/usr/bin/chromium', args })

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** No serious accessibility violation on a page in Chromium as it stands. */
export async function accessible(view, name) {
  await view.page.evaluate(axeSource)
  const { violations } = await view.page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }))
  const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact))
  expect(serious.length === 0, `${name} is accessible, but: ${serious.map((v) => `${v.id} (${v.nodes[0].html})`).join('; ')}`)
}

/** A page in Chromium. */
export async function openPage(stage, browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options })
  const page = await context.newPage()
  const complaints = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && complaints.push(`${message.text()} ${message.location().url}`))
  await page.goto(url)
  const find = (id) => page.locator(selector(id)).first()
  return {
    page,
    complaints,
    click: (id) => find(id).click({ timeout: 15_000 }),
    fill: (id, text) => find(id).fill(text, { timeout: 15_000 }),
    upload: (id, file) => find(id).setInputFiles(file, { timeout: 15_000 }),
    text: async (id, timeout = 15_000) => {
      await find(id).waitFor({ timeout })
      return find(id).innerText()
    },
    /** The text of an element that need not be visible, such as what is behind a "Copy" button. */
    content: (id) => find(id).textContent({ timeout: 15_000 }),
    appears: (id, timeout = 15_000) => find(id).waitFor({ timeout }),
    exists: async (id) => (await page.locator(selector(id)).count()) > 0,
    count: (id) => page.locator(selector(id)).count(),
    texts: (id) => page.locator(selector(id)).allInnerTexts(),
    attributes: (id, name) => page.locator(selector(id)).evaluateAll((all, name) => all.map((one) => one.getAttribute(name)), name),
    page_text: () => page.locator('body').innerText(),
    shot: async (name) => {
      await pause(250)
      await page.screenshot({ path: join(stage.output, `${name}.png`) })
    },
    resize: (width, height) => page.setViewportSize({ width, height }),
    close: () => context.close(),
  }
}

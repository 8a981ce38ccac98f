// One small language for a page, spoken to the real window (WebDriver) and to Chromium (Playwright), so that the story is told once.
import { remote } from 'webdriverio'
import { chromium } from 'playwright-core'
import { join } from 'node:path'
import { pause } from './processes.mjs'

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
  return {
    click: async (id) => {
      const element = await find(id)
      await element.waitForEnabled({ timeout: 15_000 })
      await element.scrollIntoView()
      await element.click()
    },
    fill: async (id, text) => {
      const element = await find(id)
      await element.scrollIntoView({ block: 'center' })
      await element.setValue(text)
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

export const launchChromium = () => chromium.launch({ executablePath: '/usr/bin/chromium', args: chromiumFlags })

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

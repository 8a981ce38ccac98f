// The window's own figures: start to unlock screen beside a blank Tauri window, and the memory of the wallet's process at rest.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openWindow } from './lib/drivers.mjs'
import { Stage, pause, program, project } from './lib/processes.mjs'
import { passphrase } from './lib/story.mjs'

const status = (pid, field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
const processes = (name) =>
  readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && (() => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name.slice(0, 15)
    } catch {
      return false
    }
  })())
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const stage = new Stage()
try {
  const station = await stage.station()
  const vault = join(stage.folder, 'wallet')
  stage.carnet(vault, station, ['init'], passphrase)
  stage.carnet(vault, station, ['records', 'import', join(project, 'demo', 'maria.json')], passphrase)
  const environment = { CARNET_VAULT: vault, CARNET_TRUST: station.trust_list, XDG_DATA_HOME: join(stage.folder, 'data'), XDG_CACHE_HOME: join(stage.folder, 'cache') }
  const times = { blank: [], app: [] }
  for (let run = 0; run < 7; run++) {
    for (const [name, application, ready] of [['blank', program(join('examples', 'blank')), 'blank'], ['app', program('carnet-app'), 'unlock-passphrase']]) {
      const begun = performance.now()
      const window = await openWindow(stage, application, environment)
      await window.appears(ready)
      times[name].push(performance.now() - begun - 500) // the driver's own half second
      if (name === 'app' && run === 6) {
        await window.fill('unlock-passphrase', passphrase)
        await window.click('unlock-go')
        await window.appears('nav-home', 60_000)
        await pause(4000)
        const pid = processes('carnet-app')[0]
        const web = processes('WebKitWebProcess').reduce((sum, p) => sum + status(p, 'VmRSS'), 0)
        console.log(`wallet's process at rest, unlocked: ${status(pid, 'RssAnon').toFixed(0)} MB its own (target ≤ 100), ${status(pid, 'VmRSS').toFixed(0)} MB with shared libraries; peak with the KDF ${status(pid, 'VmHWM').toFixed(0)} MB; webview processes ${web.toFixed(0)} MB`)
      }
      await window.close()
      stage.endDrivers()
      await pause(300)
    }
  }
  const [app, blank] = [median(times.app), median(times.blank)]
  console.log(`start → unlock screen: ${app.toFixed(0)} ms, a blank Tauri window ${blank.toFixed(0)} ms, ratio ${(app / blank).toFixed(2)} (target ≤ 1.3)`)
} finally {
  stage.end()
}

// `make run`: a clinic's station and the patient's wallet on this machine, so that the whole journey can be tried.
// With a display the app opens in its own window; without one the same wallet is served to a browser on loopback, as a demo.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build, buildPages, firstLine, project, run, start } from './lib/build.mjs'

const folder = process.env.CARNET_RUN ?? join(project, '.carnet-run')
const display = Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)
const sample = join(project, 'demo', 'maria.json')
const demoPassphrase = 'sample data only, please'
mkdirSync(folder, { recursive: true, mode: 0o700 })

await buildPages()
await build('about 12 minutes the first time on two cores')

const children = []
const stop = (code) => {
  for (const child of children) child.kill('SIGTERM')
  process.exit(code)
}
process.on('SIGINT', () => stop(0))
process.on('SIGTERM', () => stop(0))

const station = start('carnet-station', ['serve', '--data', join(folder, 'station'), '--name', 'Northgate Clinic'], {
  stdio: ['ignore', 'pipe', 'pipe'],
})
children.push(station)
let secret = null
station.stderr.setEncoding('utf8')
station.stderr.on('data', (text) => {
  secret ??= /set-up secret\D*?:\s*(\S+)/i.exec(text)?.[1] ?? null
  process.stderr.write(text)
})
const at = await firstLine(station).catch((error) => {
  console.error(`The station did not start: ${error.message}.`)
  stop(1)
})
station.once('exit', (code) => {
  console.error(`The station ended (${code}).`)
  stop(1)
})

console.log(`
The clinic's page   ${at.staff_url}
${secret ? `  first time: set-up secret ${secret}, then choose a name and a password` : '  sign in with the name and password you chose'}
Everything is kept in ${folder}; delete that folder to begin anew.`)

if (display) {
  console.log(`
The wallet opens in its own window. Choose a passphrase, then import the sample records:
  ${sample}
On the clinic's page pick a template; in the wallet, Scan → paste the link (or drop the picture of the code).
Close the window to end.`)
  spawn('xdg-open', [at.staff_url], { stdio: 'ignore' }).once('error', () => {})
  const code = await run('carnet-app', [], {
    env: { ...process.env, CARNET_VAULT: join(folder, 'wallet'), CARNET_TRUST: at.trust_list },
  })
  stop(code)
} else {
  const vault = join(folder, 'demo-wallet')
  const wallet = (args) =>
    spawnSync(join(process.env.CARGO_TARGET_DIR ?? join(project, 'target'), 'debug', 'carnet'), ['--vault', vault, '--json', '--trust', at.trust_list, ...args], {
      env: { ...process.env, CARNET_PASSPHRASE: demoPassphrase },
      encoding: 'utf8',
    })
  if (!existsSync(vault)) {
    for (const args of [['init'], ['records', 'import', sample]]) {
      const done = wallet(args)
      if (done.status !== 0) {
        console.error(`The demo wallet could not be prepared: ${done.stderr}`)
        stop(1)
      }
    }
  }
  const bridge = start(join('examples', 'bridge'), ['--vault', vault, '--trust', at.trust_list, '--demo', join(project, 'ui', 'dist', 'bridge')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(bridge)
  const page = await firstLine(bridge).catch((error) => {
    console.error(`The demo wallet did not start: ${error.message}.`)
    stop(1)
  })
  console.log(`
No display here, so the wallet is served to a browser on this machine only. This is a demo with sample data:
a browser is not a safe place for real records.
The wallet          ${page.url}
  passphrase: ${demoPassphrase}
Ctrl-C ends both.`)
  bridge.once('exit', (code) => stop(code ?? 1))
}

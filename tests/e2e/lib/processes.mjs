// The real programs, started for one journey in a folder that is removed afterwards.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { firstLine, program, project, start } from '../../../scripts/lib/build.mjs'

export { project, program }

/** A folder for one journey; ends what was started in it and removes it at the end. */
export class Stage {
  folder = mkdtempSync(join(tmpdir(), 'carnet-e2e-'))
  output = process.env.CARNET_TEST_OUTPUT ?? join(project, 'test-output')
  #children = []

  constructor() {
    mkdirSync(this.output, { recursive: true })
  }

  /** Starts a program of ours in its own process group, so that all of it can be ended. */
  start(name, args, options = {}) {
    const child = start(name, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options })
    child.said = ''
    child.stderr?.setEncoding('utf8').on('data', (text) => (child.said += text))
    this.#children.push(child)
    return child
  }

  /** Any other program, such as a driver. */
  spawn(command, args, options = {}) {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true, ...options })
    this.#children.push(child)
    return child
  }

  /** Ends the drivers started so far, so that the next window gets a fresh one. */
  endDrivers() {
    for (const child of this.#children.filter((c) => c.spawnfile === 'WebKitWebDriver')) {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // already gone
      }
    }
  }

  async station(name = 'Northgate Clinic', roles = 'clinic') {
    const child = this.start('carnet-station', ['serve', '--data', join(this.folder, 'station'), '--name', name, '--role', roles])
    const at = await firstLine(child)
    for (let tries = 0; tries < 100 && !/set-up secret/i.test(child.said); tries++) await pause(50)
    const secret = child.said.split('\n').find((line) => /set-up secret/i.test(line))?.trim().split(/\s+/).at(-1)
    return { ...at, child, secret, token: readFileSync(at.token_file, 'utf8').trim() }
  }

  async bridge(station, vault) {
    const child = this.start(join('examples', 'bridge'), ['--vault', vault, '--trust', station.trust_list, '--demo', join(project, 'ui', 'dist', 'bridge')])
    return { child, ...(await firstLine(child)) }
  }

  carnet(vault, station, args, passphrase) {
    const done = spawnSync(program('carnet'), ['--vault', vault, '--json', '--trust', station.trust_list, ...args], {
      env: { ...process.env, CARNET_PASSPHRASE: passphrase },
      encoding: 'utf8',
    })
    if (done.status !== 0) throw new Error(`carnet ${args.join(' ')}: ${done.stderr}`)
    return JSON.parse(done.stdout)
  }

  /** Everything that one official example patient has, as a file a hospital might have given. */
  records(subject = 'Patient/example') {
    const folder = join(project, 'tests', 'node_modules', 'hl7.fhir.r4.examples')
    const kinds = /^(AllergyIntolerance|Condition|Observation|Immunization|MedicationRequest|Procedure|Encounter|DiagnosticReport)-|^Patient-example\.json$/
    const entry = []
    for (const name of readdirSync(folder).sort()) {
      if (!kinds.test(name)) continue
      const resource = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      const about = resource.subject?.reference ?? resource.patient?.reference
      if (about === subject || resource.resourceType === 'Patient')
        entry.push({ fullUrl: `http://hl7.org/fhir/${resource.resourceType}/${resource.id}`, resource })
    }
    const file = join(this.folder, 'from-the-hospital.json')
    writeFileSync(file, JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry }))
    return file
  }

  end() {
    for (const child of this.#children) {
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // already gone
      }
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** The front desk through its API, as an integrator's program would be. */
export class Desk {
  constructor(station) {
    this.station = station
  }

  async call(method, path, body) {
    const response = await fetch(this.station.staff_url + path, {
      method,
      headers: { authorization: `Bearer ${this.station.token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    })
    const text = await response.text()
    return { status: response.status, body: text ? JSON.parse(text) : null }
  }

  async ask(items, purpose = 'TREAT', days = 30) {
    const { status, body } = await this.call('POST', '/api/requests', { purpose: [purpose], items, days })
    if (status !== 200 && status !== 201) throw new Error(`ask: ${status} ${JSON.stringify(body)}`)
    return body
  }
}

/** Counts and reports like any runner: one line a check, a closing line, the exit code. */
export class Report {
  passed = 0
  failed = 0

  async check(name, body) {
    const begun = Date.now()
    try {
      await body()
      this.passed++
      console.log(`ok   ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`)
    } catch (error) {
      this.failed++
      console.log(`FAIL ${name}\n     ${error.stack ?? error}`)
      throw error
    }
  }

  close() {
    console.log(`${this.passed} passed, ${this.failed} failed`)
    return this.failed === 0 && this.passed > 0 ? 0 : 1
  }
}

export function expect(holds, what) {
  if (!holds) throw new Error(`expected: ${what}`)
}

// Builds with cargo and starts what was built. Shared by `make run` and `make demo`.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const programs = join(process.env.CARGO_TARGET_DIR ?? join(project, 'target'), 'debug')

const ended = (child) =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal ? 1 : code))
  })

// The same mix of features as the tests build, so that `make test` after `make run` finds everything warm, and the other way round.
const everything = ['build', '--locked', '--workspace', '--all-features', '--bins', '--examples']

/** Builds the programs; says how long it may take. Ends the program on failure. */
export async function build(howLong) {
  console.log(`· Building (${howLong}; seconds when nothing changed)`)
  const code = await ended(spawn('cargo', everything, { cwd: project, stdio: 'inherit' }))
  if (code !== 0) {
    console.error('The build failed; what cargo said stands above. Nothing was started.')
    process.exit(code)
  }
}

const newest = (path) => {
  const kind = statSync(path, { throwIfNoEntry: false })
  if (!kind?.isDirectory()) return kind?.mtimeMs ?? 0
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/** Builds the wallet's and the station's pages when they are not there or older than what they are made of. */
export async function buildPages() {
  const ui = join(project, 'ui')
  const built = Math.min(...['wallet', 'station', 'bridge'].map((page) => newest(join(ui, 'dist', page, 'index.html'))))
  const sources = ['src/design', 'src/wallet', 'src/station', 'messages', 'package-lock.json', 'vite.config.ts']
  if (built > Math.max(...sources.map((path) => newest(join(ui, path))))) return
  console.log('· Building the pages (a minute)')
  const child = spawn('npm', ['run', '--silent', 'build'], { cwd: ui, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text))
  const code = await ended(child)
  if (code !== 0) {
    console.error(`${said}\nThe pages could not be built; why stands above. Nothing was started.`)
    process.exit(code)
  }
}

export const program = (name) => {
  const path = join(programs, name)
  if (!existsSync(path)) throw new Error(`${name} is not built`)
  return path
}

/** Starts a built program. */
export const start = (name, args, options = {}) => spawn(program(name), args, options)

/** Runs a built program to its end; its exit code. */
export const run = (name, args, options = {}) => ended(start(name, args, { stdio: 'inherit', ...options }))

/** The first line a started program prints, as JSON; the rest of its output is drained. */
export function firstLine(child, seconds = 90) {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => reject(new Error('it did not answer in time')), seconds * 1000)
    child.once('exit', (code) => reject(new Error(`it ended (${code}) before it answered`)))
    child.stdout.on('data', (chunk) => {
      if (text.includes('\n')) return
      text += chunk
      if (text.includes('\n')) {
        clearTimeout(timer)
        resolve(JSON.parse(text.slice(0, text.indexOf('\n'))))
      }
    })
  })
}

// Looks through every file that a journey left for strings of its records: plain, UTF-16, base64, hexadecimal.
import { lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from './processes.mjs'
import { backupPassphrase, freshPassphrase, passphrase } from './story.mjs'

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const kind = lstatSync(path)
    if (kind.isDirectory()) yield* files(path)
    else if (kind.isFile()) yield path
  }
}

function strings(value, found = new Set()) {
  if (typeof value === 'string') {
    if (/^[ -~]{14,}$/.test(value) && value.includes(' ') && !/["\\<&]|^http|^urn:/.test(value)) found.add(value.slice(0, 40))
  } else if (value && typeof value === 'object') for (const inner of Object.values(value)) strings(inner, found)
  return found
}

const coats = (text) => {
  const shifted = [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)])
    return bytes.subarray(0, Math.floor(bytes.length / 3) * 3).toString('base64').slice([0, 2, 3][shift])
  })
  return [Buffer.from(text), Buffer.from(text, 'utf16le'), Buffer.from(Buffer.from(text).toString('hex')), ...shifted.map((s) => Buffer.from(s))]
}

function search(folder, texts, except) {
  const found = []
  for (const file of files(folder)) {
    if (file === except) continue
    const bytes = readFileSync(file)
    for (const text of texts) if (coats(text).some((coat) => bytes.includes(coat))) found.push(`${file}: ${text}`)
  }
  return found
}

/** Fails when a distinctive string of the records, a passphrase or some of the words is in a file of the stage; and when a planted one is not found. */
export function searchLeft(stage, records, words) {
  const all = [...strings(JSON.parse(readFileSync(records, 'utf8')))]
  const step = Math.max(1, Math.floor(all.length / 50))
  const texts = all.filter((_, n) => n % step === 0).slice(0, 50)
  expect(texts.length === 50, `50 distinctive strings, not ${texts.length}`)
  texts.push(passphrase, freshPassphrase, backupPassphrase)
  for (let n = 0; n < words.length; n += 4) for (const between of [' ', '","']) texts.push(words.slice(n, n + 4).join(between))
  const found = search(stage.folder, texts, records)
  expect(found.length === 0, `no leak, but:\n${found.join('\n')}`)
  writeFileSync(join(stage.folder, 'planted'), `x${texts[0]}`)
  expect(search(stage.folder, texts, records).length === 1, 'a planted string is found')
}

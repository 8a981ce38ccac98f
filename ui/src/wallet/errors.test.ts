import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CoreError } from './core';
import { CODES, FAMILIES, rejection, said, titleOf } from './errors';

const root = fileURLToPath(new URL('../../..', import.meta.url));

function rust(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? rust(path) : path.endsWith('.rs') ? [readFileSync(path, 'utf8')] : [];
  });
}

describe('errors', () => {
  test('every code that the wallet can say has words here', () => {
    const codes = ['wallet-core/src', 'src-tauri/src'].flatMap((folder) =>
      rust(join(root, folder)).flatMap((source) => [...source.matchAll(/(?:Facts::\w+\(\s*|code: )"([a-z_]+)"/g)].map((found) => found[1] as string))
    );
    expect(codes.length).toBeGreaterThan(5);
    expect([...new Set(codes)].filter((code) => titleOf(code) === '')).toEqual([]);
  });

  test('every code says what happened, what is safe and what to do', () => {
    for (const code of [...Object.keys(CODES), ...FAMILIES.map(([prefix]) => `${prefix}x`)]) {
      const { what, safe, next } = said(new CoreError({ code, message: '', next: '' }));
      expect([what, safe, next].every((words) => words.length > 5), code).toBe(true);
    }
  });

  test('a code this build does not know is said in the core’s own words', () => {
    expect(said(new CoreError({ code: 'brand_new', message: 'What happened.', next: 'Do this.' }))).toEqual({ code: 'brand_new', what: 'What happened.', safe: '', next: 'Do this.' });
    expect(rejection('brand_new', 'the reason')).toBe('the reason');
  });

  test('a defect in the page shows no stack and no text of its own', () => {
    expect(said(new TypeError('records of Maria')).what).not.toContain('Maria');
  });
});

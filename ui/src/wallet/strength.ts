/** How long a passphrase would stand against somebody who guesses at a stolen, sealed vault. */
export type Strength = 'empty' | 'short' | 'weak' | 'fair' | 'good';

/** Shortest passphrase that the core takes. */
export const SHORTEST = 8;

const COMMON = /(passwor[dt]|passphrase|qwert|azerty|1234|abcd|letmein|carnet|secret|admin|welcome|iloveyou)/gi;

/** An estimate from length, variety, repeats and a few favourites; a hint, not a promise. */
export function strength(passphrase: string): Strength {
  if (passphrase.length === 0) return 'empty';
  if (passphrase.length < SHORTEST) return 'short';
  const rare = passphrase.replace(COMMON, '*').replace(/(.)\1{2,}/g, '$1$1');
  const words = rare.split(/[\s\-_.,]+/).filter((word) => word.length > 2);
  const variety = new Set(rare.toLowerCase()).size;
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9\s]/].filter((one) => one.test(rare)).length;
  const byLetters = Math.min(rare.length, variety * 2) * (2.2 + classes * 0.5);
  const byWords = new Set(words.map((word) => word.toLowerCase())).size * 12;
  const bits = words.length >= 3 ? Math.max(byWords, Math.min(byLetters, byWords + 12)) : byLetters;
  if (bits < 40) return 'weak';
  if (bits < 56) return 'fair';
  return 'good';
}

/** Long enough, and typed the same twice. */
export function agreed(passphrase: string, repeat: string): boolean {
  const how = strength(passphrase);
  return how !== 'empty' && how !== 'short' && passphrase === repeat;
}

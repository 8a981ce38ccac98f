/** A text whose part between dots is altered by one character, in the middle: still base64url. */
export function flipped(text, part) {
  const parts = text.split('.');
  const at = Math.floor(parts[part].length / 2);
  const other = parts[part][at] === 'A' ? 'B' : 'A';
  parts[part] = parts[part].slice(0, at) + other + parts[part].slice(at + 1);
  return parts.join('.');
}

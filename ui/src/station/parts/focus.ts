/** Puts the focus on the field a person will type into next, after the page has put it on its heading. */
export function firstFocus(control: HTMLElement | undefined): () => void {
  const wait = setTimeout(() => control?.focus());
  return () => clearTimeout(wait);
}

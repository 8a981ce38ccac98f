import { m } from '../paraglide/messages.js';
import type { ProfileView } from './bindings';

/** How a person is called: the name given here, else the name in their records, else "you". */
export function nameOf(person: Pick<ProfileView, 'name'> & { person?: ProfileView['person'] }): string {
  return person.name ?? person.person?.name ?? m.person_unnamed();
}

/** At most two letters for a small picture: first and last part of the name. It never stands without the name. */
export function initials(name: string): string {
  const parts = name.split(/\s+/).filter((part) => /\p{L}/u.test(part));
  const chosen = parts.length > 1 ? [parts[0], parts.at(-1)] : [parts[0]];
  return chosen.map((part) => /\p{L}\p{M}*/u.exec(part ?? '')?.[0] ?? '').join('').toLocaleUpperCase();
}

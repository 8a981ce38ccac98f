/** Where one is: `#/records/abc` is `{ place: 'records', id: 'abc' }`. */
export type Route = { place: Place; id: string | null };

const PLACES = ['home', 'scan', 'question', 'summary', 'consents', 'activity', 'records', 'import', 'settings'] as const;
export type Place = (typeof PLACES)[number];

export function readRoute(hash: string): Route {
  const [place = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  const known = PLACES.find((one) => one === place);
  const id = rest.join('/');
  return known ? { place: known, id: id ? decodeURIComponent(id) : null } : { place: 'home', id: null };
}

export function href(place: Place, id?: string): string {
  return `#/${place}${id ? `/${encodeURIComponent(id)}` : ''}`;
}

class Router {
  now: Route = $state({ place: 'home', id: null });

  start(): () => void {
    const read = () => (this.now = readRoute(location.hash));
    read();
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }

  go(place: Place, id?: string): void {
    location.hash = href(place, id);
  }

  /** Without a way back: to a screen that follows an act that can't be undone by "back". */
  replace(place: Place, id?: string): void {
    location.replace(href(place, id));
  }
}

export const router = new Router();

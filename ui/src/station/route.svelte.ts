const PLACES = ['new', 'request', 'records', 'consents', 'revocations', 'reads', 'staff', 'health'] as const;
export type Place = (typeof PLACES)[number];
/** Where one is: `#/request/abc` is `{ place: 'request', id: 'abc' }`. */
export type Route = { place: Place; id: string | null };

export function readRoute(hash: string): Route {
  const [place = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  const known = PLACES.find((one) => one === place);
  const id = rest.join('/');
  return known ? { place: known, id: id ? decodeURIComponent(id) : null } : { place: 'new', id: null };
}

export function href(place: Place, id?: string): string {
  return `#/${place}${id ? `/${encodeURIComponent(id)}` : ''}`;
}

class Router {
  now: Route = $state({ place: 'new', id: null });

  start(): () => void {
    const read = () => (this.now = readRoute(location.hash));
    read();
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }

  go(place: Place, id?: string): void {
    location.hash = href(place, id);
  }

  /** Without a way back, for what took another's place. */
  replace(place: Place, id?: string): void {
    location.replace(href(place, id));
  }
}

export const router = new Router();

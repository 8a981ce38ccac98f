/** Where one is: `#/records/abc` is `{ place: 'records', id: 'abc' }`. */
export type Route<Place extends string> = { place: Place; id: string | null };

/** The address part of an entry with these places; an address that leads nowhere leads to the first of them. */
export function makeRouter<const Place extends string>(places: readonly [Place, ...Place[]]) {
  const [first] = places;

  function readRoute(hash: string): Route<Place> {
    const [place = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
    const known = places.find((one) => one === place);
    const id = rest.join('/');
    return known ? { place: known, id: id ? decodeURIComponent(id) : null } : { place: first, id: null };
  }

  function href(place: Place, id?: string): string {
    return `#/${place}${id ? `/${encodeURIComponent(id)}` : ''}`;
  }

  class Router {
    now: Route<Place> = $state({ place: first, id: null });

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

  return { readRoute, href, router: new Router() };
}

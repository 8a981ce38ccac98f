import { api } from './api';
import { lastAsked } from './asking.svelte';
import { entered } from './entry';
import { router } from './route.svelte';

/** The last question once more, for the next patient; where it is not known any more, it is picked anew. */
async function again(place: 'check' | 'counter'): Promise<void> {
  const last = lastAsked();
  const statement = last && (await api.statements()).find((one) => one.id === last.id);
  if (!last || !statement) return router.go('check');
  const fields = entered(statement.fields, last.typed);
  const { id } = await (place === 'check' ? api.check(last.id, fields) : api.counter(last.id, fields));
  router.replace(place, id);
}

export const askAgain = () => again('check');
/** The same with pictures alone, for a phone or a counter without a network. */
export const askOffline = () => again('counter');

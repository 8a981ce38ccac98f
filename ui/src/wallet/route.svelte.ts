import { makeRouter } from '../design/route.svelte';

const PLACES = ['home', 'scan', 'show', 'pass', 'offer', 'clinics', 'clinic-add', 'question', 'challenge', 'summary', 'consents', 'activity', 'records', 'import', 'cards', 'people', 'backup', 'recovery', 'settings'] as const;
export type Place = (typeof PLACES)[number];

export const { readRoute, href, router } = makeRouter(PLACES);

import { makeRouter } from '../design/route.svelte';

const PLACES = ['new', 'request', 'check', 'counter', 'scan', 'answer', 'issue', 'offer', 'records', 'consents', 'revocations', 'reads', 'staff', 'health'] as const;
export type Place = (typeof PLACES)[number];

export const { readRoute, href, router } = makeRouter(PLACES);

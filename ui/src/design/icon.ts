import type House from '@lucide/svelte/icons/house';

/** Any icon of `@lucide/svelte/icons/*`. It never stands alone: a word says the same. */
export type Icon = typeof House;

/** What a colour means; shape, icon and word say it too. */
export type Tone = 'plain' | 'safe' | 'needs' | 'stop';

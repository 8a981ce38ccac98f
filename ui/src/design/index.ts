/**
 * The design system of both entries. Look: paper, ink, one green; amber "needs you"; brick "stop, taken back".
 * Import `../design/tokens.css` once, set `<html data-app="wallet|station" lang="…">`, then:
 *
 * - `Shell` (places + skip link + notice) › `Page` (one heading, back, content, actions) › `Card`, `Banner`, …
 * - `Button look="primary|secondary|quiet|danger" icon busy wide` (a link when it has `href`)
 * - `Field label bind:value hint error secret lines` · `Checkbox bind:checked` · `Radio name checked`
 * - `State tone icon label` (chip) · `ErrorNote what safe next` · `Waiting` · `EmptyState` · `Disclosure`
 * - `Chips legend options bind:value` (one of several) · `Select label options bind:value none` (one of many) · `Progress title done total stop` (takes long, can be ended)
 * - `Camera read found failed` (looks for a code, stops at the first) · `CodePicture svg|src label` (black on white for any phone) · `CodeText text` · `FourDigits code label`
 * - `RowLink href title about` (a line of a list) · `Dialog bind:open title question` · `PeriodBar start end` · `SeriesChart points` · `VirtualList count at near row`
 * - `format.ts`: dates, times, numbers, lists, what is left of a period, sizes · `groups.ts`: kinds, sensitivity, purpose in words
 *
 * Texts are Paraglide messages in `messages/<language>/*.json` (`m.key()`); no text stands in a component.
 */
export { default as Banner } from './Banner.svelte';
export { default as Button } from './Button.svelte';
export { default as Camera } from './Camera.svelte';
export { default as Card } from './Card.svelte';
export { default as Checkbox } from './Checkbox.svelte';
export { default as Chips } from './Chips.svelte';
export { default as CodePicture } from './CodePicture.svelte';
export { default as CodeText } from './CodeText.svelte';
export { default as Dialog } from './Dialog.svelte';
export { default as Disclosure } from './Disclosure.svelte';
export { default as DropFile } from './DropFile.svelte';
export { default as EmptyState } from './EmptyState.svelte';
export { default as ErrorNote } from './ErrorNote.svelte';
export { default as Field } from './Field.svelte';
export { default as FourDigits } from './FourDigits.svelte';
export { default as Page } from './Page.svelte';
export { default as PeriodBar } from './PeriodBar.svelte';
export { default as Progress } from './Progress.svelte';
export { default as Radio } from './Radio.svelte';
export { default as RowLink } from './RowLink.svelte';
export { default as Select } from './Select.svelte';
export { default as SeriesChart } from './SeriesChart.svelte';
export { default as Shell } from './Shell.svelte';
export { default as State } from './State.svelte';
export { default as VirtualList } from './VirtualList.svelte';
export { default as Waiting } from './Waiting.svelte';
export { pastedPicture } from './camera';
export * from './format';
export * from './groups';
export type { Icon, Tone } from './icon';

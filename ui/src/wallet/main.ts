import '../design/language.js';
import '../design/tokens.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { getLocale } from '../paraglide/runtime.js';

async function start(): Promise<void> {
  if (__BRIDGE__) (await import('./bridge')).connect();
  document.documentElement.lang = getLocale();
  const target = document.getElementById('app');
  if (target) mount(App, { target });
}

void start();

import type { probe } from './probe_page.js';

declare global {
  interface Window {
    probe: typeof probe;
  }
}

import type { litert } from './litert_page.js';

declare global {
  interface Window {
    litert: typeof litert;
  }
}

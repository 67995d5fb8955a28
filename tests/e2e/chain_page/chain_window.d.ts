/** The page's side of chain_browsers_test.js: every result is JSON. */
interface Window {
  chainPage: Record<string, (...args: any[]) => any>;
}

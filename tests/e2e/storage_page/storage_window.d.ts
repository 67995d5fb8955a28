/** The page's side of storage_browsers_test.js: every result is JSON. */
interface Window {
  storagePage: Record<string, (...args: any[]) => any>;
}

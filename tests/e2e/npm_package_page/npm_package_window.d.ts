/** The page's side of npm_package_browsers_test.js: every result is JSON. */
interface Window {
  npmPackage: Record<string, (...args: any[]) => any>;
}

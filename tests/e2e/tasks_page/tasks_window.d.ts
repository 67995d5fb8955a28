/** The page's side of tasks_browsers_test.js: every result is JSON. */
interface Window {
  tasksPage: Record<string, (...args: any[]) => any>;
}

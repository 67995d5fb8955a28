/** The few WebDriver commands (W3C, plain HTTP and JSON) that the WebKit engine needs. */
import { BrowserDied } from './browser_died.js';

/** Key under which WebDriver hands over a reference to an element. */
const ELEMENT_KEY = 'element-6066-11e4-a52e-4f735466cecf';

export class WebDriverSession {
  #base;

  /** @param {string} base URL of the session, without a slash at its end */
  constructor(base) {
    this.#base = base;
  }

  /**
   * @param {string} driverUrl
   * @param {object} capabilities
   * @returns {Promise<{session: WebDriverSession, capabilities: Record<string, unknown>}>}
   */
  static async create(driverUrl, capabilities) {
    const answer = /** @type {{sessionId: string, capabilities: Record<string, unknown>}} */ (
      await send('POST', `${driverUrl}/session`, { capabilities: { alwaysMatch: capabilities } })
    );
    return {
      session: new WebDriverSession(`${driverUrl}/session/${answer.sessionId}`),
      capabilities: answer.capabilities,
    };
  }

  /** @param {string} path below the session @param {object} [body] @returns {Promise<any>} */
  post(path, body = {}) {
    return send('POST', this.#base + path, body);
  }

  /** @param {string} path below the session @returns {Promise<any>} */
  get(path) {
    return send('GET', this.#base + path);
  }

  /** @param {string} path below the session, '' for the session itself @returns {Promise<any>} */
  remove(path) {
    return send('DELETE', this.#base + path);
  }

  /** @param {string} selector @returns {Promise<string>} the element's path below the session */
  async findElement(selector) {
    const element = await this.post('/element', { using: 'css selector', value: selector });
    return `/element/${element[ELEMENT_KEY]}`;
  }
}

/**
 * @param {string} method
 * @param {string} url
 * @param {object} [body]
 * @returns {Promise<unknown>}
 */
async function send(method, url, body) {
  const response = await fetch(url, { method, body: body && JSON.stringify(body) });
  const { value } = /** @type {{value: any}} */ (await response.json());
  // The driver forgets a session whose browser has gone.
  if (value?.error === 'invalid session id') throw new BrowserDied('WebKit', value.error);
  if (!response.ok) throw new Error(`WebDriver ${value?.error ?? response.status}: ${value?.message ?? ''}`);
  return value;
}

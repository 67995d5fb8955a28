/**
 * The headers of cross-origin isolation, for answers that pass through a service worker. A document is isolated by COOP
 * and COEP (https://html.spec.whatwg.org/multipage/browsers.html#coep); so has every worker of it to carry COEP.
 */

/** @type {Record<string, string>} */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Statuses of answers that have no body, and must not be given the empty one that engines show. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * The same answer with the headers of isolation; what it had of them itself is replaced.
 * @param {Response} response its body moves to the result
 * @returns {Response} the same object where it is of another origin or a redirection, which nobody can give headers
 */
export function isolated(response) {
  if (response.type !== 'basic' && response.type !== 'default') return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(WITHOUT_BODY.includes(status) ? null : response.body, { status, statusText, headers });
}

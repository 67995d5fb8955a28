/** Whether a page's Content-Security-Policy, where it has one in a <meta>, lets models run. */

/** What Minnow needs: the directives that may govern it, the most special one first, and the sources one of which must be there. */
const NEEDS = [
  { what: 'WebAssembly', chain: ['script-src', 'default-src'], allows: /^'(wasm-)?unsafe-eval'$/, remedy: "'wasm-unsafe-eval'" },
  { what: 'Minnow’s scripts', chain: ['script-src-elem', 'script-src', 'default-src'], allows: /^('self'|'strict-dynamic'|\*|[a-z][a-z0-9+.-]*:.*)$/, remedy: "'self'" },
  { what: 'its worker', chain: ['worker-src', 'child-src', 'script-src', 'default-src'], allows: /^('self'|'strict-dynamic'|\*|[a-z][a-z0-9+.-]*:.*)$/, remedy: "'self'" },
  { what: 'reading models', chain: ['connect-src', 'default-src'], allows: /^('self'|\*|[a-z][a-z0-9+.-]*:.*)$/, remedy: "'self'" },
];

/**
 * @param {string} html
 * @param {string} page its path, for messages
 * @returns {string[]} what to change; empty where models run
 */
export function policyProblems(html, page) {
  return policiesOf(html).flatMap((policy) => {
    const directives = parsePolicy(policy);
    return NEEDS.flatMap(({ what, chain, allows, remedy }) => {
      const governing = chain.find((name) => directives.has(name));
      if (!governing || directives.get(governing)?.some((source) => allows.test(source))) return [];
      return [`The Content-Security-Policy of ${page} forbids ${what}: add ${remedy} to its ${governing}`];
    });
  });
}

/** @param {string} html @returns {string[]} */
function policiesOf(html) {
  const metas = html.replace(/<!--[\s\S]*?-->/g, '').match(/<meta\b(?:"[^"]*"|'[^']*'|[^>"'])*>/gi) ?? [];
  return metas
    .filter((meta) => /^content-security-policy$/i.test(attribute(meta, 'http-equiv').trim()))
    .map((meta) => attribute(meta, 'content'));
}

/** @param {string} tag @param {string} name */
function attribute(tag, name) {
  const [, double, single, bare] = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(tag) ?? [];
  return (double ?? single ?? bare ?? '').replace(/&#39;|&apos;/g, "'").replace(/&quot;/g, '"').replace(/&amp;/g, '&');
}

/** @param {string} policy @returns {Map<string, string[]>} */
function parsePolicy(policy) {
  /** @type {Map<string, string[]>} */
  const directives = new Map();
  for (const text of policy.split(';')) {
    const [name, ...sources] = text.trim().toLowerCase().split(/\s+/);
    // Of two directives with one name the first counts.
    if (name && !directives.has(name)) directives.set(name, sources);
  }
  return directives;
}

/** Whether an app's settings let its WebView run models, and what to change where they do not. */

/** @typedef {{ errors: string[], warnings: string[] }} Findings */

/** What each platform's first version is that serves the app from an origin of its own instead of file://. */
const FIRST_VERSIONS = { android: 10, ios: 6 };

/** From this version of cordova-ios on the scheme is app:// by default. */
const IOS_DEFAULTS_TO_APP = 8;

/**
 * @param {object} app
 * @param {string} app.platform
 * @param {string | undefined} app.version of the platform, if it is known
 * @param {(name: string) => string | undefined} app.preference of config.xml, whatever the case of its name
 * @returns {Findings}
 */
export function checkCordovaApp({ platform, version, preference }) {
  const major = version === undefined ? Infinity : Number.parseInt(version, 10);
  if (platform === 'android') return checkCordovaAndroid(major, preference);
  if (platform === 'ios') return checkCordovaIos(major, preference);
  return { errors: [], warnings: [] };
}

/** @param {number} major @param {(name: string) => string | undefined} preference @returns {Findings} */
function checkCordovaAndroid(major, preference) {
  if (major < FIRST_VERSIONS.android) return tooOld('android', major);
  if (preference('AndroidInsecureFileModeEnabled')?.toLowerCase() === 'true') {
    const message = 'AndroidInsecureFileModeEnabled opens the app from file://, where no module and no model can be read: remove this preference';
    return { errors: [message], warnings: [] };
  }
  return checkHttp(preference('Scheme'), preference('hostname'), 'remove the preference Scheme from config.xml; the default is https');
}

/** @param {number} major @param {(name: string) => string | undefined} preference @returns {Findings} */
function checkCordovaIos(major, preference) {
  if (major < FIRST_VERSIONS.ios) return tooOld('ios', major);
  const scheme = preference('scheme')?.toLowerCase() ?? (major < IOS_DEFAULTS_TO_APP ? 'file' : 'app');
  if (scheme !== 'file') return { errors: [], warnings: [] };
  const message =
    'cordova-ios opens the app from file://, where no module and no model can be read: set <preference name="scheme" value="app" /> ' +
    'and <preference name="hostname" value="localhost" /> in config.xml';
  return { errors: [message], warnings: [] };
}

/** @param {'android' | 'ios'} platform @param {number} major @returns {Findings} */
function tooOld(platform, major) {
  const message =
    `cordova-${platform} ${major} opens apps from file://, where no module and no model can be read: ` +
    `cordova platform remove ${platform}, then cordova platform add ${platform}@latest`;
  return { errors: [message], warnings: [] };
}

/**
 * Pages from http are secure only where the host is this device.
 * @param {string | undefined} scheme
 * @param {string | undefined} hostname
 * @param {string} remedy
 * @returns {Findings}
 */
function checkHttp(scheme, hostname = 'localhost', remedy) {
  if (scheme?.toLowerCase() !== 'http') return { errors: [], warnings: [] };
  if (/^(localhost|.*\.localhost|127\.0\.0\.1)$/i.test(hostname)) {
    return { errors: [], warnings: [`The app is served from http://${hostname}, which later WebViews may cease to trust; ${remedy}`] };
  }
  const message =
    `The app is served from http://${hostname}, which is no secure context: no camera, no microphone, no fast hashing; ${remedy}`;
  return { errors: [message], warnings: [] };
}

/**
 * @param {unknown} config the parsed capacitor.config.json
 * @returns {Findings}
 */
export function checkCapacitorApp(config) {
  const server = /** @type {{ server?: Record<string, unknown> }} */ (config ?? {}).server ?? {};
  /** @param {unknown} value */
  const text = (value) => (typeof value === 'string' ? value : undefined);
  const remedy = 'remove server.androidScheme from capacitor.config.json; the default is https';
  const findings = checkHttp(text(server.androidScheme), text(server.hostname), remedy);
  if (text(server.url)) {
    findings.warnings.push(`server.url is ${server.url}: models then come from there, not from the app; remove it before you publish`);
  }
  return findings;
}

/** Checks of values that come from anywhere: a manifest's fields. */
import { MinnowError } from './errors.js';

/** @typedef {Record<string, unknown>} Fields */

/** Each method returns the value in its type or throws BAD_MANIFEST naming the field. */
export class Checker {
  /** @param {string | undefined} url */
  constructor(url) {
    this.url = url;
    this.where = url ? `The manifest ${url}` : 'The manifest';
  }

  /** @param {string} field @param {string} expected @returns {never} */
  fail(field, expected) {
    throw new MinnowError(
      'BAD_MANIFEST',
      `${this.where}: ${field || 'its content'} must be ${expected}. The file is damaged or no Minnow ` +
        'manifest: pack the model again and upload the whole folder',
      { url: this.url, field },
    );
  }

  /** @param {string} text @returns {unknown} */
  json(text) {
    try {
      return JSON.parse(text);
    } catch (cause) {
      return this.fail('', `JSON (${cause instanceof Error ? cause.message : cause})`);
    }
  }

  /** @param {unknown} value @param {string} field @returns {Fields} */
  object(value, field) {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? /** @type {Fields} */ (value) : this.fail(field, 'an object');
  }

  /** @param {unknown} value @param {string} field @param {number} maxLength @returns {unknown[]} */
  list(value, field, maxLength, minLength = 1) {
    const isList = Array.isArray(value) && value.length >= minLength && value.length <= maxLength;
    return isList ? value : this.fail(field, `a list of ${minLength} to ${maxLength}`);
  }

  /** @param {unknown} value @param {string} field @returns {string} */
  string(value, field) {
    return typeof value === 'string' && value.length <= 4096 ? value : this.fail(field, 'a string');
  }

  /** @param {unknown} value @param {string} field @param {RegExp} pattern @param {string} expected */
  matching(value, field, pattern, expected) {
    return typeof value === 'string' && pattern.test(value) ? value : this.fail(field, expected);
  }

  /**
   * @template {string} T
   * @param {unknown} value @param {string} field @param {readonly T[]} choices
   * @returns {T}
   */
  oneOf(value, field, choices) {
    return choices.find((choice) => choice === value) ?? this.fail(field, choices.join(' or '));
  }

  /** @param {unknown} value @param {string} field @param {number} min @param {number} max @returns {number} */
  integer(value, field, min, max) {
    const isFine = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
    return isFine ? value : this.fail(field, `a whole number from ${min} to ${max}`);
  }

  /** @param {unknown} value @param {string} field @returns {number} */
  number(value, field) {
    const isFine = typeof value === 'number' && Math.abs(value) <= 1e30;
    return isFine ? value : this.fail(field, 'a number');
  }

  /** @param {unknown} value @param {string} field @param {number} max @returns {number} */
  positive(value, field, max) {
    const isFine = typeof value === 'number' && value > 0 && value <= max;
    return isFine ? value : this.fail(field, `a number above 0, at most ${max}`);
  }

  /** @param {unknown} value @param {string} field @returns {boolean} */
  boolean(value, field) {
    return typeof value === 'boolean' ? value : this.fail(field, 'true or false');
  }

  /**
   * A number for each channel, given as one for all or as a list.
   * @param {unknown} value @param {string} field @param {number} channels
   * @returns {number | number[]}
   */
  perChannel(value, field, channels) {
    if (!Array.isArray(value)) return this.number(value, field);
    return this.list(value, field, channels, channels).map((item, i) => this.number(item, `${field}[${i}]`));
  }

  /**
   * Reads the fields that are there: later versions may add some, and most have a default.
   * @template {Record<string, (value: unknown, field: string) => unknown>} R
   * @param {unknown} value an object
   * @param {string} field
   * @param {R} readers by name
   * @returns {{ [K in keyof R]?: ReturnType<R[K]> }}
   */
  optional(value, field, readers) {
    const fields = this.object(value, field);
    const present = Object.entries(readers).filter(([name]) => fields[name] !== undefined);
    return /** @type {{ [K in keyof R]?: ReturnType<R[K]> }} */ (
      Object.fromEntries(present.map(([name, read]) => [name, read(fields[name], `${field}.${name}`)]))
    );
  }
}

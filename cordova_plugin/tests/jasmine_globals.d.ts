/** What the specs use of Jasmine 2.4. */
interface JasmineExpectation {
  toBe(expected: unknown): void;
  toBeGreaterThan(expected: number): void;
  toEqual(expected: unknown): void;
}
declare function describe(name: string, specs: () => void): void;
declare function it(name: string, spec: (done: () => void) => void, timeoutMs?: number): void;
declare function expect(value: unknown): JasmineExpectation;
declare function fail(error: unknown): void;

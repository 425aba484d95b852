// The suite of abstract-chunk-store 1.5.0, which ships no types: CommonJS, one function.

declare module 'abstract-chunk-store/tests/index.js' {
  /** Declares its tests with a tape-like `test`; `Store` is called with new and a chunk length. */
  function declareTests(test: unknown, Store: new (chunkLength: number) => object): void;
  export = declareTests;
}

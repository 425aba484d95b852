// The scanner against JSON.parse: the same verdict on generated, mutated and arbitrary bytes.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { JsonError, JsonScanner, MAX_DEPTH } from './json-scanner.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** White space, escapes and number forms that JSON.stringify never writes. */
const spelledDocuments = fc.letrec<{ value: string; text: string }>((tie) => {
  const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 2 });
  const item = fc.tuple(space, tie('value'), space).map((parts) => parts.join(''));
  const member = fc.tuple(space, tie('text'), space, item).map(([a, name, b, value]) => `${a}${name}${b}:${value}`);
  const escaped = fc.constantFrom('\\n', '\\"', '\\\\', '\\/', '\\u0041', '\\uD83D\\ude00', '\\ud800', '\\u0000');
  const piece = fc.oneof(
    escaped,
    fc.string({ unit: 'grapheme', maxLength: 4 }).map((s) => JSON.stringify(s).slice(1, -1)),
  );
  return {
    text: fc.array(piece, { maxLength: 4 }).map((pieces) => `"${pieces.join('')}"`),
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom('0', '-0', '1e5', '1E+05', '-12.50e-3', '1e999', 'true', 'false', 'null', '[]', '{ }'),
      tie('text'),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.array(item, { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
      fc.array(member, { maxLength: 4 }).map((members) => `{${members.join(',')}}`),
    ),
  };
});
const documents = fc
  .oneof(spelledDocuments.value, fc.json({ stringUnit: 'binary', maxDepth: 8 }))
  .map((text) => Buffer.from(text, 'utf8'));

/** Bytes that matter to a JSON reader: its punctuation, and UTF-8 leads and trails at their bounds. */
const tellingBytes = fc.constantFrom(
  ...Buffer.from('{}[]":,\\/u0e+-.1 \n\t\0\x1f\x7ftfn'),
  ...[0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff],
);

type Mutation = (bytes: Uint8Array) => Uint8Array;
const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(fc.nat(), tellingBytes).map(([at, byte]): Mutation => {
    return (bytes) => bytes.with(at % bytes.length, byte);
  }),
  fc.tuple(fc.nat(), tellingBytes).map(([at, byte]): Mutation => {
    const split = (bytes: Uint8Array) => at % (bytes.length + 1);
    return (bytes) => Uint8Array.from([...bytes.subarray(0, split(bytes)), byte, ...bytes.subarray(split(bytes))]);
  }),
  fc.nat().map(
    (at): Mutation =>
      (bytes) =>
        bytes.slice(0, at % bytes.length),
  ),
  fc.nat().map((at): Mutation => {
    return (bytes) => bytes.filter((_, i) => i !== at % bytes.length);
  }),
  fc.nat().map((at): Mutation => {
    // A byte that stands twice.
    return (bytes) =>
      Uint8Array.from([...bytes].flatMap((byte, i) => (i === at % bytes.length ? [byte, byte] : [byte])));
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([a, b]): Mutation => {
    return (bytes) => {
      const [i, j] = [a % bytes.length, b % bytes.length];
      return bytes.with(i, bytes[j] ?? 0).with(j, bytes[i] ?? 0);
    };
  }),
);
const mutated = fc
  .tuple(documents, fc.array(mutations, { minLength: 1, maxLength: 3 }))
  .map(([bytes, steps]) =>
    steps.reduce<Uint8Array>((left, step) => (left.length === 0 ? left : step(left)), Uint8Array.from(bytes)),
  );

describe('JsonScanner', () => {
  it('accepts what JSON.parse accepts', () => {
    fc.assert(
      fc.property(documents, (bytes) => {
        expect(scans(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('agrees with JSON.parse on documents whose bytes were changed, cut, doubled and swapped', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(mutated, (bytes) => {
        const isJson = parses(bytes);
        seen[isJson ? 'accepted' : 'refused']++;
        expect(scans(bytes), Buffer.from(bytes).toString('hex')).toBe(isJson);
      }),
      { numRuns: 8000 },
    );
    // The mutations would show little if they all broke the document, or none did.
    expect(seen.accepted).toBeGreaterThan(200);
    expect(seen.refused).toBeGreaterThan(200);
  });

  it('agrees with JSON.parse on short texts of telling bytes', () => {
    fc.assert(
      fc.property(fc.array(tellingBytes, { maxLength: 6 }), (bytes) => {
        expect(scans(Uint8Array.from(bytes))).toBe(parses(Uint8Array.from(bytes)));
      }),
      { numRuns: 8000 },
    );
  });

  it('agrees with the strict decoder on every sequence of two bytes and on the bounds of longer ones', () => {
    const inString = (bytes: readonly number[]) => Uint8Array.of(0x22, ...bytes, 0x22);
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const bytes = inString([first, second]);
        if (scans(bytes) !== parses(bytes)) expect.fail(`${first} ${second}`);
      }
    }
    const bounds = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    for (let lead = 0xc0; lead < 256; lead++) {
      for (const second of bounds) {
        for (const third of bounds) {
          for (const rest of [[], [0x7f], [0x80], [0xbf], [0xc0]]) {
            const bytes = inString([lead, second, third, ...rest]);
            if (scans(bytes) !== parses(bytes)) expect.fail(`${lead} ${second} ${third} ${rest}`);
          }
        }
      }
    }
  });

  it('gives the text of a string as JSON.parse does', () => {
    fc.assert(
      fc.property(spelledDocuments.text, (literal) => {
        const scanner = new JsonScanner(utf8(literal));
        expect(scanner.string()).toBe(JSON.parse(literal));
        scanner.end();
      }),
      { numRuns: 1000 },
    );
  });

  it('gives names and the exact place of every value', () => {
    const source = '{ "a" : [1, "\\u0062"] , "\\u0063":{"d":null}}';
    const scanner = new JsonScanner(utf8(source));
    const found: [string, string][] = [];
    scanner.object((name) => {
      const start = scanner.at;
      scanner.skipValue();
      found.push([name, source.slice(start, scanner.at)]);
    });
    scanner.end();
    expect(found).toEqual([
      ['a', '[1, "\\u0062"]'],
      ['c', '{"d":null}'],
    ]);
  });

  it('counts the elements of an array from 0', () => {
    const scanner = new JsonScanner(utf8('[ "x" , "y","z" ]'));
    const found: [number, string][] = [];
    scanner.array((position) => {
      found.push([position, scanner.string()]);
    });
    expect(found).toEqual([
      [0, 'x'],
      [1, 'y'],
      [2, 'z'],
    ]);
  });

  it('accepts 64 levels of nesting and refuses 65, however long the nesting is', () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const nested = (levels: number) =>
        utf8(`${open.repeat(levels)}${open === '[' ? '' : '1'}${close.repeat(levels)}`);
      expect(scans(nested(MAX_DEPTH))).toBe(true);
      expect(codeOf(nested(MAX_DEPTH + 1))).toBe('json-depth');
      expect(codeOf(nested(100_000))).toBe('json-depth');
    }
    expect(MAX_DEPTH).toBe(64);
  });

  it('counts depth, not the number of arrays', () => {
    expect(scans(utf8(`[${'[[]],'.repeat(1000)}[]]`))).toBe(true);
  });

  it('refuses a byte order mark', () => {
    expect(codeOf(utf8('\ufeff{}'))).toBe('json-syntax');
  });

  it('names the offset of what is wrong', () => {
    const offsetOf = (bytes: Uint8Array) => {
      const error = errorOf(bytes);
      return error?.offset;
    };
    expect(offsetOf(utf8('{"a":tru}'))).toBe(5);
    expect(offsetOf(utf8('[1,]'))).toBe(3);
    expect(offsetOf(Uint8Array.of(0x22, 0x61, 0xff, 0x22))).toBe(2);
  });
});

describe('the bytes of a string', () => {
  it('are given where they are its text, and its end is found where they are not', () => {
    for (const [text, expected] of [
      ['""', ''],
      ['"plain"', 'plain'],
      ['"a\\/b"', undefined],
      ['"é"', undefined],
    ] as const) {
      const scanner = new JsonScanner(utf8(text));
      const bytes = scanner.asciiBytes();
      expect(bytes && Buffer.from(bytes).toString()).toBe(expected);
      expect(() => scanner.end()).not.toThrow();
    }
    expect(() => new JsonScanner(utf8('"open')).asciiBytes()).toThrow(JsonError);
  });

  it('are its text, however long it is', () => {
    for (const length of [0, 63, 64, 65, 200_000]) {
      const text = 'x'.repeat(length);
      expect(new JsonScanner(utf8(JSON.stringify(text))).string()).toBe(text);
    }
  });
});

function errorOf(bytes: Uint8Array): JsonError | undefined {
  const scanner = new JsonScanner(bytes);
  try {
    scanner.skipValue();
    scanner.end();
    return undefined;
  } catch (error) {
    if (error instanceof JsonError) return error;
    throw error;
  }
}

function scans(bytes: Uint8Array): boolean {
  return errorOf(bytes) === undefined;
}

function codeOf(bytes: Uint8Array): string | undefined {
  return errorOf(bytes)?.code;
}

/** The other reader: JSON.parse of strictly decoded UTF-8. Nothing here nests deeper than 64. */
function parses(bytes: Uint8Array): boolean {
  try {
    JSON.parse(strict.decode(bytes));
    return true;
  } catch {
    return false;
  }
}

// A strict, one-pass JSON (RFC 8259) scanner over bytes. It builds no values: it checks the grammar and tells where things stand,
// so that what was signed is never re-serialised. It accepts what JSON.parse accepts of strictly decoded UTF-8, except
// a byte order mark and nesting deeper than MAX_DEPTH.

import { asciiText } from './ascii-text.ts';
import { fromUtf8 } from './bytes.ts';

/** Arrays and objects inside each other, the outermost counted as one. A bound on the stack; real readings nest a few levels. */
export const MAX_DEPTH = 64;

/** Why bytes are no JSON text here: against RFC 8259, not UTF-8, or nested too deeply. */
export type JsonCode = 'json-syntax' | 'json-utf8' | 'json-depth';

/** Thrown by JsonScanner and caught by the parsers that use it; it never leaves them. */
export class JsonError extends Error {
  readonly code: JsonCode;
  /** Byte offset in the document. */
  readonly offset: number;

  constructor(code: JsonCode, message: string, offset: number) {
    super(`${message} at byte ${offset}`);
    this.code = code;
    this.offset = offset;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LITERALS = new Map([
  [0x74, 'true'],
  [0x66, 'false'],
  [0x6e, 'null'],
]);

/** Walks one document. Methods throw JsonError; `at` is the offset of the next unread byte. */
export class JsonScanner {
  readonly bytes: Uint8Array;
  at: number;
  private depth = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** The first byte of the next token, or undefined at the end. */
  peek(): number | undefined {
    this.skipWhiteSpace();
    return this.bytes[this.at];
  }

  isAtObject(): boolean {
    return this.peek() === OPEN_BRACE;
  }

  isAtArray(): boolean {
    return this.peek() === OPEN_BRACKET;
  }

  isAtString(): boolean {
    return this.peek() === QUOTE;
  }

  /** Requires that nothing but white space is left. */
  end(): void {
    if (this.peek() !== undefined) this.fail('unexpected text after the JSON value');
  }

  /** Scans an object, calling `member` with each name (unescaped) and the scanner standing before its value, which it must scan. */
  object(member: (name: string) => void): void {
    this.open(OPEN_BRACE, 'expected {');
    for (let isFirst = true; !this.closes(CLOSE_BRACE, isFirst); isFirst = false) {
      this.openName();
      const name = this.string();
      this.closeName();
      member(name);
    }
  }

  /** Scans an array, calling `element` with each position and the scanner standing before that element, which it must scan. */
  array(element: (position: number) => void): void {
    this.open(OPEN_BRACKET, 'expected [');
    for (let position = 0; !this.closes(CLOSE_BRACKET, position === 0); position++) {
      this.skipWhiteSpace();
      element(position);
    }
  }

  /** Scans any value and passes over it. */
  skipValue(): void {
    const first = this.peek();
    if (first === OPEN_BRACE) this.skipObject();
    else if (first === OPEN_BRACKET) this.array(() => this.skipValue());
    else if (first === QUOTE) this.skipString();
    else if (first === MINUS || isDigit(first)) this.skipNumber();
    else this.skipLiteral();
  }

  /** As `object`, for names that nobody asks for: no text is made of them. */
  private skipObject(): void {
    this.open(OPEN_BRACE, 'expected {');
    for (let isFirst = true; !this.closes(CLOSE_BRACE, isFirst); isFirst = false) {
      this.openName();
      this.skipString();
      this.closeName();
      this.skipValue();
    }
  }

  /** Scans a string and gives its text; lone surrogates written as escapes are kept. */
  string(): string {
    const start = this.at;
    const kind = this.skipString();
    if (kind === 'ascii') return asciiText(this.bytes, start + 1, this.at - 1);
    const literal = fromUtf8(this.bytes.subarray(start, this.at));
    if (literal === undefined) this.fail('invalid UTF-8', 'json-utf8', start);
    return JSON.parse(literal) as string;
  }

  /** Scans a string and gives its bytes, as a view, or undefined for one with an escape or anything beyond US-ASCII. */
  asciiBytes(): Uint8Array | undefined {
    const start = this.at;
    return this.skipString() === 'ascii' ? this.bytes.subarray(start + 1, this.at - 1) : undefined;
  }

  /** Scans a string. `ascii` means that its bytes are its text: no escapes, nothing beyond US-ASCII. */
  private skipString(): 'ascii' | 'other' {
    const { bytes } = this;
    let kind: 'ascii' | 'other' = 'ascii';
    let i = this.at + 1;
    for (;;) {
      const byte = bytes[i];
      if (byte === QUOTE) break;
      if (byte === undefined) this.fail('unterminated string', 'json-syntax', i);
      if (byte < 0x20) this.fail('control character in a string', 'json-syntax', i);
      if (byte === BACKSLASH) {
        kind = 'other';
        i = this.skipEscape(i);
      } else if (byte < 0x80) {
        i++;
      } else {
        kind = 'other';
        i = this.skipUtf8(i);
      }
    }
    this.at = i + 1;
    return kind;
  }

  private skipEscape(at: number): number {
    const escaped = this.bytes[at + 1];
    // " \ / b f n r t
    if (
      escaped === QUOTE ||
      escaped === BACKSLASH ||
      escaped === 0x2f ||
      escaped === 0x62 ||
      escaped === 0x66 ||
      escaped === 0x6e ||
      escaped === 0x72 ||
      escaped === 0x74
    )
      return at + 2;
    if (escaped !== 0x75) this.fail('unknown escape in a string', 'json-syntax', at);
    for (let i = at + 2; i < at + 6; i++) {
      if (!isHexDigit(this.bytes[i])) this.fail('malformed \\u escape', 'json-syntax', at);
    }
    return at + 6;
  }

  /** Well-formed UTF-8 sequences of two to four bytes, as in table 3-7 of the Unicode standard: no overlong forms, no surrogates. */
  private skipUtf8(at: number): number {
    const lead = this.bytes[at] ?? 0;
    const length =
      lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    if (length === 0) this.fail('invalid UTF-8', 'json-utf8', at);
    const second = this.bytes[at + 1] ?? 0;
    const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < lowest || second > highest) this.fail('invalid UTF-8', 'json-utf8', at);
    for (let i = at + 2; i < at + length; i++) {
      const next = this.bytes[i] ?? 0;
      if (next < 0x80 || next > 0xbf) this.fail('invalid UTF-8', 'json-utf8', at);
    }
    return at + length;
  }

  private skipNumber(): void {
    if (this.bytes[this.at] === MINUS) this.at++;
    if (this.bytes[this.at] === ZERO) this.at++;
    else this.skipDigits();
    if (this.bytes[this.at] === DOT) {
      this.at++;
      this.skipDigits();
    }
    const exponent = this.bytes[this.at];
    if (exponent === 0x65 || exponent === 0x45) {
      this.at++;
      const sign = this.bytes[this.at];
      if (sign === 0x2b || sign === MINUS) this.at++;
      this.skipDigits();
    }
  }

  private skipDigits(): void {
    if (!isDigit(this.bytes[this.at])) this.fail('expected a digit');
    while (isDigit(this.bytes[this.at])) this.at++;
  }

  private skipLiteral(): void {
    const literal = LITERALS.get(this.bytes[this.at] ?? 0);
    if (literal === undefined)
      this.fail(this.at < this.bytes.length ? 'expected a JSON value' : 'unexpected end of the JSON text');
    for (let i = 0; i < literal.length; i++) {
      if (this.bytes[this.at + i] !== literal.charCodeAt(i)) this.fail(`expected ${literal}`);
    }
    this.at += literal.length;
  }

  private skipWhiteSpace(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at++;
    }
  }

  private openName(): void {
    if (this.peek() !== QUOTE) this.fail('expected a member name');
  }

  /** Passes over the colon behind a name, up to the value. */
  private closeName(): void {
    if (this.peek() !== COLON) this.fail('expected : after a member name');
    this.at++;
    this.skipWhiteSpace();
  }

  private open(bracket: number, otherwise: string): void {
    if (this.peek() !== bracket) this.fail(otherwise);
    if (++this.depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH} levels`, 'json-depth');
    this.at++;
  }

  /** Passes over the closing bracket, or over the comma that every item but the first needs before it. */
  private closes(bracket: number, isFirst: boolean): boolean {
    const next = this.peek();
    if (next === bracket) {
      this.depth--;
      this.at++;
      return true;
    }
    if (!isFirst) {
      if (next !== COMMA) this.fail(`expected , or ${String.fromCharCode(bracket)}`);
      this.at++;
    }
    return false;
  }

  private fail(message: string, code: JsonCode = 'json-syntax', offset = this.at): never {
    throw new JsonError(code, message, offset);
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

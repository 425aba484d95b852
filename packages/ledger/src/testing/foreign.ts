// Test vectors of other projects, as their files hold them. Data for tests only. Source: test/vectors/foreign/SOURCES.md.

import { readFileSync } from 'node:fs';

const FOLDER = new URL('../../../../test/vectors/foreign/', import.meta.url);

/** One case of transparency-dev/merkle's inclusion tests. Hashes are base64; two indexes are past 2^53. */
interface ForeignInclusion {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

/** One case of transparency-dev/merkle's consistency tests. */
interface ForeignConsistency {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string;
  readonly root2: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

/** A Wycheproof file of signatures to verify: hexadecimal keys, messages and signatures. */
interface WycheproofFile {
  readonly numberOfTests: number;
  readonly testGroups: readonly {
    readonly publicKeyDer: string;
    readonly publicKeyPem: string;
    readonly tests: readonly {
      readonly tcId: number;
      readonly comment: string;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid' | 'acceptable';
    }[];
  }[];
}

export function readForeignInclusions(): Record<string, ForeignInclusion> {
  return JSON.parse(readForeign('merkle-inclusion.json').toString());
}

export function readForeignConsistencies(): Record<string, ForeignConsistency> {
  return JSON.parse(readForeign('merkle-consistency.json').toString());
}

/** `name`: the part of the file's name between `wycheproof-` and `_test.json`. */
export function readWycheproof(name: string): WycheproofFile {
  return JSON.parse(readForeign(`wycheproof-${name}_test.json`).toString());
}

/** The bytes of a file below test/vectors/foreign. */
export function readForeign(path: string): Buffer {
  return readFileSync(new URL(path, FOLDER));
}

// The operator's lists: which witnesses this ledger asks, and which logs this receiver is a witness for. Reading them, nothing else.

import {
  accept,
  type CosignatureVerifier,
  type NoteVerifier,
  parseCosignerKey,
  parseVerifierKey,
  type Result,
  refuse,
} from '@telltale/ledger';

/** A witness that is asked for cosignatures. */
export interface WitnessAddress {
  /** The submission prefix, without a slash at its end. */
  readonly url: string;
  /** Its C2SP verifier key: how it is named wherever it is stored. */
  readonly key: string;
  readonly verifier: CosignatureVerifier;
}

/** Items of a list. A guess: every one is a request for each checkpoint. */
const MAX_ITEMS = 32;

/** Reads `<url>|<verifier key>`, separated by commas. No key stands twice, whatever its names: it would count twice for a policy. */
export function parseWitnesses(text: string): Result<WitnessAddress[], 'list-malformed'> {
  const witnesses: WitnessAddress[] = [];
  for (const item of itemsOf(text)) {
    const [url = '', key = '', ...rest] = item.split('|');
    if (rest.length > 0 || !isSubmissionPrefix(url)) {
      return refuse('list-malformed', 'a witness reads <http or https URL without query>|<verifier key>');
    }
    const verifier = parseCosignerKey(key);
    if (!verifier.ok) return refuse('list-malformed', verifier.message);
    witnesses.push({ url: url.replace(/\/+$/, ''), key, verifier: verifier.value });
  }
  // <name>+<hash>+<base64>, and base64 has plus signs of its own.
  const keys = witnesses.map((witness) => witness.key.split('+').slice(2).join('+'));
  return checkList(keys) ?? accept(witnesses);
}

/** Reads verifier keys of logs, separated by commas. An origin may have several. */
export function parseLogs(text: string): Result<NoteVerifier[], 'list-malformed'> {
  const logs: NoteVerifier[] = [];
  const keys = itemsOf(text);
  for (const key of keys) {
    const verifier = parseVerifierKey(key);
    if (!verifier.ok) return refuse('list-malformed', verifier.message);
    logs.push(verifier.value);
  }
  return checkList(keys) ?? accept(logs);
}

function itemsOf(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

/** What is wrong with the keys of a list as a whole. */
function checkList(keys: readonly string[]) {
  if (keys.length > MAX_ITEMS) return refuse('list-malformed', `at most ${MAX_ITEMS} fit`);
  if (new Set(keys).size < keys.length) return refuse('list-malformed', 'a key stands twice');
  return undefined;
}

function isSubmissionPrefix(text: string): boolean {
  const url = URL.parse(text);
  if (!url) return false;
  const hasPassword = url.username !== '' || url.password !== '';
  return /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && !hasPassword;
}

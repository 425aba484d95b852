// What `watch` says, a line for each change: for people, or as JSON Lines.

import { toBase64, toHex } from '@telltale/ledger';
import type { Context } from '../command.ts';
import { utcTime } from '../utc-time.ts';
import { findMeaning } from '../verify/fault-meaning.ts';
import type { KeySource } from './ledger-to-watch.ts';
import type { Monitor } from './monitor.ts';
import type { WatchFault } from './watch-fault.ts';
import type { Seen } from './watch-state.ts';

export class WatchReport {
  private readonly context: Context;
  private readonly isJson: boolean;
  private troubled: string | undefined;

  constructor(context: Context, isJson: boolean) {
    this.context = context;
    this.isJson = isJson;
  }

  started({ origin, key }: Seen, keySource: KeySource): void {
    const warning = {
      told: '',
      state: ' with the key of the state file',
      receiver: ` with the key that the receiver itself named: YOU DID NOT SAY WHOM TO TRUST.
It is kept in the state file, so another key is noticed from now on. Compare it, or give it with --key: ${toBase64(key.spki)}`,
    }[keySource];
    this.say({
      text: `watching ${origin}${warning}`,
      json: {
        event: 'started',
        origin,
        key_id: toHex(key.keyId),
        is_trusted_key: keySource === 'told',
        key_source: keySource,
      },
    });
  }

  sound(counts: Monitor['counts'], isNew: boolean): void {
    const wasTroubled = this.troubled !== undefined;
    this.troubled = undefined;
    if (!isNew && !wasTroubled) return;
    const { transactions, readings, blocks } = counts;
    this.say({
      text: `sound: ${transactions} transactions, ${readings} readings, ${blocks} blocks continue what was seen before`,
      json: { event: 'sound', transactions, readings, blocks },
    });
  }

  /** Said once, however long it lasts. */
  troubledBy({ code, message }: { code: string; message: string }): void {
    if (this.troubled === message) return;
    this.troubled = message;
    this.say({ text: `could not check: ${message}`, json: { event: 'could-not-check', code, message } });
  }

  found(fault: WatchFault, evidenceFile: string): void {
    const { code, message, blockIndex, leafIndex } = fault;
    const places = [
      ...(blockIndex === undefined ? [] : [`block ${blockIndex}`]),
      ...(leafIndex === undefined ? [] : [`leaf ${leafIndex}`]),
    ];
    const place = places.length === 0 ? '' : `, in ${places.join(', ')}`;
    const meaning = findMeaning(code)?.meaning;
    this.say({
      text: `NOT SOUND${place}: ${message} (${code}).${meaning === undefined ? '' : ` ${meaning}`} Evidence: ${evidenceFile}`,
      json: {
        event: 'not-sound',
        code,
        message,
        meaning: meaning ?? null,
        block_index: blockIndex ?? null,
        leaf_index: leafIndex ?? null,
        evidence_file: evidenceFile,
      },
    });
  }

  private say({ text, json }: { text: string; json: object }): void {
    const at = this.context.nowUs();
    this.context.stdout.write(this.isJson ? `${JSON.stringify({ at, ...json })}\n` : `${utcTime(at)}  ${text}\n`);
  }
}

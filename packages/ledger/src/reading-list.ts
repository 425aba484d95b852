// A message that is an array: a list of readings, or a SenML pack (RFC 8428), in one signature and one leaf (format.md "Leaf, kind 1"). What its
// records measured is not read here: senml.ts.

import type { JsonScanner } from './json-scanner.ts';
import type { Reading } from './reading.ts';
import { microsecondsOf, type ReadingCode, type ScannedMembers, scanMembers, scanNumber } from './reading-members.ts';
import { accept, type Refusal, type Result, refuse } from './result.ts';
import { isPackLabel, RELATIVE_TIME_END_S } from './senml-labels.ts';

/**
 * Scans the array at which the scanner stands. Refuses an empty one, elements that are no objects or have a name twice, and two devices. All
 * sequence numbers of its elements count, in order. Throws JsonError.
 */
export function scanReadingList(scanner: JsonScanner): Result<Reading, ReadingCode> {
  const list = new ListScan(scanner);
  scanner.array((position) => list.takeElement(position));
  return list.fault ?? accept(list.reading());
}

class ListScan {
  fault: Refusal<ReadingCode> | undefined = refuse('list-empty', 'data is an empty array');
  private readonly scanner: JsonScanner;
  private readonly names = new Set<string>();
  private readonly seqs: number[] = [];
  private device: string | undefined;
  private deviceTimeUs: number | undefined;
  private isPack = false;
  private isFirst = true;
  /** SenML's `bt` as it stands at this record, and the record's own `t`. NaN: given, and no number. */
  private baseTimeS = 0;
  private timeS = 0;

  constructor(scanner: JsonScanner) {
    this.scanner = scanner;
  }

  takeElement(position: number): void {
    if (position === 0) this.fault = undefined;
    const wrong = this.scanner.isAtObject() ? this.scanElement(position) : this.skipElement(position);
    this.fault ??= wrong;
  }

  reading(): Reading {
    const { device, deviceTimeUs, seqs } = this;
    const seq = seqs.at(-1);
    return {
      ...(device !== undefined && { device }),
      ...(seq !== undefined && { seq }),
      ...(seqs.length > 1 && { seqs }),
      ...(deviceTimeUs !== undefined && { deviceTimeUs }),
    };
  }

  private skipElement(position: number): Refusal<ReadingCode> {
    this.scanner.skipValue();
    return refuse('message-not-object', `element ${position} of data is not a JSON object`);
  }

  private scanElement(position: number): Refusal<ReadingCode> | undefined {
    const element: ScannedMembers = {};
    this.timeS = 0;
    this.isFirst = position === 0;
    const wrong = scanMembers(this.scanner, { into: element, names: this.names, other: this.takeOther });
    const { device, seq } = element;
    if (seq !== undefined) this.seqs.push(seq);
    this.deviceTimeUs = (this.isPack ? this.packTimeUs() : element.deviceTimeUs) ?? this.deviceTimeUs;
    if (wrong) return wrong;
    if (device === undefined) return undefined;
    this.device ??= device;
    return device === this.device ? undefined : refuse('device-mixed', 'data names two devices; a list is of one');
  }

  private readonly takeOther = (name: string): void => {
    if (this.isFirst && isPackLabel(name)) this.isPack = true;
    if (name === 'bt') this.baseTimeS = scanNumber(this.scanner) ?? Number.NaN;
    else if (name === 't') this.timeS = scanNumber(this.scanner) ?? Number.NaN;
    else this.scanner.skipValue();
  };

  private packTimeUs(): number | undefined {
    const timeS = this.baseTimeS + this.timeS;
    return timeS >= RELATIVE_TIME_END_S ? microsecondsOf(timeS) : undefined;
  }
}

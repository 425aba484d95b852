// Resolves a SenML pack: base fields applied to each record, times made absolute. Source: RFC 8428 sections 4.1 to 4.6. A reader's convenience: what
// was signed is the pack, and nothing in the log depends on this.

import { microsecondsOf } from './reading-members.ts';
import { accept, type Refusal, type Result, refuse } from './result.ts';
import { RELATIVE_TIME_END_S } from './senml-labels.ts';

/** One value that was measured, as a record of a pack or a member of a reading says it. At most one of value, string, boolean and data is there. */
export interface Measurement {
  readonly name: string;
  readonly unit?: string;
  readonly value?: number;
  readonly string?: string;
  readonly boolean?: boolean;
  /** Base64url without padding, as the pack has it. */
  readonly data?: string;
  /** The integral of the value over time (RFC 8428 section 4.2, `s`). */
  readonly sum?: number;
  /** Microseconds since the Unix epoch. */
  readonly timeUs: number;
  /** Seconds until the sender expects to report again, at most (`ut`). */
  readonly updateTimeS?: number;
}

/** Why a pack cannot be resolved. It is a signed reading all the same. */
export type SenmlCode =
  | 'senml-label'
  | 'senml-type'
  | 'senml-version'
  | 'senml-name'
  | 'senml-value'
  | 'senml-time'
  | 'senml-size';

/** A record as JSON has it. */
export type SenmlRecord = Readonly<Record<string, unknown>>;

/** The newest version of SenML that this understands, and the one of packs that name none (RFC 8428 section 4.1, Base Version). */
const VERSION = 10;

/** Labels and the JSON types of their values (RFC 8428 sections 4.3 and 5). */
const TYPES = new Map([
  ['bn', 'string'],
  ['bt', 'number'],
  ['bu', 'string'],
  ['bv', 'number'],
  ['bs', 'number'],
  ['bver', 'number'],
  ['n', 'string'],
  ['u', 'string'],
  ['v', 'number'],
  ['vs', 'string'],
  ['vb', 'boolean'],
  ['vd', 'string'],
  ['s', 'number'],
  ['t', 'number'],
  ['ut', 'number'],
]);
const VALUE_LABELS = ['v', 'vs', 'vb', 'vd'];
/** A record with none of these only sets base fields. */
const REGULAR_LABELS = ['n', 'u', 'v', 'vs', 'vb', 'vd', 's', 't', 'ut'];

/**
 * Characters of all names and units together: each record repeats a base name, so that a leaf of 64 KB could become 100 MB. Four leaves' worth, a
 * guess: a thousand records with names of 250 characters.
 */
const MAX_TEXT_LENGTH = 4 * 65_535;

/** RFC 8428 section 4.5.1. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9\-:./_]*$/;
/** RFC 4648 section 5, without padding. */
const BASE64URL = /^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?$/;

/** The base fields as they stand at a record: its own, and else those of the records before it. */
interface Base {
  name: string;
  timeS: number;
  unit: string | undefined;
  value: number | undefined;
  sum: number | undefined;
}

/**
 * Resolves the records of a pack. The measurements come in the order of the records (RFC 8428 section 4.6 has them in the order of time): each can
 * be found again in what was signed. Records that only set base fields give none. `nowUs`: what times below 2^28 s are relative to, the
 * received_at of the leaf, microseconds. Refuses the whole pack for the first record that is wrong.
 */
export function resolvePack(records: readonly SenmlRecord[], of: { nowUs: number }): Result<Measurement[], SenmlCode> {
  const base: Base = { name: '', timeS: 0, unit: undefined, value: undefined, sum: undefined };
  const measurements: Measurement[] = [];
  let textLength = 0;
  for (const [position, record] of records.entries()) {
    const fault = recordFault(record);
    if (fault) return at(position, fault);
    applyBase(base, record);
    if (!REGULAR_LABELS.some((label) => Object.hasOwn(record, label))) continue;
    const measurement = resolveRecord(record, { base, nowUs: of.nowUs });
    if (!measurement.ok) return at(position, measurement);
    const { name, unit = '' } = measurement.value;
    textLength += name.length + unit.length;
    if (textLength > MAX_TEXT_LENGTH)
      return refuse('senml-size', `names and units have more than ${MAX_TEXT_LENGTH} characters`);
    measurements.push(measurement.value);
  }
  return accept(measurements);
}

function recordFault(record: SenmlRecord): Refusal<SenmlCode> | undefined {
  for (const [label, value] of Object.entries(record)) {
    const type = TYPES.get(label);
    // RFC 8428 section 4.4: a reader that does not know such a label must not go on; any other one that it does not know it passes over.
    if (type === undefined && label.endsWith('_')) return refuse('senml-label', `${label} must be understood`);
    if (type === undefined) continue;
    const isNumberGone = typeof value === 'number' && !Number.isFinite(value);
    if (typeof value !== type || isNumberGone) return refuse('senml-type', `${label} is not a ${type}`);
  }
  const version = numberIn(record, 'bver') ?? VERSION;
  if (!Number.isInteger(version) || version < 1 || version > VERSION) {
    return refuse('senml-version', `version ${version} is not understood, only 1 to ${VERSION}`);
  }
  if (VALUE_LABELS.filter((label) => Object.hasOwn(record, label)).length > 1) {
    return refuse('senml-value', 'more than one of v, vs, vb and vd');
  }
  return undefined;
}

function applyBase(base: Base, record: SenmlRecord): void {
  base.name = stringIn(record, 'bn') ?? base.name;
  base.timeS = numberIn(record, 'bt') ?? base.timeS;
  base.unit = stringIn(record, 'bu') ?? base.unit;
  base.value = numberIn(record, 'bv') ?? base.value;
  base.sum = numberIn(record, 'bs') ?? base.sum;
}

function resolveRecord(record: SenmlRecord, of: { base: Base; nowUs: number }): Result<Measurement, SenmlCode> {
  const { base } = of;
  const name = base.name + (stringIn(record, 'n') ?? '');
  if (!NAME.test(name)) {
    return refuse('senml-name', name === '' ? 'no name' : 'the name has a character that SenML does not allow');
  }
  const value = valuesOf(record, base);
  if (!value.ok) return value;
  const timeUs = timeOf(base.timeS + (numberIn(record, 't') ?? 0), of.nowUs);
  if (timeUs === undefined) return refuse('senml-time', 'the time is before 1970 or past 2^53 microseconds');
  const unit = stringIn(record, 'u') ?? base.unit;
  const updateTimeS = numberIn(record, 'ut');
  return accept({
    name,
    ...(unit !== undefined && { unit }),
    ...value.value,
    timeUs,
    ...(updateTimeS !== undefined && { updateTimeS }),
  });
}

type Value = Pick<Measurement, 'value' | 'string' | 'boolean' | 'data' | 'sum'>;

/** RFC 8428 section 4.5.4: of base and own number the one that is missing counts as zero; a value that is no number has no base. */
function valuesOf(record: SenmlRecord, base: Base): Result<Value, SenmlCode> {
  const ownSum = numberIn(record, 's');
  const sum = plus(base.sum, ownSum);
  const string = stringIn(record, 'vs');
  const data = stringIn(record, 'vd');
  const isTrue = record['vb'];
  const hasOther = string !== undefined || data !== undefined || typeof isTrue === 'boolean';
  const value = hasOther ? undefined : plus(base.value, numberIn(record, 'v'));
  if (!hasOther && value === undefined && sum === undefined) return refuse('senml-value', 'no value and no sum');
  if (data !== undefined && !BASE64URL.test(data)) return refuse('senml-value', 'vd is not base64url without padding');
  if (![value ?? 0, sum ?? 0].every(Number.isFinite)) return refuse('senml-value', 'a sum is past all numbers');
  return accept({
    ...(value !== undefined && { value }),
    ...(string !== undefined && { string }),
    ...(typeof isTrue === 'boolean' && { boolean: isTrue }),
    ...(data !== undefined && { data }),
    ...(sum !== undefined && { sum }),
  });
}

/** RFC 8428 section 4.5.3. */
function timeOf(timeS: number, nowUs: number): number | undefined {
  if (timeS >= RELATIVE_TIME_END_S) return microsecondsOf(timeS);
  const timeUs = nowUs + Math.round(timeS * 1_000_000);
  return timeUs >= 0 && Number.isSafeInteger(timeUs) ? timeUs : undefined;
}

function plus(base: number | undefined, own: number | undefined): number | undefined {
  return base === undefined && own === undefined ? undefined : (base ?? 0) + (own ?? 0);
}

function at(position: number, { code, message }: Refusal<SenmlCode>): Refusal<SenmlCode> {
  return refuse(code, `record ${position}: ${message}`);
}

function numberIn(record: SenmlRecord, label: string): number | undefined {
  const value = record[label];
  return typeof value === 'number' ? value : undefined;
}

function stringIn(record: SenmlRecord, label: string): string | undefined {
  const value = record[label];
  return typeof value === 'string' ? value : undefined;
}

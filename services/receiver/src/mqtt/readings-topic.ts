// The topics of MQTT: `telltale/v1/{device}/readings` for what a device sends, `telltale/v1/{device}/receipts` for what it is answered. A
// level cannot hold every name that a device may have (no `/`, `+` or `#`), so it is percent-encoded as a part of a URL is (RFC 3986).

const SHAPE = /^(?<prefix>telltale\/v1\/(?<level>[^/]*)\/)readings$/;

export interface ReadingsTopic {
  /** Undefined where the level is not percent-encoded as it should be. */
  readonly device: string | undefined;
  /** Beside the topic that the message came on, with the device spelled as it was there. */
  readonly receiptsTopic: string;
}

/** What `group` of receivers shares: each message goes to one of them (MQTT 5.0 section 4.8.2). */
export function sharedFilter(group: string): string {
  return `$share/${group}/telltale/v1/+/readings`;
}

/** Undefined for a topic that the filter does not match. */
export function parseReadingsTopic(topic: string): ReadingsTopic | undefined {
  const { prefix, level } = SHAPE.exec(topic)?.groups ?? {};
  if (prefix === undefined || level === undefined) return undefined;
  return { device: decodeLevel(level), receiptsTopic: `${prefix}receipts` };
}

function decodeLevel(level: string): string | undefined {
  try {
    return decodeURIComponent(level);
  } catch {
    // A `%` that encodes nothing: whoever sent it hears so.
    return undefined;
  }
}

// RFC 8785 (JSON Canonicalization Scheme) for what registry messages hold: strings, arrays and objects. No numbers, so no float formatting.

/** What the registry writes and signs: texts, lists and objects of them. Numbers, true, false and null are not needed, so not offered. */
export type CanonicalValue = string | readonly CanonicalValue[] | { readonly [name: string]: CanonicalValue };

/** RFC 8785 text: no spaces, members sorted by UTF-16 code units. Throws for a string with a lone surrogate (section 3.2.2.2). */
export function canonicalJson(value: CanonicalValue): string {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form');
    return JSON.stringify(value);
  }
  if (isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${canonicalJson(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

function isArray(value: CanonicalValue): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

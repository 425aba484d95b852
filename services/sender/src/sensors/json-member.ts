// Adds a member to a JSON object, or to the first object of an array, without touching a byte of what stands there. It parses nothing: the caller
// knows what the bytes are. Spacing follows Python's json.dumps, as the ancestor's messages had it.

const CLOSING_BRACE = 0x7d;
const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;

/** @param json bytes of a JSON object, or of an array of them; the one that gets the member, the array's first, is not empty */
export function appendMember(json: Uint8Array, member: { name: string; value: string | number }): Uint8Array {
  const text = `${JSON.stringify(member.name)}: ${JSON.stringify(member.value)}`;
  if (json[0] === OPENING_BRACKET) {
    // Before its other members: where the first object ends only a parser could say.
    const start = json.indexOf(OPENING_BRACE) + 1;
    return Buffer.concat([json.subarray(0, start), Buffer.from(`${text}, `), json.subarray(start)]);
  }
  if (json.at(-1) !== CLOSING_BRACE)
    throw new Error('appendMember needs the bytes of a JSON object or an array of them');
  return Buffer.concat([json.subarray(0, -1), Buffer.from(`, ${text}}`)]);
}

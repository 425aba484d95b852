// Appends a member to a JSON object without touching a byte of what stands there. It parses nothing: the caller knows that the
// bytes are a JSON object with at least one member. Spacing follows Python's json.dumps, as the ancestor's messages had it.

const CLOSING_BRACE = 0x7d;

/** @param object bytes of a JSON object that is not empty and ends in `}` */
export function appendMember(object: Uint8Array, member: { name: string; value: string | number }): Uint8Array {
  if (object.at(-1) !== CLOSING_BRACE) throw new Error('appendMember needs the bytes of a JSON object');
  const tail = `, ${JSON.stringify(member.name)}: ${JSON.stringify(member.value)}}`;
  return Buffer.concat([object.subarray(0, -1), Buffer.from(tail)]);
}

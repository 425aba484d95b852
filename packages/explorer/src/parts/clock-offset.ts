// How far a device's clock is from the receiver's, in words.

/** `offsetMs`: the device's time less the receiver's. */
export function clockOffset(offsetMs: number): string {
  const whole = Math.round(offsetMs);
  return `${Math.abs(whole).toLocaleString()} ms ${whole < 0 ? 'behind' : 'ahead of'} the receiver’s clock`;
}

// What a check found.

/** The message has the seed that shows it again. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
}

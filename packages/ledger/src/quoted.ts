// A text of a stranger's, such as a member's name, as an error message shows it. Not canonical JSON: what is too long is cut.

/** Characters that are shown. A guess: enough to recognise a name, too few to make an answer or a log line long. */
const MAX_SHOWN_CHARACTERS = 100;

/** The text in double quotes, escaped as JSON; of a text longer than 100 UTF-16 units the first 100 and an ellipsis. Never throws. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text);
}

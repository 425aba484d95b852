// Waits for what real nodes do in their own time.

const POLL_MS = 25;

/** Looks again until it holds. Rejects, with `what`, after the deadline. */
export async function until(holds: () => boolean | Promise<boolean>, what: string, deadlineMs = 60_000): Promise<void> {
  const endsAtMs = performance.now() + deadlineMs;
  while (!(await holds())) {
    if (performance.now() > endsAtMs) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

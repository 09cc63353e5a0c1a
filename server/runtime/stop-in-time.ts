/** Beyond the deadline, for what did not keep to it. */
const GRACE_MS = 500;

/** Whatever hangs, a stop is over soon after its deadline: else the program is killed, and nobody knows why. */
export async function stopInTime(
  { stop }: { stop(deadlineMs: number): Promise<void> },
  deadlineMs: number,
  graceMs = GRACE_MS,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`it did not end within ${deadlineMs / 1000} s`);
    timer = setTimeout(() => reject(error), deadlineMs + graceMs);
  });
  await Promise.race([stop(deadlineMs), late]).finally(() => clearTimeout(timer));
}

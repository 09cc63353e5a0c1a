/** Node-RED delivers after this turn of the loop: only then it was sent. */
export const delivered = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

import { choice } from './typed-input.ts';

export const UNIT_MS = { seconds: 1000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const;

/** Under it the Platform's limit is reached by one node alone. */
export const LEAST_POLL_MS = 100;

/** The unit of an interval. @param first when the node does not say */
export const pollUnits = (first: keyof typeof UNIT_MS) =>
  choice<keyof typeof UNIT_MS>(first, ...(Object.keys(UNIT_MS) as (keyof typeof UNIT_MS)[]));

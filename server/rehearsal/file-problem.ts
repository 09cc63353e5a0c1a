import type { Place } from './yaml-places.ts';

/** Something that is wrong with a test file itself. */
export interface FileProblem {
  file: string;
  place: Place;
  message: string;
}
